package push_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// standing compares news with what somebody reads who has heard it: all of it must be there.
func (f *field) standing(n push.News) error {
	ctx := context.Background()
	heads, err := f.db.Heads(ctx, slices.Collect(maps.Keys(n.Heads)))
	if err != nil {
		return err
	}
	for feed, head := range n.Heads {
		if heads[feed] < head {
			return fmt.Errorf("%s was told to stand at %d and stands at %d", feed, head, heads[feed])
		}
	}
	if n.Device == "" {
		return nil
	}
	acked, err := f.db.Acked(ctx, n.Device)
	if err == nil && acked < n.Acked {
		err = fmt.Errorf("device told to be at %d is at %d", n.Acked, acked)
	}
	return err
}

func TestNewsIsWhatWasCommitted(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		var heard []push.News
		f.service.Committed = func(n push.News) {
			heard = append(heard, n)
			if err := f.standing(n); err != nil {
				t.Error(err)
			}
		}
		next := func() push.News {
			t.Helper()
			if len(heard) != 1 {
				t.Fatalf("%d commits were told", len(heard))
			}
			n := heard[0]
			heard = nil
			return n
		}
		h := f.handheld()
		id := newID()
		h.push(h.op(record.Create, id, 0, object{"unit": street, "state": "open"}), h.op(record.Update, id, 0, object{"summary": "s"}))
		if n := next(); n.Device != h.id || n.Since != 0 || n.Acked != 2 || !maps.Equal(n.Heads, map[string]uint64{"unit/" + street: 2}) {
			t.Errorf("first push: %+v", n)
		}
		p := h.sign(h.op(record.Update, id, 1, object{"receipt": "mine"})) // rejected: it moves no feed, but the sequence
		if _, err := h.send(p); err != nil {
			t.Fatal(err)
		}
		n := next()
		if n.Device != h.id || n.Since != 2 || n.Acked != 3 {
			t.Errorf("a push that was rejected: %+v", n)
		}
		for feed := range n.Heads {
			if feed != "unit/"+street { // a letter about it may go to the unit
				t.Errorf("a push that was rejected moves %s", feed)
			}
		}
		if _, err := h.send(p); err != nil {
			t.Fatal(err)
		}
		if n := next(); n.Device != "" || len(n.Heads) != 0 {
			t.Errorf("a push that was taken before: %+v", n)
		}
		f.own(serverOfficer(newID(), street))
		if n := next(); n.Device != "" || len(n.Heads) != 1 || n.Heads["ref/120102"] == 0 {
			t.Errorf("the server's own: %+v", n)
		}
		h.seq += 5
		if _, err := h.send(h.sign(h.op(record.Update, id, 1, object{"summary": "gap"}))); err == nil || len(heard) != 0 {
			t.Errorf("a push that was refused: %v, told %v", err, heard)
		}
	})
}

// hasty tells before the commit: what a device would be poked for is not there yet, or never.
type hasty struct {
	push.Store
	tell  func(push.News)
	fails bool
}

func (s hasty) InTx(ctx context.Context, fn func(context.Context, push.Tx) error) error {
	return s.Store.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
		before := hastyTx{Tx: tx, tell: s.tell}
		if err := fn(ctx, before); err != nil || !s.fails {
			return err
		}
		return errors.New("the commit fails")
	})
}

type hastyTx struct {
	push.Tx
	tell func(push.News)
}

func (t hastyTx) Write(ctx context.Context, b *push.Batch) error {
	err := t.Tx.Write(ctx, b)
	t.tell(push.News{Heads: maps.Clone(b.Heads)})
	return err
}

// The check above is worth something: it catches whoever tells inside the transaction.
func TestNewsBeforeTheCommitIsCaught(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		for _, fails := range []bool{false, true} {
			var caught error
			f.service.Store = hasty{f.db, func(n push.News) { caught = errors.Join(caught, f.standing(n)) }, fails}
			told := 0
			f.service.Committed = func(push.News) { told++ }
			h := f.handheld()
			_, err := h.send(h.sign(h.op(record.Create, newID(), 0, object{"unit": street, "state": "open"})))
			if (err != nil) != fails || (told == 0) != fails {
				t.Errorf("commit fails %v: %v, told %d times", fails, err, told)
			}
			if caught == nil {
				t.Error("telling before the commit was not caught")
			}
			f.service.Store = f.db
		}
	})
}
