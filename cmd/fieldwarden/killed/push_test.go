package killed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

const (
	handhelds = 4
	kills     = 6
)

// Several handhelds edit and push while the server is killed and started again. After each kill the database must hold every
// op that any handheld has an answer for; at the end it holds every op once, and all that follows from them is sound.
func TestKilledInTheMiddleOfPushes(t *testing.T) {
	eachDatabase(t, func(t *testing.T, h *host) {
		var hands []*hand
		for _, d := range h.handhelds(handhelds, func() http.RoundTripper { return &http.Transport{} }) {
			hands = append(hands, newHand(t, d))
		}
		stop, ended := make(chan struct{}), sync.WaitGroup{}
		for _, a := range hands {
			ended.Go(func() { a.work(stop) })
		}
		answered := uint64(0)
		for range kills {
			time.Sleep(time.Duration(100+rand.IntN(500)) * time.Millisecond)
			h.kill()
			h.core(func(core *server.Core) { answered = h.nothingLost(core, hands) })
			h.start()
		}
		close(stop)
		ended.Wait()
		for _, a := range hands {
			a.settle()
		}
		h.kill()
		h.core(func(core *server.Core) { h.allOnce(core, hands) })
		t.Logf("%d ops were answered before the last kill", answered)
	})
}

// hand is a handheld whose officer writes all the time.
type hand struct {
	t    *testing.T
	d    *client.Device
	id   string
	made atomic.Uint64 // ops; every edit is one
	own  []string      // its inspections
	sent map[string]int
}

func newHand(t *testing.T, d *client.Device) *hand {
	t.Helper()
	who, err := d.Identity(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return &hand{t: t, d: d, id: who.ID, sent: map[string]int{}}
}

// work edits and syncs until it is told to stop. A server that is away is nothing new to a handheld.
func (a *hand) work(stop <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		if err := a.edit(n); err != nil {
			a.t.Error(err)
			return
		}
		if err := a.d.Sync(ctx); err != nil && !passing(err) {
			a.t.Errorf("sync: %v", err)
			return
		}
	}
}

// passing reports whether an error is one that a server which is being killed or started gives.
func passing(err error) bool {
	for _, code := range []fault.Code{fault.Unreachable, fault.TemporarilyDown} {
		if errors.Is(err, fault.New(code)) {
			return true
		}
	}
	return false
}

func (a *hand) edit(n int) error {
	if n%4 == 0 {
		id, err := a.d.Create(ctx, "inspections", record.Object{"unit": street, "state": "planned", "summary": "0"})
		a.own, a.sent[id] = append(a.own, id), 1
		a.made.Add(1)
		return err
	}
	id := a.own[len(a.own)-1]
	a.sent[id]++
	a.made.Add(1)
	return a.d.Update(ctx, "inspections", id, func(body record.Object) { body["summary"] = fmt.Sprint(n) })
}

// answered is the last op that the handheld has an outcome for.
func (a *hand) answered() uint64 {
	made := a.made.Load()
	unsent, err := a.d.Unsent(ctx)
	if err != nil {
		a.t.Fatal(err)
	}
	if len(unsent) > 0 {
		return unsent[0].Seq - 1
	}
	return made - min(made, 1) // an op may have been counted that is not yet in the queue
}

// settle sends everything, now that the server stays.
func (a *hand) settle() {
	a.t.Helper()
	var err error
	for range 20 {
		if err = a.d.Sync(ctx); err == nil {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	a.t.Fatalf("sync: %v", err)
}

// nothingLost compares the database with what the handhelds have been told.
func (h *host) nothingLost(core *server.Core, hands []*hand) (all uint64) {
	h.t.Helper()
	for _, a := range hands {
		acked, err := core.DB.Acked(ctx, a.id)
		if err != nil {
			h.t.Fatal(err)
		}
		told := a.answered()
		if told > acked {
			h.t.Errorf("device %s was answered up to op %d, the database holds %d", a.id, told, acked)
		}
		all += told
	}
	return all
}

// allOnce: every op is stored once and made its version; the whole is sound.
func (h *host) allOnce(core *server.Core, hands []*hand) {
	h.t.Helper()
	for _, a := range hands {
		made := a.made.Load()
		err := core.DB.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
			past, err := tx.Outcomes(ctx, a.id, 1, made+1000)
			if err == nil && uint64(len(past)) != made {
				err = fmt.Errorf("%d ops are stored, %d were made", len(past), made)
			}
			for seq := uint64(1); seq <= made && err == nil; seq++ {
				if o := past[seq].Outcome; o.Status != record.Applied {
					err = fmt.Errorf("op %d is %s %s", seq, o.Status, o.Code)
				}
			}
			return err
		})
		if err != nil {
			h.t.Errorf("device %s: %v", a.id, err)
		}
		for _, id := range a.own {
			versions, err := core.DB.Revisions(ctx, id)
			if err != nil || len(versions) != a.sent[id] {
				h.t.Errorf("inspection %s has %d versions after %d edits: %v", id, len(versions), a.sent[id], err)
			}
		}
	}
	report, err := core.Audit(ctx)
	if err != nil || !report.Sound() {
		h.t.Errorf("the audit finds %v, %v", report.Problems, err)
	}
}
