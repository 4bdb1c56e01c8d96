package ffmpeg

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/evidence/isobmff"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/derive"
)

func TestMain(m *testing.M) { services.Main(m) }

var ctx = context.Background()

func open(t testing.TB, change ...func(*Limits)) *Maker {
	t.Helper()
	services.Program(t, "ffmpeg", "deploy/tools/install.sh installs it")
	limits := usual
	for _, c := range change {
		c(&limits)
	}
	m, err := Open(ctx, filepath.Join(t.TempDir(), "derive"), render.Lettering, limits)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// shot makes a video by ffmpeg outside of any sandbox.
func shot(t testing.TB, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shot.mp4")
	out, err := exec.Command(ffmpeg, append(append([]string{"-v", "error", "-y"}, args...), path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	octets, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// film is four seconds of a moving picture and a tone, with a place in its metadata.
func film(t testing.TB) []byte {
	return shot(t, "-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=4", "-f", "lavfi", "-i", "sine=440:r=16000:d=4", "-c:v", "libx264", "-preset", "ultrafast",
		"-g", "10", "-c:a", "aac", "-metadata", "comment=+39.1200+117.2500/", "-movflags", "frag_keyframe+empty_moov+default_base_moof")
}

func source(t testing.TB, octets []byte) derive.Source {
	t.Helper()
	format, ok := evidence.Sniff(octets[:min(len(octets), evidence.SniffLength)])
	if !ok {
		t.Fatal("no format")
	}
	return sourceAs(format, octets)
}

func sourceAs(format evidence.Format, octets []byte) derive.Source {
	sum := sha256.Sum256(octets)
	return derive.Source{Format: format, Digest: evidence.Digest{Length: int64(len(octets)), SHA256: hex.EncodeToString(sum[:])},
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(octets)), nil }}
}

// make makes something and looks at what comes with it; FIELDWARDEN_LOOK names a folder where it is left for people.
func (m *Maker) made(t testing.TB, octets []byte, r evidence.Recipe) ([]byte, derive.Made) {
	t.Helper()
	made, err := m.Make(ctx, source(t, octets), r)
	if err != nil {
		t.Fatalf("%s: %v", r.Kind, err)
	}
	got, err := io.ReadAll(made.File)
	if err != nil {
		t.Fatal(err)
	}
	if err := made.File.Close(); err != nil {
		t.Error(err)
	}
	sum := sha256.Sum256(got)
	if made.Digest.Length != int64(len(got)) || made.Digest.SHA256 != hex.EncodeToString(sum[:]) || made.Tools["ffmpeg"] == "" {
		t.Errorf("%s: %+v for %d octets", r.Kind, made, len(got))
	}
	if left, _ := os.ReadDir(m.folder); len(left) != 0 {
		t.Errorf("%s: %d folders are left", r.Kind, len(left))
	}
	if look := os.Getenv("FIELDWARDEN_LOOK"); look != "" {
		_ = os.WriteFile(filepath.Join(look, t.Name()+"-"+r.Kind), got, 0o600)
	}
	return got, made
}

func decodeJPEG(t testing.TB, octets []byte) image.Image {
	t.Helper()
	picture, err := jpeg.Decode(bytes.NewReader(octets))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// frame is the picture of a video at a moment, as another ffmpeg decodes it.
func frame(t testing.TB, octets []byte, at string) image.Image {
	t.Helper()
	in := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(in, octets, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(ffmpeg, "-v", "error", "-ss", at, "-i", in, "-frames:v", "1", "-c:v", "png", "-f", "image2pipe", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// loudness is the root mean square of the sound between two moments, of 0 to 1.
func loudness(t testing.TB, octets []byte, from, to string) float64 {
	t.Helper()
	in := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(in, octets, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(ffmpeg, "-v", "error", "-i", in, "-ss", from, "-to", to, "-map", "0:a:0", "-f", "s16le", "-").Output()
	if err != nil || len(out) < 1000 {
		t.Fatalf("%v, %d octets", err, len(out))
	}
	sum := 0.0
	for i := 0; i+1 < len(out); i += 2 {
		v := float64(int16(binary.LittleEndian.Uint16(out[i:]))) / 32768
		sum += v * v
	}
	return math.Sqrt(sum / float64(len(out)/2))
}

// detail is how much neighbours differ inside a rectangle: what can be made out there.
func detail(p image.Image, r image.Rectangle) float64 {
	sum, n := 0.0, 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X-1; x++ {
			a, _, _, _ := p.At(x, y).RGBA()
			b, _, _, _ := p.At(x+1, y).RGBA()
			sum, n = sum+math.Abs(float64(a)-float64(b))/65535, n+1
		}
	}
	return sum / float64(n)
}

func TestPictures(t *testing.T) {
	m, octets := open(t), film(t)
	poster, made := m.made(t, octets, evidence.Recipe{Kind: evidence.Poster, AtMs: 2000})
	if size := decodeJPEG(t, poster).Bounds().Size(); size != image.Pt(320, 240) || made.MIME != "image/jpeg" {
		t.Errorf("poster %v, %s", size, made.MIME)
	}
	sprite, made := m.made(t, octets, evidence.Recipe{Kind: evidence.Sprite})
	if size := decodeJPEG(t, sprite).Bounds().Size(); size != image.Pt(1600, 120) || made.Layout["everyMs"] != 1000.0 || made.Layout["tiles"] != 4.0 {
		t.Errorf("sprite %v, %v", size, made.Layout)
	}
	wave, made := m.made(t, octets, evidence.Recipe{Kind: evidence.Waveform})
	if picture, err := png.Decode(bytes.NewReader(wave)); err != nil || picture.Bounds().Size() != image.Pt(1200, 200) || made.MIME != "image/png" {
		t.Errorf("waveform %v", err)
	}
}

func TestPlayableBeginsWithItsIndex(t *testing.T) {
	m := open(t)
	plain := shot(t, "-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=2", "-c:v", "libx264", "-preset", "ultrafast")
	other := shot(t, "-f", "lavfi", "-i", "testsrc2=s=321x241:r=10:d=2", "-f", "lavfi", "-i", "sine=440:d=2", "-c:v", "mpeg4", "-c:a", "mp3") // nothing of it plays in browsers, and it is odd
	for name, octets := range map[string][]byte{"copied": plain, "encoded": other} {
		got, made := m.made(t, octets, evidence.Recipe{Kind: evidence.Playable})
		r, err := isobmff.Examine(bytes.NewReader(got), int64(len(got)))
		if err != nil || r.Head.Length == 0 || r.Tracks[0].Codec[:4] != "avc1" || made.MIME != "video/mp4" || (r.Duration-2*time.Second).Abs() > 200*time.Millisecond {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// TestRedaction: inside the box and the time nothing can be made out, outside everything is as it was, and nothing else comes along.
func TestRedaction(t *testing.T) {
	m, octets := open(t), film(t)
	if !bytes.Contains(octets, []byte("+39.1200+117.2500/")) {
		t.Fatal("the film has no place to be lost")
	}
	got, _ := m.made(t, octets, evidence.Recipe{Kind: evidence.Redacted, Watermark: "张三堃　某市某局\n2026-11-28 仅供听证",
		Blur: []evidence.Box{{Spell: evidence.Spell{FromMs: 1000, ToMs: 3000}, X: 0, Y: 0, Width: 0.35, Height: 0.2}},
		Mute: []evidence.Spell{{FromMs: 1000, ToMs: 2000}}})
	if bytes.Contains(got, []byte("117.2500")) {
		t.Error("the place is still in it")
	}
	inside, outside := image.Rect(4, 4, 100, 36), image.Rect(20, 90, 300, 200) // the running clock of the picture, and most of the rest
	for at, covered := range map[string]bool{"0.5": false, "1.0": true, "2.9": true, "3.5": false} {
		was, is := frame(t, octets, at), frame(t, got, at)
		if before, after := detail(was, inside), detail(is, inside); (after < before/4) != covered {
			t.Errorf("at %s the detail inside is %.4f, was %.4f", at, after, before)
		}
		if before, after := detail(was, outside), detail(is, outside); after < before/2 {
			t.Errorf("at %s the detail outside is %.4f, was %.4f", at, after, before)
		}
	}
	for at, mute := range map[[2]string]bool{{"0.2", "0.8"}: false, {"1.0", "2.0"}: true, {"2.2", "3.0"}: false} {
		if loud := loudness(t, got, at[0], at[1]); (loud < 0.001) != mute {
			t.Errorf("from %s to %s it is %.5f loud", at[0], at[1], loud)
		}
	}
}

// TestAWatermarkNamesWhoHasARareName: what common fonts lack is drawn, and not as a sign for what is missing.
func TestAWatermarkNamesWhoHasARareName(t *testing.T) {
	m, drawn := open(t), map[string]bool{}
	for _, name := range []string{"喆", "堃", "〓"} {
		got, _ := m.made(t, film(t), evidence.Recipe{Kind: evidence.Poster, Watermark: "何" + name + "　天津示例律师事务所"})
		if path := os.Getenv("FIELDWARDEN_WATERMARK"); path != "" { // to look at
			if err := os.WriteFile(path+name+".jpg", got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		drawn[string(got)] = true
	}
	if len(drawn) != 3 {
		t.Errorf("three names are %d pictures", len(drawn))
	}
}

// TestARedactedPicture: a photo is covered throughout.
func TestARedactedPicture(t *testing.T) {
	m := open(t)
	photo, _ := m.made(t, film(t), evidence.Recipe{Kind: evidence.Poster})
	got, made := m.made(t, photo, evidence.Recipe{Kind: evidence.Redacted, Blur: []evidence.Box{{Spell: evidence.Spell{ToMs: 1}, X: 0, Y: 0, Width: 1, Height: 1}}})
	if is := decodeJPEG(t, got); made.MIME != "image/jpeg" || detail(is, is.Bounds()) > 0.01 {
		t.Errorf("%s, detail %.4f", made.MIME, detail(decodeJPEG(t, got), is.Bounds()))
	}
}

// TestABoxCoversWhatItNames: whatever part of whatever picture, the pixels cover it and stay inside.
func TestABoxCoversWhatItNames(t *testing.T) {
	for side := 2; side < 60; side++ {
		for from := 0.0; from < 1; from += 0.07 {
			for length := 0.01; from+length <= 1; length += 0.09 {
				start, size := along(from, length, side)
				if start < 0 || size < 2 || start+size > side || start%2 != 0 || float64(start) > from*float64(side) ||
					float64(start+size) < math.Min((from+length)*float64(side), float64(side&^1)) {
					t.Fatalf("%d: %.2f+%.2f is %d+%d", side, from, length, start, size)
				}
			}
		}
	}
}
