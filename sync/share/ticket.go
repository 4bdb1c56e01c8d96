package share

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// viewTime is how long one view of a link lasts.
const viewTime = 6 * time.Hour

// A ticket lets a browser fetch what one view shows, piece by piece: the share's id (16 octets), the second at which it ends (8), and an HMAC
// over both. It stands in an address, so it must not be the token, which can be used again.
const ticketOctets = 16 + 8 + sha256.Size

func (s *Service) ticket(id string, until time.Time) string {
	raw, _ := hex.DecodeString(strings.ReplaceAll(id, "-", "")) // an id is a UUID
	raw = binary.BigEndian.AppendUint64(raw, uint64(until.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(raw, s.seal(raw)...))
}

func (s *Service) seal(raw []byte) []byte {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("fieldwarden/share-view/v1\n"))
	mac.Write(raw)
	return mac.Sum(nil)
}

// read takes a ticket apart.
func (s *Service) read(ticket string) (id string, until time.Time, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || len(raw) != ticketOctets || !hmac.Equal(raw[24:], s.seal(raw[:24])) {
		return "", time.Time{}, false
	}
	h := hex.EncodeToString(raw[:16])
	id = strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
	return id, time.Unix(int64(binary.BigEndian.Uint64(raw[16:24])), 0), true
}
