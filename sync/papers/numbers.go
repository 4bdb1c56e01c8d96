package papers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Loss is what a leader or supervisor says of a block whose device is lost or revoked.
type Loss struct {
	Reason string
	Device string // another device, that goes on with the numbers from From; "": none does
	From   uint64 // the first number that the lost device has surely not used
}

// Lose notes that a block's device is lost: what is unused of the block is in doubt from now on. With a device, the numbers from one on move to a
// new block of that device, which is returned too. The lost device may have used numbers that nobody has seen yet, so which ones it has surely not
// reached is for the person to say; a number that is known to be used, void or given back cannot move, nor any before it. Said again it returns what
// there is; a block moves once.
//
// A block that is not there, or of a unit that the caller may not settle for, is fault request.not_found.
func (s *Service) Lose(ctx context.Context, caller people.Caller, id string, loss Loss) (lost record.Object, movedTo string, moved record.Object, err error) {
	body, err := s.find(ctx, document.Blocks.Name, id)
	if err != nil {
		return nil, "", nil, err
	}
	b := document.ReadLeasedBlock(id, body)
	if unit := cmp.Or(b.Unit, b.Organ); unit == "" || !caller.May("blocks.settle", unit, s.Now()) {
		return nil, "", nil, fault.New(fault.NotFound)
	}
	if strings.TrimSpace(loss.Reason) == "" || !document.PlainReason(loss.Reason) {
		return nil, "", nil, fault.New(fault.FieldInvalid).At("reason").Detail("应填写理由，至多二百字", "say why, in at most 200 characters")
	}
	if loss.From > 0 && loss.Device == "" { // else the block would be lost for good, and nobody could go on with it as was meant
		return nil, "", nil, fault.New(fault.FieldInvalid).At("device").Detail("转移编号应指明接收的设备", "numbers move to a device: name it")
	}
	if b.MovedFrom == 0 || b.MovedFrom != loss.From || b.MovedDevice != loss.Device {
		ops, err := s.losing(ctx, caller, b, loss)
		if err == nil && len(ops) > 0 {
			err = s.Judged.ApplyJudged(ctx, ops)
		}
		if errors.Is(err, fault.New(fault.GateRefused)) {
			err = fault.New(fault.BlockMoved) // somebody else has, at the same moment
		}
		if err != nil {
			return nil, "", nil, err
		}
	}
	if lost, err = s.find(ctx, document.Blocks.Name, id); err != nil {
		return nil, "", nil, err
	}
	if movedTo = document.ReadLeasedBlock(id, lost).MovedTo; movedTo != "" {
		moved, err = s.find(ctx, document.Blocks.Name, movedTo)
	}
	return lost, movedTo, moved, err
}

// losing are the ops by which a block is lost and moved; none when that is said already.
func (s *Service) losing(ctx context.Context, caller people.Caller, b document.LeasedBlock, loss Loss) ([]push.ServerOp, error) {
	patch, now := record.Object{}, s.Now()
	var ops []push.ServerOp
	if b.Lost.At.IsZero() {
		patch["lost"] = record.Object{"at": stamp(now), "officer": caller.Officer, "reason": loss.Reason}
	}
	if loss.Device != "" {
		if b.MovedFrom > 0 {
			return nil, fault.New(fault.BlockMoved)
		}
		unit, err := s.target(ctx, b, loss.Device)
		if err != nil {
			return nil, err
		}
		if err := s.untouched(ctx, b, loss.From); err != nil {
			return nil, err
		}
		to := movedID(b.ID)
		patch["moved"] = record.Object{"from": float64(loss.From), "block": to, "device": loss.Device}
		ops = append(ops, push.ServerOp{Collection: document.Blocks.Name, Record: to, Action: record.Create, Patch: record.Object{
			"device": loss.Device, "unit": unit, "series": b.Series, "organ": b.Organ, "kind": b.Kind, "year": float64(b.Year), "pattern": b.Pattern,
			"from": float64(loss.From), "to": float64(b.To), "movedFrom": b.ID, "leasedAt": stamp(now), "expiresAt": stamp(s.expiry(now, b.Year))}})
	}
	if len(patch) > 0 {
		ops = append(ops, push.ServerOp{Collection: document.Blocks.Name, Record: b.ID, Action: record.Update, Patch: patch})
	}
	return ops, nil
}

