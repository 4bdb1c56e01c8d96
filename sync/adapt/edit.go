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
}

// opID is the id of the op that an edit is: a UUID made from who wants what on top of what. So an edit that is sent again, because its
// answer was lost, is the same op, although the client kept nothing. turn tells apart an edit that was refused and is made anew.
func (e edit) opID(caller people.Caller, turn int64) (string, error) {
	text, err := wire.Canonical([]any{caller.Device, caller.Officer, e.collection, e.record, string(e.action), float64(e.base),
		e.patch, float64(e.schema), float64(turn)})
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

// apply has the edits done and tells what became of each. An edit that was refused before and comes again is judged again, at most
// once in the time given: the client cannot say whether it is the same try, and a person who has put right what was wrong must get
// through. What was refused has changed nothing, so judging it twice does nothing twice.
func (s *Service) apply(ctx context.Context, caller people.Caller, edits []edit, again time.Duration) ([]record.Outcome, error) {
	outcomes, err := s.send(ctx, caller, edits, 0)
	if err != nil {
		return nil, err
	}
	var refused []edit
	var places []int
	for i, o := range outcomes {
		if o.Replayed && (o.Status == record.Rejected || o.Status == record.Held) {
			refused, places = append(refused, edits[i]), append(places, i)
		}
	}
	if len(refused) == 0 {
		return outcomes, nil
	}
	anew, err := s.send(ctx, caller, refused, s.Now().Unix()/int64(again/time.Second))
	if err != nil {
		return nil, err
	}
	for i, o := range anew {
		outcomes[places[i]] = o
	}
	return outcomes, nil
}

// send sends edits as ops, as many at a time as may be. Edits of a foreign client stand alone, so they need not be one transaction.
func (s *Service) send(ctx context.Context, caller people.Caller, edits []edit, turn int64) ([]record.Outcome, error) {
	outcomes := make([]record.Outcome, 0, len(edits))
	for batch := range slices.Chunk(edits, push.MaxOps) {
		done, err := s.sendBatch(ctx, caller, batch, turn)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, done...)
	}
	return outcomes, nil
}

// sendBatch sends edits as one push. The same edit twice is one op with one outcome.
func (s *Service) sendBatch(ctx context.Context, caller people.Caller, edits []edit, turn int64) ([]record.Outcome, error) {
	outcomes := make([]record.Outcome, len(edits))
	ops := make([]wire.OnlineOp, 0, len(edits))
	place, of := map[string]int{}, make([]int, len(edits))
	for i, e := range edits {
		id, err := e.opID(caller, turn)
		if err != nil {
			return nil, err
		}
		if _, doubled := place[id]; !doubled {
			place[id] = len(ops)
			ops = append(ops, e.op(id))
		}
		of[i] = place[id]
	}
	done, err := s.Writer.ApplyOnline(ctx, caller, ops)
	if err != nil {
		return nil, err
	}
	for i := range edits {
		outcomes[i] = done[of[i]]
	}
	return outcomes, nil
}
