package push

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// MaxOps is how many ops one push may carry.
const MaxOps = 500

// Service takes pushes in. It is safe for concurrent use.
type Service struct {
	Store     Store
	Catalogue record.Catalogue
	District  string // division code, e.g. "120102"
	Now       func() time.Time
	NewID     func() string // UUIDv7
	Committed func(News)    // called after each commit, and never before; may be nil
}

// Apply takes one push of a handheld: everything in it or nothing. The error is a fault about the push as a whole; what
// became of each op is in the reply, one outcome per op in the push's order. Sending the same push again returns the same
// outcomes.
func (s *Service) Apply(ctx context.Context, caller people.Caller, p wire.Push) (wire.PushReply, error) {
	if caller.Device != p.Device {
		return wire.PushReply{}, fault.New(fault.DeviceMismatch)
	}
	ops, err := open(p)
	if err != nil {
		return wire.PushReply{}, err
	}
	var fork *forked
	reply, err := s.inTx(ctx, func(ctx context.Context, tx Tx) (wire.PushReply, error) {
		fork = nil
		reply, err := s.take(ctx, tx, caller, p, ops)
		if errors.As(err, &fork) {
			return wire.PushReply{}, s.keepFork(ctx, tx, caller, fork)
		}
		return reply, err
	})
	if err == nil && fork != nil {
		return wire.PushReply{}, fork.why
	}
	return reply, err
}

// maxMoves bounds how often a push begins again because records move; a record moves when a person transfers it.
const maxMoves = 5

func (s *Service) inTx(ctx context.Context, fn func(context.Context, Tx) (wire.PushReply, error)) (reply wire.PushReply, err error) {
	var heard *overheard // of the attempt that is committed
	also := map[string]bool{}
	var m moved
	for range maxMoves {
		err = s.Store.InTx(ctx, func(ctx context.Context, tx Tx) error {
			var err error
			heard = overhear(wider{tx, also})
			reply, err = fn(ctx, heard)
			return err
		})
		if !errors.As(err, &m) {
			break
		}
		for _, feed := range m.feeds {
			also[feed] = true
		}
	}
	if errors.As(err, &m) {
		err = fault.New(fault.TemporarilyDown).Because(err)
	}
	if err != nil {
		return wire.PushReply{}, err
	}
	if s.Committed != nil {
		s.Committed(heard.news)
	}
	return reply, nil
}

// open decodes the ops of a push and checks what can be checked without the server's state: the order, the chain inside
// the push, and that the head is the last op's hash.
func open(p wire.Push) ([]wire.Sealed, error) {
	if len(p.Ops) == 0 {
		return nil, fault.New(fault.OpInvalid).At("ops").Detail("操作列表为空", "no ops")
	}
	if len(p.Ops) > MaxOps {
		return nil, fault.New(fault.BatchTooLarge).Detail(fmt.Sprintf("最多 %d 项", MaxOps), fmt.Sprintf("at most %d", MaxOps))
	}
	ops := make([]wire.Sealed, len(p.Ops))
	for i, text := range p.Ops {
		op, err := wire.Open(text)
		if err != nil {
			return nil, unreadable(i, err)
		}
		if op.Seq == 0 || i > 0 && op.Seq != ops[i-1].Seq+1 {
			return nil, fault.New(fault.OpInvalid).At(fmt.Sprintf("ops/%d/seq", i)).
				Detail("序号须从一开始并逐一递增", "seq counts from 1, one by one")
		}
		if !record.Storable([]any{op.ID, op.Collection, op.Record, op.Action, op.Author}) {
			return nil, fault.New(fault.OpInvalid).At(fmt.Sprintf("ops/%d", i)).Detail("含有空字符（U+0000）", "it holds U+0000")
		}
		if i > 0 && op.Prev != ops[i-1].Hash {
			return nil, fault.New(fault.ChainBroken).At(fmt.Sprintf("ops/%d/prev", i))
		}
		ops[i] = op
	}
	if p.Head != ops[len(ops)-1].Hash {
		return nil, fault.New(fault.ChainBroken).At("head")
	}
	return ops, nil
}

// unreadable says which member of an op cannot be read, and why.
func unreadable(i int, err error) *fault.Error {
	why := fault.New(fault.OpInvalid).At(fmt.Sprintf("ops/%d", i))
	if place := wire.Where(err); place != "" {
		why = why.At(why.Field + "/" + place)
	}
	zh, en := wire.Why(err)
	switch {
	case errors.Is(err, wire.ErrTooDeep):
		why = why.Detail("嵌套过深", "it nests too deep") // an op may nest less deep than a request
	case errors.Is(err, wire.ErrInteger):
		why = why.Detail("计数超出范围", "a count is out of range")
	case zh != "":
		why = why.Detail(zh, en)
	}
	return why.Because(err)
}