// movedID names the block that the rest of another moves to: a block moves once.
func movedID(block string) string {
	return uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte("moved\x00"+block), 8).String()
}

// target checks that a device can go on with numbers of a block: it is in use, and of the same organ. It returns the device's unit.
func (s *Service) target(ctx context.Context, b document.LeasedBlock, device string) (unit string, err error) {
	wrong := fault.New(fault.BlockTarget).At("device")
	if !record.IsID(device) || device == b.Device {
		return "", wrong
	}
	d, err := s.Devices.Device(ctx, device)
	if errors.Is(err, fault.New(fault.NotFound)) || err == nil && (!d.RevokedAt.IsZero() || !d.SetAsideAt.IsZero()) {
		return "", wrong
	}
	if err != nil {
		return "", err
	}
	o, err := s.organ(ctx, d.Unit)
	if err == nil && o.Code != b.Organ {
		err = wrong
	}
	return d.Unit, err
}

// untouched checks that nothing is known of the numbers of a block from one on.
func (s *Service) untouched(ctx context.Context, b document.LeasedBlock, from uint64) error {
	first := b.From // the first number that can move
	for after := b.From - 1; after < b.To; {
		f, err := s.Numbers.NumberFacts(ctx, b.Series, after, pageLeases)
		if err != nil {
			return err
		}
		entries := f.Account(after, s.Now())
		for _, e := range entries {
			if after = e.To; e.Paper != "" || e.State == document.StateVoid || e.State == document.StateReturned {
				if last := min(e.To, b.To); e.From <= b.To {
					first = max(first, last+1)
				}
			}
		}
		if len(entries) == 0 {
			break
		}
	}
	if from < first || from > b.To {
		return fault.New(fault.BlockFrom).At("from").Detail(fmt.Sprintf("可转移的编号为%d至%d", first, b.To), fmt.Sprintf("numbers from %d to %d can move", first, b.To))
	}
	return nil
}

// pageLeases is how many leases are accounted for at a time: at most so many hundred numbers, but for those that a restore left out, which are one
// entry.
const pageLeases = 50

// Account accounts for the numbers of a series after one, as of now: those of at most so many leases, from 1 to 50. next is where the following page
// begins; 0 at the end. A series that has never given a number is fault request.not_found.
func (s *Service) Account(ctx context.Context, series string, after uint64, leases int) (entries []document.NumberEntry, next uint64, err error) {
	f, err := s.Numbers.NumberFacts(ctx, series, after, min(max(leases, 1), pageLeases))
	if err != nil {
		return nil, 0, err
	}
	entries = f.Account(after, s.Now())
	if f.More && len(entries) > 0 {
		next = entries[len(entries)-1].To
	}
	return entries, next, nil
}

// EachNumber calls fn for every entry of a series' account in the order of numbers, in memory that does not grow with the series. An error of fn ends
// the walk and is returned. Each page is of one moment: what happens meanwhile to numbers further on is told as it is then.
func (s *Service) EachNumber(ctx context.Context, series string, fn func(document.NumberEntry) error) error {
	for after := uint64(0); ; {
		entries, next, err := s.Account(ctx, series, after, pageLeases)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := fn(e); err != nil {
				return err
			}
		}
		if next == 0 {
			return nil
		}
		after = next
	}
}

// Totals counts the numbers of a series by what has become of them.
func (s *Service) Totals(ctx context.Context, series string) (t document.NumberTotals, err error) {
	err = s.EachNumber(ctx, series, func(e document.NumberEntry) error {
		t.Add(&e)
		return nil
	})
	return t, err
}

// expiry is when a block ends that is given out now: after the service's time, and with its year at the latest.
func (s *Service) expiry(now time.Time, year int) time.Time {
	expires := now.Add(s.NumberTTL)
	if end := newYear(year + 1); end.Before(expires) {
		return end
	}
	return expires
}
