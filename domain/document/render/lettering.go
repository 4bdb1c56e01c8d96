package render

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/document/render/sfnt"
)

// Lettering gives a TrueType font that has the characters of a text as papers have them, rare ones too, for who writes by another program; and the text as
// that font can write it: a character that no font of the papers has is 〓, as on paper. The same text gives the same font.
func Lettering(text string) (font []byte, letters string, err error) {
	fonts := make([]*sfnt.Font, 2)
	for i, file := range [][]byte{fangFile, fallbackFile} {
		if fonts[i], err = fontIn(file); err != nil {
			return nil, "", err
		}
	}
	letters = strings.Map(func(c rune) rune {
		for _, f := range fonts {
			if _, ok := f.Glyph(c); ok || c == '\n' {
				return c
			}
		}
		return geta
	}, text)
	return sfnt.Letters([]rune(letters), fonts...), letters, nil
}

func fontIn(file []byte) (*sfnt.Font, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	return sfnt.Parse(text)
}
