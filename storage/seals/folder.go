// Package seals reads the pictures of the organs' seals from a folder that the keeper of the seals fills: <organ's code>.png each.
//
// They are no records on purpose: what reaches a device's feed can be copied there, and a seal that everybody holds seals nothing.
package seals

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/document"
)

// Folder is a folder of seals. It is safe for concurrent use; a picture that is replaced is the next paper's.
type Folder struct{ path string }

// codeForm is what organs' codes look like; it keeps names inside the folder.
var codeForm = regexp.MustCompile(`^[0-9]{6,20}$`)

// Open opens a folder and reads every seal in it, so that a wrong picture is found when the server starts and not on a paper.
func Open(path string) (*Folder, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	f := &Folder{path: path}
	for _, e := range entries {
		code, png := strings.CutSuffix(e.Name(), ".png")
		if !png || e.IsDir() {
			continue
		}
		if !codeForm.MatchString(code) {
			return nil, fmt.Errorf("%s: 文件名应为机关代码 / the name must be an organ's code", e.Name())
		}
		raw, err := f.Seal(context.Background(), code)
		if err != nil {
			return nil, err
		}
		if _, err := document.Seal(raw); err != nil {
			return nil, fmt.Errorf("%s: 应为不超过 256 KiB 的正方形 PNG / must be a square PNG of at most 256 KiB: %w", e.Name(), err)
		}
	}
	return f, nil
}

// Seal implements papers.Seals.
func (f *Folder) Seal(_ context.Context, organ string) ([]byte, error) {
	if !codeForm.MatchString(organ) {
		return nil, nil
	}
	file, err := os.Open(filepath.Join(f.path, organ+".png"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, document.MaxSealBytes+1))
}
