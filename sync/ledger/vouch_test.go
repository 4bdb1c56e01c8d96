package ledger_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

// saying is a witness that says what a test has it say.
type saying struct {
	key string
	say func(asked int) (lines string, known int64, err error)
	n   int
}

func (s *saying) Key() string { return s.key }
func (s *saying) Add(context.Context, []byte) (string, int64, error) {
	s.n++
	return s.say(s.n)
}

// What a witness says about a log that it does not know by the size it was told is a dispute, but for one that it knows because another process was there
// first, or that it has just heard of.
func TestWhatAWitnessSays(t *testing.T) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	each(t, func(t *testing.T, w *world) {
		w.send(3)
		w.pass()
		latest := func() int64 {
			c, err := w.db.Latest(ctx)
			must(t, err)
			return c.Size
		}
		size := latest()
		for _, c := range []struct {
			about string
			say   func(asked int) (string, int64, error)
			seen  int64 // of a dispute; -1: there is none
		}{
			{"longer than any", func(int) (string, int64, error) { return "", size + 100, nil }, size + 100},
			{"as long, with other ones", func(int) (string, int64, error) { return "", size, nil }, size},
			{"shorter, with other ones", func(asked int) (string, int64, error) {
				if asked == 1 {
					return "", size - 1, nil
				}
				return "", 0, ledger.ErrAnother
			}, size - 1},
			{"it is down", func(int) (string, int64, error) { return "", 0, errors.New("down") }, -1},
			{"it forgets each time", func(asked int) (string, int64, error) { return "", int64(asked), nil }, -1},
			{"another process was there first", func(int) (string, int64, error) {
				w.send(1)
				w.pass()
				return "", latest(), nil
			}, -1},
		} {
			var told []ledger.Dispute
			v := ledger.Vouching{Store: w.db, Witnesses: []ledger.Witnessing{&saying{key: merkle.NewWitness("witness.example", public).Key(), say: c.say}}, Every: time.Hour,
				Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler),
				Disputed: func(_ context.Context, d ledger.Dispute) error { told = append(told, d); return nil }}
			err := v.Once(ctx)
			if c.seen < 0 && len(told) > 0 || c.seen >= 0 && (len(told) != 1 || err == nil || told[0] != ledger.Dispute{Witness: "witness.example", Seen: c.seen, Size: latest()}) {
				t.Errorf("%s: %+v, %v", c.about, told, err)
			}
		}
	})
}

// A ledger that has grown is vouched for, however much others have said about it before; one that has grown by their words alone is not.
func TestOthersWordsDoNotHideWhatIsNew(t *testing.T) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	each(t, func(t *testing.T, w *world) {
		w.send(1)
		w.pass()
		c, err := w.db.Latest(ctx)
		must(t, err)
		for n := range 100 {
			must(t, w.db.KeepStamp(ctx, ledger.Stamp{Checkpoint: c.N, Kind: ledger.Stamped, Signer: fmt.Sprint("authority ", n), At: w.now, Data: []byte{byte(n)}}))
		}
		w.pass()
		w.now = w.now.Add(2 * time.Hour)
		witness := &saying{key: merkle.NewWitness("witness.example", public).Key(), say: func(int) (string, int64, error) { return "", 0, errors.New("down") }}
		v := ledger.Vouching{Store: w.db, Witnesses: []ledger.Witnessing{witness}, Every: time.Hour, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler)}
		if err := v.Once(ctx); err != nil || witness.n != 0 {
			t.Errorf("asked %d times about others' words, %v", witness.n, err)
		}
		w.send(1)
		w.pass()
		if err := v.Once(ctx); err == nil || witness.n != 1 {
			t.Errorf("asked %d times about what is new, %v", witness.n, err)
		}
	})
}
