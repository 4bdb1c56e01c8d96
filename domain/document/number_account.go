package document

import (
	"cmp"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// NumberState is what has become of a number. Each number of a series is in exactly one.
type NumberState string

// The states of numbers.
const (
	StateIssued      NumberState = "issued"      // it is on a paper
	StateVoid        NumberState = "void"        // its paper was made void, or it is on none and never will be
	StateLeased      NumberState = "leased"      // a device may use it
	StateReturned    NumberState = "returned"    // given back unused
	StateExpired     NumberState = "expired"     // its block is over; a paper that was issued in time may still come
	StateDoubt       NumberState = "doubt"       // its device is lost, revoked or a copy of another: nobody knows whether a paper bears it
	StateSkipped     NumberState = "skipped"     // left out when the database was restored from a backup
	StateOpen        NumberState = "open"        // taken for a block that is not written yet: the device asks again and gets it
	StateUnexplained NumberState = "unexplained" // there must be none
)

// RestoredLease begins the names of leases by which a restore from a backup leaves numbers out.
const RestoredLease = "restored/"

// NumberLease is a run of numbers that was taken from its series for good, in most cases for the block of the same id.
type NumberLease struct {
	ID           string
	First, Count uint64
	At           time.Time
}

// NumberUse is who has a number, or claims to: a paper, or the block that says it is void.
type NumberUse struct {
	Record     string // id of the paper or the block
	Paper      bool
	State      string // of the paper: Issued or Voided
	Reason     string // why the paper is void
	Officer    string // who issued it, or made it void
	Device     string // that issued it; "" if it was none
	IssuedAt   time.Time
	ReceivedAt time.Time
}

// Absence is since when a device is out of use, and why.
type Absence struct {
	Since time.Time
	Why   string // revoked or aside
}

// NumberFacts is what some leases of a series are accounted by.
type NumberFacts struct {
	Last    uint64                   // the last number the series has given
	Leases  []NumberLease            // in their order
	More    bool                     // there are leases after these
	Blocks  map[string]record.Object // by id: of the leases, and those that their numbers were moved to
	Uses    map[uint64]NumberUse
	Doubles map[uint64][]NumberUse // claims of numbers that were another's
	Absent  map[string]Absence     // by device
}

// NumberEntry accounts for a number, or for a run of numbers that have become the same.
type NumberEntry struct {
	From, To uint64
	State    NumberState
	Text     string    // as it stands on the paper; of a run that of the first
	Paper    string    // record id
	Block    string    // record id
	Device   string    // that used it, or has it
	Officer  string    // who issued it, made it void, gave it back or said the device was lost
	Reason   string    // of a void or a return; of doubt: lost, revoked or aside
	At       time.Time // of issue, void, return, expiry or loss
	Until    time.Time // of leased ones
	Doubles  []NumberUse
}

// Numbers counts the numbers of an entry.
func (e *NumberEntry) Numbers() uint64 { return e.To - e.From + 1 }

// NumberTotals counts the numbers of a series by what has become of them.
type NumberTotals struct {
	Last    uint64
	By      map[NumberState]uint64
	Doubles uint64 // numbers that more than one claims; they are counted once above
}

// Add counts an entry in.
func (t *NumberTotals) Add(e *NumberEntry) {
	if t.By == nil {
		t.By = map[NumberState]uint64{}
	}
	t.By[e.State] += e.Numbers()
	t.Last += e.Numbers()
	if len(e.Doubles) > 0 {
		t.Doubles++
	}
}

// Account accounts for every number after one: up to the last of the leases, and if there are no more of them up to the last number of the series. It
// needs nothing but the facts and the time.
func (f *NumberFacts) Account(after uint64, now time.Time) []NumberEntry {
	a := accounting{facts: f, now: now, blocks: map[string]LeasedBlock{}, next: after + 1}
	for id, body := range f.Blocks {
		a.blocks[id] = ReadLeasedBlock(id, body)
	}
	for _, l := range f.Leases {
		a.unexplained(l.First)
		for last := l.First + l.Count; a.next < last; a.next++ {
			a.add(a.one(l, a.next))
		}
	}
	if !f.More {
		a.unexplained(f.Last + 1)
	}
	return a.entries
}

type accounting struct {
	facts   *NumberFacts
	now     time.Time
	blocks  map[string]LeasedBlock
	next    uint64 // the first number that is not accounted for yet
	entries []NumberEntry
}

// unexplained accounts for what lies before a number and is of no lease.
func (a *accounting) unexplained(before uint64) {
	if a.next < before {
		a.entries = append(a.entries, NumberEntry{From: a.next, To: before - 1, State: StateUnexplained})
		a.next = before
	}
}

// add appends an entry, to the run before it if both say the same.
func (a *accounting) add(e NumberEntry) {
	if n := len(a.entries); n > 0 && a.entries[n-1].continues(&e) {
		a.entries[n-1].To = e.To
		return
	}
	a.entries = append(a.entries, e)
}

func (e *NumberEntry) continues(next *NumberEntry) bool {
	return e.State == next.State && e.Paper == "" && next.Paper == "" && e.State != StateVoid && e.Block == next.Block && e.At.Equal(next.At) && e.Reason == next.Reason &&
		e.Officer == next.Officer && len(e.Doubles)+len(next.Doubles) == 0
}

// one accounts for a number of a lease. What is claimed is claimed, whatever its block says; the rest is as its block is, or the block it was moved to.
func (a *accounting) one(l NumberLease, n uint64) NumberEntry {
	e := NumberEntry{From: n, To: n, Doubles: a.facts.Doubles[n]}
	b, written := a.holder(l.ID, n)
	if written {
		e.Block, e.Device, e.Text = b.ID, b.Device, b.Text(n)
	}
	if use, ok := a.facts.Uses[n]; ok {
		return a.used(e, use)
	}
	switch {
	case strings.HasPrefix(l.ID, RestoredLease):
		e.State, e.At = StateSkipped, l.At
	case !written:
		e.State, e.At, e.Block = StateOpen, l.At, l.ID
	case n < b.From || n > b.To: // the block has other numbers than its lease
		e = NumberEntry{From: n, To: n, State: StateUnexplained}
	default:
		a.unused(&e, &b)
	}
	return e
}

// holder is the block that a number is in: the lease's, or the last of those it was moved on to.
func (a *accounting) holder(id string, n uint64) (LeasedBlock, bool) {
	b, ok := a.blocks[id]
	for range len(a.blocks) {
		next, moved := a.blocks[b.MovedTo]
		if !moved || b.MovedFrom == 0 || n < b.MovedFrom {
			break
		}
		b = next
	}
	return b, ok
}

func (a *accounting) used(e NumberEntry, use NumberUse) NumberEntry {
	e.Officer = use.Officer
	if use.Paper {
		e.State, e.Paper, e.Device, e.At = StateIssued, use.Record, cmp.Or(use.Device, e.Device), use.IssuedAt // old claims do not say
		if use.State == Voided {
			e.State, e.Reason = StateVoid, use.Reason
		}
		return e
	}
	b := a.blocks[use.Record]
	v := b.Voids[e.From]
	e.State, e.Block, e.Device, e.Officer, e.Reason, e.At = StateVoid, use.Record, b.Device, v.Officer, v.Reason, v.At
	return e
}

// unused accounts for a number that nobody has claimed by its block. A device that is out of use since before the block was over may have used it.
func (a *accounting) unused(e *NumberEntry, b *LeasedBlock) {
	absent, gone := a.facts.Absent[b.Device]
	if r, ok := b.Returned(e.From); ok {
		e.State, e.At, e.Officer, e.Reason = StateReturned, r.At, r.Officer, r.Reason
		return
	}
	switch {
	case !b.Lost.At.IsZero():
		e.State, e.At, e.Officer, e.Reason = StateDoubt, b.Lost.At, b.Lost.Officer, "lost"
	case gone && absent.Since.Before(b.ExpiresAt):
		e.State, e.At, e.Reason = StateDoubt, absent.Since, absent.Why
	case !a.now.Before(b.ExpiresAt):
		e.State, e.At = StateExpired, b.ExpiresAt
	default:
		e.State, e.Until = StateLeased, b.ExpiresAt
	}
}
