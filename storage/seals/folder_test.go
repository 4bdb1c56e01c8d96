package seals_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/storage/seals"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

var _ papers.Seals = (*seals.Folder)(nil)

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewNRGBA(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func put(t *testing.T, folder, name string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A seal is found by the organ's code; an organ without one, and what is no code, has none; a new picture is used at once.
func TestSeal(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "120102011.png", picture(t, 42, 42))
	put(t, folder, "readme.txt", []byte("not a seal"))
	f, err := seals.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	for organ, want := range map[string]bool{"120102011": true, "120102012": false, "": false, "../seals/120102011": false} {
		got, err := f.Seal(context.Background(), organ)
		if err != nil || (got != nil) != want {
			t.Errorf("%q: %d bytes, %v", organ, len(got), err)
		}
	}
	put(t, folder, "120102011.png", picture(t, 84, 84))
	if got, _ := f.Seal(context.Background(), "120102011"); !bytes.Equal(got, picture(t, 84, 84)) {
		t.Error("the new picture is not used")
	}
	put(t, folder, "120102011.png", make([]byte, document.MaxSealBytes+100))
	if got, _ := f.Seal(context.Background(), "120102011"); len(got) != document.MaxSealBytes+1 {
		t.Errorf("%d bytes are read of a file that is too large", len(got))
	}
}

// What cannot be printed is found when the folder is opened, and the error names the file.
func TestWrongPictures(t *testing.T) {
	for name, raw := range map[string][]byte{"120102011.png": []byte("x"), "120102012.png": picture(t, 40, 30), "东新.png": picture(t, 42, 42),
		"120102013.png": make([]byte, document.MaxSealBytes+1), "120102014.png": picture(t, 1025, 1025)} {
		folder := t.TempDir()
		put(t, folder, name, raw)
		if _, err := seals.Open(folder); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := seals.Open(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a folder that is not there opens")
	}
}
