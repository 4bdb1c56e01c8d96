package adapt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// edit is what a client wants of a record.
type edit struct {
	collection string
	record     string
	action     record.Action
	base       uint64
	patch      record.Object
	schema     int
	turn       int64  // tells apart an edit that was refused and is made anew; 0 at first
	after      string // tells apart an edit that was made before, and is made once more after others: the op before it; "" at first
}

// opID is the id of the op that an edit is: a UUID made from who wants what on top of what. So an edit that is sent again, because its
// answer was lost, is the same op, although the client kept nothing.
func (e edit) opID(caller people.Caller) (string, error) {
	parts := []any{caller.Device, caller.Officer, e.collection, e.record, string(e.action), float64(e.base), e.patch, float64(e.schema), float64(e.turn)}
	if e.after != "" {
		parts = append(parts, e.after)
	}
	text, err := wire.Canonical(parts)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte("fieldwarden/foreign/v1\n"), text...))
	sum[6], sum[8] = sum[6]&0x0f|0x70, sum[8]&0x3f|0x80 // version and variant of a UUIDv7
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

func (e edit) op(id string) wire.OnlineOp {
	return wire.OnlineOp{ID: id, Collection: e.collection, Record: e.record, Action: string(e.action), Base: e.base, Patch: e.patch, Schema: e.schema, Unattended: true}
}

// apply has the edits done and tells what became of each. An edit that was taken before and comes again is most often one whose answer was
// lost, and gets that answer. But the client cannot say whether it is; so it is another edit
//
//   - if it was refused: a person who has put right what was wrong must get through. It is judged again, at most once in the time given. What was
//     refused has changed nothing, so judging it twice does nothing twice.
//   - if the person has edited the record otherwise since, before the client pulled: he has changed his mind and changed it back.
func (s *Service) apply(ctx context.Context, caller people.Caller, edits []edit, again time.Duration) ([]record.Outcome, error) {
	outcomes, err := s.send(ctx, caller, edits)
	if err != nil {
		return nil, err
	}
	for range 2 { // an edit may be another for both reasons
		anew, places, err := s.others(ctx, caller, edits, outcomes, s.Now().Unix()/int64(again/time.Second))
		if err != nil || len(anew) == 0 {
			return outcomes, err
		}
		done, err := s.send(ctx, caller, anew)
		if err != nil {
			return nil, err
		}
		edits = slices.Clone(edits)
		for i, o := range done {
			edits[places[i]], outcomes[places[i]] = anew[i], o
		}
	}
	return outcomes, nil
}

// others finds the edits that were taken before and are other edits now, and where they stand among all.
func (s *Service) others(ctx context.Context, caller people.Caller, edits []edit, outcomes []record.Outcome, turn int64) (anew []edit, places []int, err error) {
	since := map[string]uint64{}
	for i, o := range outcomes {
		if e := edits[i]; o.Replayed && e.after == "" {
			if base, named := since[e.record]; !named || e.base < base {
				since[e.record] = e.base
			}
		}
	}
	own, err := s.own(ctx, caller, since)
	if err != nil {
		return nil, nil, err
	}
	for i, o := range outcomes {
		e := edits[i]
		switch refused := o.Status == record.Rejected || o.Status == record.Held; {
		case !o.Replayed, refused && e.turn > 0, !refused && e.after != "":
			continue
		case refused:
			e.turn = turn
		default:
			if e.after, err = e.madeAfter(caller, o.Op, own[e.record]); err != nil {
				return nil, nil, err
			}
			if e.after == "" {
				continue
			}
		}
		anew, places = append(anew, e), append(places, i)
	}
	return anew, places, nil
}

// madeAfter says after which of the person's ops on the record an edit that was taken before, as an op, was made once more; "" if it was not. own
// are all of them, in their order. When it was taken once more already, as the newest, it is that one.
func (e edit) madeAfter(caller people.Caller, op string, own []wire.Op) (string, error) {
	n := len(own)
	if n == 0 || own[n-1].ID == op {
		return "", nil
	}
	if n > 1 {
		e.after = own[n-2].ID
		if id, err := e.opID(caller); err != nil || id == own[n-1].ID {
			return e.after, err
		}
	}
	return own[n-1].ID, nil
}

// send sends edits as ops, as many at a time as may be. Edits of a foreign client stand alone, so they need not be one transaction.
func (s *Service) send(ctx context.Context, caller people.Caller, edits []edit) ([]record.Outcome, error) {
	outcomes := make([]record.Outcome, 0, len(edits))
	for batch := range slices.Chunk(edits, push.MaxOps) {
		done, err := s.sendBatch(ctx, caller, batch)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, done...)
	}
	return outcomes, nil
}

// sendBatch sends edits as one push. The same edit twice is one op with one outcome.
func (s *Service) sendBatch(ctx context.Context, caller people.Caller, edits []edit) ([]record.Outcome, error) {
	outcomes := make([]record.Outcome, len(edits))
	ops := make([]wire.OnlineOp, 0, len(edits))
	place, of := map[string]int{}, make([]int, len(edits))
	for i, e := range edits {
		id, err := e.opID(caller)
		if err != nil {
			return nil, err
		}
		if _, doubled := place[id]; !doubled {
			place[id] = len(ops)
			ops = append(ops, e.op(id))
		}
		of[i] = place[id]
	}
	done, err := s.Writer.ApplyShared(ctx, caller, ops)
	if err != nil {
		return nil, err
	}
	for i := range edits {
		outcomes[i] = done[of[i]]
	}
	return outcomes, nil
}
