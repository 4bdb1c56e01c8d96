package pull

import (
	"crypto/hmac"
	"encoding/base64"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Seal makes an opaque text of a value, which nobody can forge or use for another purpose. Purposes are plain names; a cursor, whose
// text is an object, is of none.
func (c Cursors) Seal(purpose string, value any) (string, error) {
	text, err := wire.Canonical(value)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(c.mac(purposed(purpose, text)), text...)), nil
}

// Open reads a text of [Cursors.Seal]; anything else is fault pull.cursor_invalid.
func (c Cursors) Open(purpose, sealed string, out any) error {
	raw, err := wire.Base64URL(sealed)
	if err != nil || len(raw) < macSize || !hmac.Equal(raw[:macSize], c.mac(purposed(purpose, raw[macSize:]))) {
		return fault.New(fault.CursorInvalid)
	}
	if err := wire.Decode(raw[macSize:], out); err != nil {
		return fault.New(fault.CursorInvalid).Because(err)
	}
	return nil
}

func purposed(purpose string, text []byte) []byte { return append([]byte(purpose+"\n"), text...) }
