package push_test

import (
	"sync"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Two handhelds create one record id at the same moment in two units, so that they lock different feeds. One creates it, the other finds it
// there: both pushes are taken, and the record has one history.
func TestOneIDCreatedTwiceAtOnce(t *testing.T) {
	const rounds, other = 12, "120102002"
	each(t, func(t *testing.T, f *field) {
		twofold := newID()
		f.own(serverOfficer(twofold, street, other))
		hands := []*handheld{f.handheld(), f.handheld()}
		for _, h := range hands {
			h.signIn(twofold)
			h.officer = twofold
		}
		hands[1].unit = other // else both would lock the feed of the device's own unit, and meet there
		for range rounds {
			id := newID()
			replies, errs := [2]wire.PushReply{}, [2]error{}
			pushes := [2]wire.Push{}
			for i, unit := range []string{street, other} {
				pushes[i] = hands[i].sign(hands[i].op(record.Create, id, 0, object{"unit": unit, "summary": unit}))
			}
			var both sync.WaitGroup
			for i := range hands {
				both.Go(func() { replies[i], errs[i] = hands[i].send(pushes[i]) })
			}
			both.Wait()
			applied := 0
			for i := range hands {
				if errs[i] != nil {
					t.Fatalf("push %d: %v", i, errs[i])
				}
				if replies[i].Outcomes[0].Status == "applied" {
					applied++
				}
			}
			if applied != 1 {
				t.Fatalf("applied %d times: %+v", applied, replies)
			}
		}
	})
}
