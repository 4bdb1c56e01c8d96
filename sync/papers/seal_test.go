package papers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/png"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// keeper has the seals that a test gives it.
type keeper map[string][]byte

var errKeeper = errors.New("the folder cannot be read")

// Seal implements papers.Seals.
func (k keeper) Seal(_ context.Context, organ string) ([]byte, error) {
	if k == nil {
		return nil, errKeeper
	}
	return k[organ], nil
}

func square(t testing.TB, side int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewNRGBA(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The organ's seal is on papers whose template has a place for it, and the record names its digest. Where there is no seal that can be
// printed, the paper is rendered all the same, for a stamp by hand.
func TestSealOfTheOrgan(t *testing.T) {
	each(t, func(w *world) {
		body := seed(w.T, document.SummaryPenalty)
		delete(body["layout"].(record.Object), "seal")
		bare := w.penalty(document.Issued)
		bare["template"] = w.create("templates", body)
		id, plain := w.create(document.Documents.Name, w.penalty(document.Issued)), w.create(document.Documents.Name, bare)
		digest := sha256.Sum256(square(w.T, 42))
		for _, c := range []struct {
			name  string
			seals keeper
			id    string
			want  any
		}{
			{"a place for it", keeper{street: square(w.T, 42)}, id, hex.EncodeToString(digest[:])},
			{"no place for it", keeper{street: square(w.T, 42)}, plain, nil},
			{"another organ's", keeper{"120102012": square(w.T, 42)}, id, nil},
			{"no picture", keeper{street: []byte("x")}, id, nil},
			{"no folder", nil, id, nil},
		} {
			aside, said := w.Service, &listener{}
			aside.Seals, aside.Records = c.seals, said
			if err := aside.Render(context.Background(), c.id); err != nil {
				w.Fatal(c.name, err)
			}
			if got := said.rendered["seal"]; got != c.want {
				w.Errorf("%s: the seal is %v", c.name, got)
			}
			if pictures := bytes.Count(w.stored(said.rendered), []byte("/SMask")); (pictures == 4) != (c.want != nil) {
				w.Errorf("%s: %d pictures", c.name, pictures)
			}
		}
	})
}

// listener hears what the server says of a paper and writes nothing.
type listener struct{ rendered record.Object }

func (l *listener) ApplyOwn(_ context.Context, ops []push.ServerOp) error {
	l.rendered, _ = ops[0].Patch["rendered"].(record.Object)
	return nil
}
