package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// ApplyOnline takes the edits of a signed-in person whose client keeps no chain of ops: a console, or a library that others
// wrote. The server seals each op in the person's name; from there it is worked through like any other, against the version it
// names. The outcomes come in the order of the ops.
//
// An op's id is made by the client and says that it is the same edit: sent again it gets its first outcome, marked as replayed.
// An id that stands for something else is fault push.replay_differs, and nothing is done.
func (s *Service) ApplyOnline(ctx context.Context, caller people.Caller, ops []wire.OnlineOp) ([]record.Outcome, error) {
	return s.applyOnline(ctx, caller, ops, false)
}

// ApplyShared is [Service.ApplyOnline] for a client that keeps a copy of its own which all who sign in on its device look at: what any of them
// has written through the device lies over the version that an op names, not only what its author has.
func (s *Service) ApplyShared(ctx context.Context, caller people.Caller, ops []wire.OnlineOp) ([]record.Outcome, error) {
	return s.applyOnline(ctx, caller, ops, true)
}

func (s *Service) applyOnline(ctx context.Context, caller people.Caller, ops []wire.OnlineOp, shared bool) ([]record.Outcome, error) {
	if err := checkOnline(ops); err != nil {
		return nil, err
	}
	outcomes, err := s.online(ctx, caller, ops, shared)
	if errors.Is(err, fault.New(fault.ReplayDiffers)) {
		// The same edit may have been taken at the same moment: then it is found now.
		outcomes, err = s.online(ctx, caller, ops, shared)
	}
	return outcomes, err
}

func checkOnline(ops []wire.OnlineOp) error {
	if len(ops) == 0 {
		return fault.New(fault.OpInvalid).At("ops").Detail("操作列表为空", "no ops")
	}
	if len(ops) > MaxOps {
		return fault.New(fault.BatchTooLarge).Detail(fmt.Sprintf("最多 %d 项", MaxOps), fmt.Sprintf("at most %d", MaxOps))
	}
	seen := map[string]bool{}
	for i, op := range ops {
		at := fmt.Sprintf("ops/%d", i)
		if !record.IsID(op.ID) || seen[op.ID] {
			return fault.New(fault.OpInvalid).At(at + "/id")
		}
		if !record.Storable([]any{op.Collection, op.Record, op.Action, op.Txn}) {
			return fault.New(fault.OpInvalid).At(at).Detail("含有空字符（U+0000）", "it holds U+0000")
		}
		seen[op.ID] = true
	}
	return nil
}

func (s *Service) online(ctx context.Context, caller people.Caller, ops []wire.OnlineOp, shared bool) (outcomes []record.Outcome, err error) {
	_, err = s.inTx(ctx, func(ctx context.Context, tx Tx) (wire.PushReply, error) {
		outcomes, err = s.takeOnline(ctx, tx, caller, ops, shared)
		return wire.PushReply{}, err
	})
	return outcomes, err
}

// takeOnline replays what was taken before and works through the rest.
func (s *Service) takeOnline(ctx context.Context, tx Tx, caller people.Caller, ops []wire.OnlineOp, shared bool) ([]record.Outcome, error) {
	ids := make([]string, len(ops))
	for i, op := range ops {
		ids[i] = op.ID
	}
	past, err := tx.Ops(ctx, ids)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	outcomes := make([]record.Outcome, len(ops))
	var fresh []wire.Sealed
	var places []int // of the fresh ops among all
	for i, op := range ops {
		if taken, ok := past[op.ID]; ok {
			if outcomes[i], err = s.again(caller, op, taken); err != nil {
				return nil, err
			}
			continue
		}
		sealed, err := s.sealOnline(caller, op, now)
		if err != nil {
			return nil, unreadable(i, err)
		}
		fresh, places = append(fresh, sealed), append(places, i)
	}
	if len(fresh) == 0 {
		return outcomes, nil
	}
	done, err := s.work(ctx, tx, now, &Batch{At: now, unattended: unattended(ops), shared: shared}, fresh, nil, &caller)
	for i, o := range done {
		outcomes[places[i]] = o
	}
	return outcomes, err
}

// unattended lists the ids of the ops whose outcome nobody will read.
func unattended(ops []wire.OnlineOp) map[string]bool {
	ids := map[string]bool{}
	for _, op := range ops {
		if op.Unattended {
			ids[op.ID] = true
		}
	}
	return ids
}

// again answers an op that was taken before, if it is the same.
func (s *Service) again(caller people.Caller, op wire.OnlineOp, taken Taken) (record.Outcome, error) {
	differs := fault.New(fault.ReplayDiffers).At("ops/" + op.ID)
	first, err := wire.Open(taken.Text)
	if err != nil {
		return record.Outcome{}, fmt.Errorf("op %s as stored: %w", op.ID, err)
	}
	if op.Schema == 0 {
		op.Schema = first.Schema // that was the newest then
	}
	same, err := s.sealOnline(caller, op, first.OccurredAt)
	if err != nil || taken.Online == "" || !bytes.Equal(same.Text, first.Text) {
		return record.Outcome{}, differs
	}
	o := taken.Outcome
	o.Replayed = true
	return o, nil
}

func (s *Service) sealOnline(caller people.Caller, op wire.OnlineOp, at time.Time) (wire.Sealed, error) {
	schema := op.Schema
	if c := s.Catalogue[op.Collection]; c != nil && schema == 0 {
		schema = c.Schema
	}
	return wire.Seal(wire.Op{ID: op.ID, Txn: op.Txn, Collection: op.Collection, Record: op.Record, Action: op.Action,
		Base: op.Base, Patch: op.Patch, OccurredAt: at, Author: caller.Officer, Schema: schema})
}