// take claims the device's sequence, replays what was taken before and works through the rest.
func (s *Service) take(ctx context.Context, tx Tx, caller people.Caller, p wire.Push, ops []wire.Sealed) (wire.PushReply, error) {
	device, in, err := tx.LockDevice(ctx, p.Device, recordsOf(ops))
	if err != nil {
		return wire.PushReply{}, err
	}
	if device.Revoked {
		return wire.PushReply{}, fault.New(fault.DeviceRevoked)
	}
	if err := verify(device, p); err != nil {
		return wire.PushReply{}, err
	}
	if device.SetAside {
		return takeAside(ctx, tx, device, p, ops, s.Now())
	}
	first := ops[0].Seq
	if first > device.LastSeq+1 {
		return wire.PushReply{}, SequenceGap(device.LastSeq + 1)
	}
	replayed, err := replay(ctx, tx, device, p, ops)
	if err != nil {
		return wire.PushReply{}, err
	}
	fresh := ops[len(replayed):]
	now := s.Now()
	reply := wire.PushReply{Outcomes: replayed, Acked: max(device.LastSeq, ops[len(ops)-1].Seq), ServerAt: wire.Moment(now)}
	if len(fresh) == 0 {
		return reply, nil
	}
	if fresh[0].Prev != device.HeadHash {
		// The device has signed a chain that is not the server's: a copy of it, or one that was put back.
		return wire.PushReply{}, &forked{device, p, fresh, fault.New(fault.ChainBroken).At(fmt.Sprintf("ops/%d/prev", len(replayed)))}
	}
	device.LastSeq, device.HeadHash = ops[len(ops)-1].Seq, p.Head
	outcomes, err := s.work(ctx, tx, now, batchOf(device, p, fresh, s.NewID(), now), fresh, in, &caller)
	if err != nil {
		return wire.PushReply{}, err
	}
	for _, o := range outcomes {
		reply.Outcomes = append(reply.Outcomes, ToWire(o))
	}
	return reply, nil
}

// verify checks the device's signature over the head of the chain.
func verify(device Device, p wire.Push) error {
	parsed, err := x509.ParsePKIXPublicKey(device.PublicKey)
	key, ok := parsed.(*ecdsa.PublicKey)
	if err != nil || !ok {
		return fmt.Errorf("device %s: stored key is not ECDSA: %w", device.ID, err)
	}
	if err := wire.Verify(key, wire.SigningInput(p.Device, p.Head), p.Signature); err != nil {
		return fault.New(fault.SignatureInvalid).At("signature")
	}
	return nil
}

// replay returns the stored outcomes of the ops that were taken before; an op that differs from what was taken is a fork.
func replay(ctx context.Context, tx Tx, device Device, p wire.Push, ops []wire.Sealed) ([]wire.Outcome, error) {
	first := ops[0].Seq
	if first > device.LastSeq {
		return nil, nil
	}
	last := min(device.LastSeq, ops[len(ops)-1].Seq)
	past, err := tx.Outcomes(ctx, device.ID, first, last)
	if err != nil {
		return nil, err
	}
	var out []wire.Outcome
	for i, op := range ops[:last-first+1] {
		was, ok := past[op.Seq]
		if !ok {
			return nil, fmt.Errorf("device %s: op %d was taken but has no outcome", device.ID, op.Seq)
		}
		if was.Hash != op.Hash {
			return nil, &forked{device, p, ops[i:], fault.New(fault.ReplayDiffers).At(fmt.Sprintf("ops/%d", i))}
		}
		o := ToWire(was.Outcome)
		o.Replayed = true
		out = append(out, o)
	}
	return out, nil
}

func batchOf(device Device, p wire.Push, fresh []wire.Sealed, id string, now time.Time) *Batch {
	return &Batch{
		Device: &device,
		Push: &Provenance{ID: id, Device: device.ID, FirstSeq: fresh[0].Seq, LastSeq: device.LastSeq,
			Head: p.Head, Signature: p.Signature},
		At: now,
	}
}

// SequenceGap is the fault of a push that begins too late; the expected number travels in the problem's "expected".
func SequenceGap(expected uint64) error {
	return &Gap{Expected: expected, Fault: fault.New(fault.SequenceGap).At("ops/0/seq").
		Detail(fmt.Sprintf("应从 %d 开始", expected), fmt.Sprintf("begin at %d", expected))}
}

// Gap carries the number a device must push from.
type Gap struct {
	Expected uint64
	Fault    *fault.Error
}

func (g *Gap) Error() string { return g.Fault.Error() }

// Unwrap gives the fault.
func (g *Gap) Unwrap() error { return g.Fault }

// ToWire gives an outcome the shape in which it travels and is stored.
func ToWire(o record.Outcome) wire.Outcome {
	return wire.Outcome{Op: o.Op, Seq: o.Seq, Status: string(o.Status), Version: o.Version, Code: o.Code, Zh: o.Zh, En: o.En,
		Field: o.Field, Conflict: o.Conflict, Findings: slices.Clone(o.Findings), Letter: o.Letter, HeldBy: o.HeldBy,
		Replayed: o.Replayed}
}

// FromWire undoes [ToWire].
func FromWire(o wire.Outcome) record.Outcome {
	return record.Outcome{Op: o.Op, Seq: o.Seq, Status: record.Status(o.Status), Version: o.Version, Code: o.Code, Zh: o.Zh,
		En: o.En, Field: o.Field, Conflict: o.Conflict, Findings: slices.Clone(o.Findings), Letter: o.Letter, HeldBy: o.HeldBy,
		Replayed: o.Replayed}
}
