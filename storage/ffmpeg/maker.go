package ffmpeg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/derive"
)

var _ derive.Maker = (*Maker)(nil)

// Maker implements derive.Maker. It is safe for concurrent use.
type Maker struct {
	folder string
	font   Lettering
	tools  record.Object
	limits Limits
}

// Lettering gives a TrueType font and a text as that font can write it.
type Lettering func(text string) (font []byte, letters string, err error)

// Open finds the programs and has one of them say its version inside the sandbox. An error says why nothing can be made here. The folder is for
// files under way. font is for watermarks. No limits are the usual ones.
func Open(ctx context.Context, folder string, font Lettering, limits Limits) (*Maker, error) {
	if limits == (Limits{}) {
		limits = usual
	}
	m := &Maker{folder: folder, font: font, limits: limits, tools: record.Object{}}
	for name, program := range map[string]string{"ffmpeg": ffmpeg, "ffprobe": ffprobe} {
		found, err := version(ctx, program)
		if err != nil {
			return nil, err
		}
		m.tools[name] = found
	}
	return m, os.MkdirAll(folder, 0o700)
}

// Clear takes away what a crash has left of files under way. Whoever is to make something calls it first, and nobody else.
func (m *Maker) Clear() error {
	return errors.Join(os.RemoveAll(m.folder), os.MkdirAll(m.folder, 0o700))
}

// Make implements derive.Maker.
func (m *Maker) Make(ctx context.Context, of derive.Source, r evidence.Recipe) (derive.Made, error) {
	demuxer, ok := demuxers[of.Format.Name]
	if !ok {
		return derive.Made{}, fault.New(fault.DeriveFormat)
	}
	if of.Digest.Length > m.limits.Octets {
		return derive.Made{}, fault.New(fault.DeriveTooMuch)
	}
	dir, err := os.MkdirTemp(m.folder, "make-")
	if err != nil {
		return derive.Made{}, err
	}
	made, err := m.make(ctx, dir, demuxer, of, r)
	if err != nil {
		return derive.Made{}, errors.Join(err, os.RemoveAll(dir))
	}
	return made, nil
}

func (m *Maker) make(ctx context.Context, dir, demuxer string, of derive.Source, r evidence.Recipe) (derive.Made, error) {
	s := sandbox{in: filepath.Join(dir, "media"), out: filepath.Join(dir, "out"), more: map[string]string{}, Limits: m.limits}
	if err := os.Mkdir(s.out, 0o700); err != nil {
		return derive.Made{}, err
	}
	if err := fetch(ctx, of, s.in); err != nil {
		return derive.Made{}, err
	}
	found, err := s.probe(ctx, demuxer, of.Format)
	if err != nil {
		return derive.Made{}, err
	}
	p, err := planOf(r, found)
	if err != nil {
		return derive.Made{}, err
	}
	if p.whole && found.duration > m.limits.Duration {
		return derive.Made{}, fault.New(fault.DeriveTooMuch).Detail(fmt.Sprintf("文件自称长%s", found.duration), fmt.Sprintf("the file says it lasts %s", found.duration))
	}
	if err := m.watermark(dir, r, s.more); err != nil {
		return derive.Made{}, err
	}
	wall := m.limits.Quick
	if p.whole || r.Kind == evidence.Playable {
		wall = m.limits.Slow
	}
	args := append([]string{"-hide_banner", "-nostdin", "-y", "-threads", "2"}, p.seek...)
	args = append(append(append(args, s.open(demuxer)...), "-i", "/in/media"), p.args...)
	if _, err := s.run(ctx, wall, ffmpeg, append(args, "-threads", "2", "/out/made")...); err != nil {
		return derive.Made{}, unreadable(err)
	}
	made, err := result(dir, filepath.Join(s.out, "made"))
	made.MIME, made.Layout, made.Tools = p.mime, p.layout, m.tools
	return made, err
}

// watermark puts text and font where the sandbox finds them.
func (m *Maker) watermark(dir string, r evidence.Recipe, more map[string]string) error {
	if r.Watermark == "" {
		return nil
	}
	font, letters, err := m.font(r.Watermark)
	if err != nil {
		return err
	}
	for name, octets := range map[string][]byte{"font": font, "text": []byte(letters)} {
		more[name] = filepath.Join(dir, name)
		if err := os.WriteFile(more[name], octets, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// fetch brings the original here and compares its digest: what is made of other octets would be made of something else.
func fetch(ctx context.Context, of derive.Source, path string) error {
	from, err := of.Open(ctx)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(to, sum), from)
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != of.Digest.SHA256 {
		return fault.New(fault.StoreDiffers)
	}
	return nil
}

// result opens what was made. Only an ordinary file is: a link would lead out of the sandbox.
func result(dir, path string) (derive.Made, error) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return derive.Made{}, fault.New(fault.DeriveFailed)
	}
	file, err := os.Open(path)
	if err != nil {
		return derive.Made{}, err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return derive.Made{}, errors.Join(err, file.Close())
	}
	return derive.Made{File: &fleeting{file, dir}, Digest: evidence.Digest{Length: n, SHA256: hex.EncodeToString(sum.Sum(nil))}}, nil
}

// fleeting is a file whose folder goes when it is closed.
type fleeting struct {
	*os.File
	dir string
}

// Close implements io.Closer.
func (f *fleeting) Close() error { return errors.Join(f.File.Close(), os.RemoveAll(f.dir)) }
