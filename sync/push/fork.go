package push

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// What is kept of one device's forks: more than a clone writes in weeks, and no more than a disk can bear from one thief.
const (
	MaxForks     = 10_000
	MaxForkBytes = 64 << 20
)

// Fork is an op that a device sent beside its chain: under a number that it has used for another one, behind an op that is not the last
// the server has, or while it is set aside. It is kept
// verbatim and applied to nothing.
type Fork struct {
	Device     string
	Seq        uint64
	Hash       string
	Op         string // its id
	Text       []byte // RFC 8785
	Head       string // of the push in which it came first,
	Signature  string // which was signed by the device's key
	ReceivedAt time.Time
	Taken      bool // it has become part of the chain since, when the device was released; set by [Forks]
	Adopted    bool // somebody has made the edit their own since; set by [Forks]
}

// Edit is the id of the online op that adopting the fork makes. It is not the op's own: a device that is released may still send that.
func (f *Fork) Edit() string {
	return uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte("fork\x00"+f.Device+"\x00"+f.Hash), 8).String()
}

// Forks reads what is kept of forks.
type Forks interface {
	// Forks lists a device's forks by seq and then hash, of those behind the one named ("" and 0: from the first), at most limit.
	Forks(ctx context.Context, device string, seq uint64, hash string, limit int) ([]Fork, error)
	// ForksOf returns those of the named ones that there are, by hash.
	ForksOf(ctx context.Context, device string, hashes []string) (map[string]Fork, error)
}

// forked is how a push ends that does not continue the device's chain. The transaction that finds it keeps what came and commits.
type forked struct {
	device Device
	push   wire.Push
	ops    []wire.Sealed // that are not in the chain
	why    *fault.Error
}

func (f *forked) Error() string { return f.why.Error() }

// Unwrap gives the fault.
func (f *forked) Unwrap() error { return f.why }

// takeAside answers a device that is set aside: what was taken before has its outcome, everything else is kept beside the chain.
func takeAside(ctx context.Context, tx Tx, device Device, p wire.Push, ops []wire.Sealed, now time.Time) (wire.PushReply, error) {
	taken, err := replay(ctx, tx, device, p, ops)
	var f *forked
	if errors.As(err, &f) {
		f.why = fault.New(fault.DeviceSetAside)
	}
	if err != nil {
		return wire.PushReply{}, err
	}
	if fresh := ops[len(taken):]; len(fresh) > 0 {
		return wire.PushReply{}, &forked{device, p, fresh, fault.New(fault.DeviceSetAside)}
	}
	return wire.PushReply{Outcomes: taken, Acked: device.LastSeq, ServerAt: wire.Moment(now)}, nil
}

// keepFork keeps what a device sent beside its chain and sets the device aside, with one finding for people to look at. Which of the two
// that use its key is the clone nobody knows here: both are the same device. A device that people have released is not set
// aside again for what was known then.
func (s *Service) keepFork(ctx context.Context, tx Tx, caller people.Caller, f *forked) error {
	now := s.Now()
	forks := make([]Fork, len(f.ops))
	for i, op := range f.ops {
		forks[i] = Fork{Device: f.device.ID, Seq: op.Seq, Hash: op.Hash, Op: op.ID, Text: op.Text, Head: f.push.Head, Signature: f.push.Signature,
			ReceivedAt: now}
	}
	news, err := tx.KeepForks(ctx, f.device.ID, forks)
	if err != nil || f.device.SetAside || news == 0 {
		return err
	}
	if err := tx.SetAside(ctx, f.device.ID, now); err != nil {
		return err
	}
	finding, err := s.seal(forkFinding(caller, s.NewID(), f), wire.Op{OccurredAt: now})
	if err != nil {
		return err
	}
	_, err = s.work(ctx, tx, now, &Batch{At: now}, []wire.Sealed{finding}, nil, nil)
	return err
}

func forkFinding(caller people.Caller, id string, f *forked) ServerOp {
	zh, en := "第 %d 号操作被提交了不同的内容", "different content for op %d"
	if f.why.Code == fault.ChainBroken {
		zh, en = "第 %d 号操作不接在服务器已有的操作之后", "an op %d that does not follow what the server has"
	}
	seq := f.ops[0].Seq
	return ServerOp{Collection: findings, Record: id, Action: record.Create, Patch: record.Object{
		"unit": caller.Unit, "code": string(f.why.Code), "basis": "", "collection": "", "record": "", "state": "open",
		"zh": fmt.Sprintf("设备 %s："+zh+"，可能是设备克隆或从旧备份恢复；该设备已暂停提交，待负责人处理", caller.Device, seq),
		"en": fmt.Sprintf("device %s sent "+en+": it may be cloned or restored from an old backup; it is set aside until a person decides",
			caller.Device, seq),
	}}
}

// AdoptForks makes forked ops edits of whoever decides: each is written online in the caller's name, with the patch and the base of the
// fork, and judged like any other. Its id follows from the fork, so that adopting it again is the same edit. The outcomes come in
// the order of the hashes; one that is not kept is fault request.not_found, and nothing is done.
func (s *Service) AdoptForks(ctx context.Context, caller people.Caller, kept Forks, device string, hashes []string) ([]record.Outcome, error) {
	if len(hashes) == 0 || len(hashes) > MaxOps {
		return nil, fault.New(fault.FieldInvalid).At("forks").Detail(fmt.Sprintf("应为一至 %d 项", MaxOps), fmt.Sprintf("want 1 to %d", MaxOps))
	}
	found, err := kept.ForksOf(ctx, device, hashes)
	if err != nil {
		return nil, err
	}
	ops := make([]wire.OnlineOp, len(hashes))
	for i, hash := range hashes {
		f, ok := found[hash]
		if !ok {
			return nil, fault.New(fault.NotFound).At(fmt.Sprintf("forks/%d", i))
		}
		op, err := wire.Open(f.Text)
		if err != nil {
			return nil, fmt.Errorf("fork %s of device %s: %w", hash, device, err)
		}
		ops[i] = wire.OnlineOp{ID: f.Edit(), Txn: op.Txn, Collection: op.Collection, Record: op.Record, Action: op.Action, Base: op.Base,
			Patch: op.Patch, Schema: op.Schema}
	}
	return s.ApplyOnline(ctx, caller, ops)
}
