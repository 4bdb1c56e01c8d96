package papers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// How many numbers a block has, if the device does not say, and at most.
const (
	usualLease = 10
	maxLease   = 100
	mostHeld   = 500 // that a device may have in hand unused: one that leases in a loop tears a hole into its series, and no more
)

// Lease gives the caller's device a block of numbers for a kind of paper, of the device's organ and this year, and returns
// the block's record. The same key gets the same block again, whatever became of the first reply; an empty key always gets
// a new one. The block expires after the service's time, and at the end of the year at the latest: what is issued next year
// carries a number of that year. A device that is set aside gets none but those it has got already.
func (s *Service) Lease(ctx context.Context, caller people.Caller, kind string, count int, key string) (string, record.Object, error) {
	return s.LeaseOf(ctx, caller, kind, count, 0, key)
}

// aheadOfYear is how long before a year begins its numbers can be leased, so that who has no network over New Year has numbers.
const aheadOfYear = 15 * 24 * time.Hour

// LeaseOf is [Service.Lease] for the numbers of a year: this one (0 means it too), or the next when it is near. Years are those of Beijing.
func (s *Service) LeaseOf(ctx context.Context, caller people.Caller, kind string, count, year int, key string) (string, record.Object, error) {
	now := s.Now()
	if year == 0 {
		year = now.In(record.Beijing).Year()
	}
	if count == 0 {
		count = usualLease
	}
	if count < 1 || count > maxLease {
		return "", nil, fault.New(fault.LeaseCount).At("count")
	}
	if of := now.In(record.Beijing).Year(); year != of && (year != of+1 || now.Before(newYear(year).Add(-aheadOfYear))) {
		return "", nil, fault.New(fault.LeaseYear).At("year")
	}
	if !caller.May("numbers.lease", caller.Unit, now) {
		return "", nil, fault.New(fault.RoleInsufficient)
	}
	id := s.leaseID(caller.Device, key)
	if body, err := s.leased(ctx, id, kind, count); err != nil || body != nil {
		return id, body, err
	}
	if caller.Aside {
		return "", nil, fault.New(fault.DeviceSetAside) // of two devices that are one, both would issue papers with them
	}
	body, err := s.block(ctx, caller, kind, year, now)
	if err != nil {
		return "", nil, err
	}
	series, _ := body["series"].(string)
	held, err := s.held(ctx, caller.Device, series, now)
	if err != nil {
		return "", nil, err
	}
	if held+uint64(count) > mostHeld {
		return "", nil, fault.New(fault.NumbersEnough).At("count")
	}
	first, err := s.Numbers.LeaseNumbers(ctx, id, series, count)
	if err != nil {
		return "", nil, err
	}
	body["from"], body["to"] = float64(first), float64(first)+float64(count)-1
	op := push.ServerOp{Collection: document.Blocks.Name, Record: id, Action: record.Create, Patch: body}
	return id, body, s.Records.ApplyOwn(ctx, []push.ServerOp{op})
}

// leaseID names a lease: by the key for one that may be asked for again. A device has its own keys.
func (s *Service) leaseID(device, key string) string {
	if key == "" {
		return s.NewID()
	}
	return uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte("lease\x00"+device+"\x00"+key), 8).String()
}

// leased finds the block that a key has got already; nil when it has not.
func (s *Service) leased(ctx context.Context, id, kind string, count int) (record.Object, error) {
	r, err := s.History.Record(ctx, document.Blocks.Name, id)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	body, err := wire.Object(r.Body)
	if err != nil {
		return nil, err
	}
	from, _ := body["from"].(float64)
	to, _ := body["to"].(float64)
	if body["kind"] != kind || int(to-from)+1 != count {
		return nil, fault.New(fault.IdempotencyReused)
	}
	return body, nil
}

// held counts the numbers of a series that a device has in hand and can still use.
func (s *Service) held(ctx context.Context, device, series string, now time.Time) (held uint64, err error) {
	blocks, err := facts{s.History}.Match(ctx, document.Blocks.Name, "device", device)
	if err != nil {
		return 0, err
	}
	for id, body := range blocks {
		b := document.ReadLeasedBlock(id, body)
		if b.Series != series || !now.Before(b.ExpiresAt) {
			continue
		}
		f, err := s.Numbers.NumberFacts(ctx, series, b.From-1, 1) // a block is of one lease
		if err != nil {
			return 0, err
		}
		for _, e := range f.Account(b.From-1, now) {
			if e.State == document.StateLeased && e.Block == id {
				held += e.Numbers()
			}
		}
	}
	return held, nil
}

// newYear is when a year begins.
func newYear(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, record.Beijing) }

// block is the body of a block but for its numbers. Those of the next year look as they will then.
func (s *Service) block(ctx context.Context, caller people.Caller, kind string, year int, now time.Time) (record.Object, error) {
	when := now
	if begins := newYear(year); begins.After(now) {
		when = begins
	}
	template, err := s.Template(ctx, Which{Kind: kind, On: when.In(record.Beijing).Format(time.DateOnly)})
	if errors.Is(err, fault.New(fault.PaperTemplateAbsent)) {
		err = fault.New(fault.PaperTemplateAbsent).At("kind")
	}
	if err != nil {
		return nil, err
	}
	if template.Number == nil {
		return nil, fault.New(fault.PaperNotNumbered).At("kind")
	}
	o, err := s.organ(ctx, caller.Unit)
	if err != nil {
		return nil, err
	}
	if o.Name == "" {
		return nil, fault.New(fault.PaperOrganAbsent)
	}
	return record.Object{"device": caller.Device, "unit": caller.Unit, "series": document.SeriesName(o.Code, kind, year), "organ": o.Code, "kind": kind,
		"year": float64(year), "pattern": template.Number.Pattern(cmp.Or(o.Short, o.Name), year),
		"leasedAt": stamp(now), "expiresAt": stamp(s.expiry(now, year))}, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
