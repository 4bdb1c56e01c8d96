package pull

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// position is what a cursor says: where a device stands in each of its feeds, in which history of the database.
type position struct {
	Epoch  string            `json:"e"`
	Device string            `json:"d"`
	Feeds  map[string]uint64 `json:"f"`
}

const macSize = sha256.Size

// Cursors makes and reads cursors. They are opaque to clients: base64url of a MAC and the position, so nobody can forge a
// place in a feed or use another device's.
type Cursors struct {
	Key []byte // 32 bytes, the same on all replicas
}

func (c Cursors) encode(p position) (string, error) {
	text, err := wire.Canonical(p)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(c.mac(text), text...)), nil
}

// decode reads a device's own cursor; anything else is fault pull.cursor_invalid.
func (c Cursors) decode(cursor, device string) (position, error) {
	invalid := fault.New(fault.CursorInvalid).At("cursor")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) < macSize {
		return position{}, invalid
	}
	if text := raw[macSize:]; !hmac.Equal(raw[:macSize], c.mac(text)) {
		return position{}, invalid
	}
	var p position
	if err := wire.Decode(raw[macSize:], &p); err != nil || p.Device != device {
		return position{}, invalid
	}
	return p, nil
}

func (c Cursors) mac(text []byte) []byte {
	h := hmac.New(sha256.New, c.Key)
	h.Write(text)
	return h.Sum(nil)
}
