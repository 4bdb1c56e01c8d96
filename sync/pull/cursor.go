package pull

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// position is what a cursor says: where a device stands in each of its feeds, in which history of the database; and of feeds that it is not
// through with yet, where they were when it began with them.
type position struct {
	Epoch  string            `json:"e"`
	Device string            `json:"d"`
	Feeds  map[string]uint64 `json:"f"`
	Forms  string            `json:"s,omitempty"` // what the device said of the forms it speaks: see forms.Spoken
	Begun  map[string]uint64 `json:"b,omitempty"`
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

// decode reads a device's own cursor, which must have been made for the forms that it speaks now: what it holds would be in others
// else. Anything else is fault pull.cursor_invalid.
func (c Cursors) decode(cursor, device string, speaks forms.Spoken) (position, error) {
	invalid := fault.New(fault.CursorInvalid).At("cursor")
	raw, err := wire.Base64URL(cursor)
	if err != nil || len(raw) < macSize {
		return position{}, invalid
	}
	if text := raw[macSize:]; !hmac.Equal(raw[:macSize], c.mac(text)) {
		return position{}, invalid
	}
	var p position
	if err := wire.Decode(raw[macSize:], &p); err != nil || p.Device != device || p.Forms != speaks.Said() {
		return position{}, invalid
	}
	return p, nil
}

func (c Cursors) mac(text []byte) []byte {
	h := hmac.New(sha256.New, c.Key)
	h.Write(text)
	return h.Sum(nil)
}
