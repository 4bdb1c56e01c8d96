package push

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// ServerOp is one op of the server itself: a seed, a receipt, a rendered paper, a leased block.
type ServerOp struct {
	Collection string
	Record     string
	Action     record.Action
	Patch      record.Object
}

// ApplyOwn takes ops of the server itself through the same steps, without chain, signature and roles. Server ops merge onto
// the newest version, and may write fields of class Server. An op that does not stand is an error and undoes all of them.
func (s *Service) ApplyOwn(ctx context.Context, own []ServerOp) error {
	return s.applyOwn(ctx, own, false)
}

// ApplyJudged is [Service.ApplyOwn] for what must not be done unless the gates of the law let it be done, under the same locks as the
// check: a refusal is fault op.gate_refused, and undoes all of them.
func (s *Service) ApplyJudged(ctx context.Context, own []ServerOp) error {
	return s.applyOwn(ctx, own, true)
}

func (s *Service) applyOwn(ctx context.Context, own []ServerOp, judged bool) error {
	_, err := s.inTx(ctx, func(ctx context.Context, tx Tx) (wire.PushReply, error) {
		now := s.Now()
		ops := make([]wire.Sealed, len(own))
		for i, o := range own {
			sealed, err := s.seal(o, wire.Op{OccurredAt: now})
			if err != nil {
				return wire.PushReply{}, err
			}
			ops[i] = sealed
		}
		outcomes, err := s.work(ctx, tx, now, &Batch{At: now, judged: judged}, ops, nil, nil)
		for i, o := range outcomes {
			if o.Status != record.Applied && o.Status != record.Merged {
				return wire.PushReply{}, standsNot(own[i], o)
			}
		}
		return wire.PushReply{}, err
	})
	return err
}

func standsNot(own ServerOp, o record.Outcome) error {
	if o.Code == string(fault.GateRefused) {
		return &fault.Error{Code: fault.GateRefused, Kind: fault.New(fault.GateRefused).Kind, Zh: o.Zh, En: o.En, Field: o.Field}
	}
	return fmt.Errorf("server op on %s/%s: %s %s: %s [%s]", own.Collection, own.Record, o.Status, o.Code, o.En, o.Field)
}

// seal makes the op of the server out of what it wants done.
func (s *Service) seal(o ServerOp, op wire.Op) (wire.Sealed, error) {
	op.ID, op.Collection, op.Record, op.Action = s.NewID(), o.Collection, o.Record, string(o.Action)
	op.Patch, op.Author = o.Patch, record.ServerAuthor
	if c := s.Catalogue[o.Collection]; c != nil {
		op.Schema = c.Schema
	}
	return wire.Seal(op)
}
