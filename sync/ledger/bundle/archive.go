package bundle

import (
	"archive/zip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// readMe says in Chinese and English how to check each thing by hand.
//
//go:embed read-me.txt
var readMe []byte

// fileName names the recording in the archive by its kind.
func fileName(manifest []byte) string {
	op, err := wire.Open(manifest)
	if err != nil {
		return "recording"
	}
	mime, _ := op.Patch["mime"].(string)
	_, kind, _ := strings.Cut(mime, "/")
	if kind == "" || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return "recording"
	}
	return "recording." + kind
}

// Write writes the archive. The recording is stored as it is: it is compressed already.
func (b *Bundle) Write(w io.Writer, recording io.Reader) error {
	archive := zip.NewWriter(w)
	index, err := wire.Canonical(b.index)
	if err != nil {
		return err
	}
	for _, p := range append([]part{{"READ-ME.txt", readMe}, {"bundle.json", index}}, b.parts...) {
		file, err := archive.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: b.index.MadeAt})
		if err != nil {
			return err
		}
		if _, err := file.Write(p.text); err != nil {
			return err
		}
	}
	file, err := archive.CreateHeader(&zip.FileHeader{Name: b.index.File, Method: zip.Store, Modified: b.index.MadeAt})
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, recording); err != nil {
		return err
	}
	return archive.Close()
}

// Bounds on what is read of an archive that came from anywhere.
const (
	maxParts = 2000    // a push has 500 ops
	maxPart  = 8 << 20 // octets of a part, as of a push
	maxWhole = 64 << 20
)

// ErrUnreadable means that a file is no bundle.
var ErrUnreadable = errors.New("不是证据核验包 / it is no bundle")

// opened is an archive with its small parts in memory.
type opened struct {
	index     Index
	parts     map[string][]byte
	recording *zip.File
}

func open(r io.ReaderAt, size int64) (*opened, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil || len(archive.File) > maxParts {
		return nil, fmt.Errorf("%w: %v", ErrUnreadable, err)
	}
	o := &opened{parts: map[string][]byte{}}
	whole := 0
	seen := map[string]bool{}
	for _, file := range archive.File {
		if seen[file.Name] {
			return nil, fmt.Errorf("%w: %q is there twice", ErrUnreadable, file.Name)
		}
		seen[file.Name] = true
		if strings.HasPrefix(file.Name, "file/") {
			if o.recording != nil {
				return nil, fmt.Errorf("%w: there are two recordings", ErrUnreadable)
			}
			o.recording = file
			continue
		}
		text, err := read(file)
		if whole += len(text); err != nil || whole > maxWhole {
			return nil, fmt.Errorf("%w: %q: %v", ErrUnreadable, file.Name, err)
		}
		o.parts[file.Name] = text
	}
	if err := wire.Decode(o.parts["bundle.json"], &o.index); err != nil || o.index.Format != Format {
		return nil, fmt.Errorf("%w: bundle.json", ErrUnreadable)
	}
	if o.recording == nil || o.recording.Name != o.index.File {
		return nil, fmt.Errorf("%w: the recording is missing", ErrUnreadable)
	}
	return o, nil
}

func read(file *zip.File) ([]byte, error) {
	content, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	text, err := io.ReadAll(io.LimitReader(content, maxPart+1))
	if err == nil && len(text) > maxPart {
		err = errors.New("it is too long")
	}
	return text, err
}
