package render

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/document/render/sfnt"
)

// Lettering gives the font of the papers' text as a TrueType file, for who writes by another program, and the text as that font can write
// it: a character that it lacks is 〓, as on paper.
func Lettering(text string) (font []byte, letters string, err error) {
	z, err := gzip.NewReader(bytes.NewReader(fangFile))
	if err != nil {
		return nil, "", err
	}
	if font, err = io.ReadAll(z); err != nil {
		return nil, "", err
	}
	parsed, err := sfnt.Parse(font)
	if err != nil {
		return nil, "", err
	}
	return font, strings.Map(func(c rune) rune {
		if _, ok := parsed.Glyph(c); !ok && c != '\n' {
			return geta
		}
		return c
	}, text), nil
}
