package document

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// LeasedBlock is a run of numbers of one series that one device may use.
type LeasedBlock struct {
	ID, Device, Unit     string
	Series, Organ, Kind  string
	Year                 int
	Pattern              string // see [NumberText]; "" in blocks of before there were any
	From, To             uint64
	LeasedAt, ExpiresAt  time.Time
	Voids                map[uint64]Spoilt
	Returns              []NumberReturn // by their first number
	Lost                 Loss
	MovedFrom            uint64 // the first number that another block has now; 0: none
	MovedTo, MovedDevice string // that block, and whose it is
}

// Spoilt is a number that is on no paper and never will be.
type Spoilt struct {
	Reason, Officer string
	At              time.Time
}

// NumberReturn is a run of numbers that were given back unused.
type NumberReturn struct {
	From, To        uint64
	Officer, Reason string
	At              time.Time
}

// Loss says that a block's device is lost: whatever numbers of it are not accounted for may be on papers that nobody has seen.
type Loss struct {
	At              time.Time // zero: it is not
	Officer, Reason string
}

// ReadLeasedBlock reads a record of the collection blocks. Entries that no gate would have let pass are left out.
func ReadLeasedBlock(id string, body record.Object) LeasedBlock {
	lost, moved := object(body, "lost"), object(body, "moved")
	b := LeasedBlock{ID: id, Device: text(body, "device"), Unit: text(body, "unit"), Series: text(body, "series"), Organ: text(body, "organ"), Kind: text(body, "kind"),
		Year: whole(body, "year"), Pattern: text(body, "pattern"), From: figureOf(body, "from"), To: figureOf(body, "to"),
		LeasedAt: moment(body, "leasedAt"), ExpiresAt: moment(body, "expiresAt"), Voids: map[uint64]Spoilt{},
		Lost:      Loss{At: moment(lost, "at"), Officer: text(lost, "officer"), Reason: text(lost, "reason")},
		MovedFrom: figureOf(moved, "from"), MovedTo: text(moved, "block"), MovedDevice: text(moved, "device")}
	for key := range object(body, "voids") {
		if n, ok := b.figure(key); ok {
			v := object(object(body, "voids"), key)
			b.Voids[n] = Spoilt{Reason: text(v, "reason"), Officer: text(v, "officer"), At: moment(v, "at")}
		}
	}
	for key := range object(body, "returns") {
		r := object(object(body, "returns"), key)
		if n, ok := b.figure(key); ok && figureOf(r, "to") >= n {
			b.Returns = append(b.Returns, NumberReturn{From: n, To: min(figureOf(r, "to"), b.To), Officer: text(r, "officer"), Reason: text(r, "reason"), At: moment(r, "at")})
		}
	}
	slices.SortFunc(b.Returns, func(a, b NumberReturn) int { return int(int64(a.From) - int64(b.From)) })
	return b
}

// Has reports whether a number is of the block, and has not gone to another.
func (b *LeasedBlock) Has(n uint64) bool {
	return n >= b.From && n <= b.To && (b.MovedFrom == 0 || n < b.MovedFrom)
}

// Returned finds the return that a number was given back by.
func (b *LeasedBlock) Returned(n uint64) (NumberReturn, bool) {
	for _, r := range b.Returns {
		if n >= r.From && n <= r.To {
			return r, true
		}
	}
	return NumberReturn{}, false
}

// Text is how a number of the block stands on a paper.
func (b *LeasedBlock) Text(n uint64) string {
	if b.Pattern == "" {
		return fmt.Sprintf("%s/%d", b.Series, n)
	}
	return NumberText(b.Pattern, n)
}

// figure reads the key of an entry: a number of the block, in plain digits.
func (b *LeasedBlock) figure(key string) (uint64, bool) {
	n, err := strconv.ParseUint(key, 10, 64)
	return n, err == nil && strconv.FormatUint(n, 10) == key && n >= b.From && n <= b.To
}

// figureOf is a member that counts; 0 for what does not.
func figureOf(body record.Object, name string) uint64 {
	n := amount(body, name)
	if n < 1 || n > 1<<53 || n != float64(uint64(n)) {
		return 0
	}
	return uint64(n)
}

// mostReason is how long the reason of a void or a return may be, in characters.
const mostReason = 200

// blockGate refuses entries that name no number of their block or do not say why: they could never be accounted for.
var blockGate = record.Gate{Code: "number.block", Basis: numberBasis, Effect: record.Refuse,
	Judge: func(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
		if ev.After == nil {
			return []record.Breach{{Zh: "号段不能删除", En: "a block is never removed"}}, nil
		}
		b := ReadLeasedBlock(ev.Op.Record, ev.After)
		var breaches []record.Breach
		if was := ReadLeasedBlock(ev.Op.Record, ev.Before); ev.Before != nil && (was.Device != b.Device || was.MovedFrom > 0 && (was.MovedFrom != b.MovedFrom || was.MovedTo != b.MovedTo || was.MovedDevice != b.MovedDevice)) {
			breaches = append(breaches, record.Breach{Field: "moved", Zh: "号段只能转移一次", En: "the rest of a block moves once"})
		}
		say := func(path, zh, en string) { breaches = append(breaches, record.Breach{Field: path, Zh: zh, En: en}) }
		for _, key := range added(ev, "voids") {
			if _, ok := b.figure(key); !ok {
				say("voids/"+key, "编号不在本号段内", "this number is not of the block")
			}
			if reason := text(object(object(ev.After, "voids"), key), "reason"); strings.TrimSpace(reason) == "" || !PlainReason(reason) {
				say("voids/"+key+"/reason", fmt.Sprintf("作废须说明理由，至多%d字", mostReason), fmt.Sprintf("say why, in at most %d characters", mostReason))
			}
		}
		for _, key := range added(ev, "returns") {
			r := object(object(ev.After, "returns"), key)
			if n, ok := b.figure(key); !ok || figureOf(r, "to") < n || figureOf(r, "to") > b.To {
				say("returns/"+key, "交回的编号不在本号段内", "these numbers are not of the block")
			}
			if !PlainReason(text(r, "reason")) {
				say("returns/"+key+"/reason", fmt.Sprintf("理由至多%d字", mostReason), fmt.Sprintf("at most %d characters", mostReason))
			}
		}
		return breaches, nil
	}}

// PlainReason reports whether a text may stand as the reason of a void or a return: at most 200 characters, all of them printable.
func PlainReason(s string) bool { return len([]rune(s)) <= mostReason && len(checkCharacters(s)) == 0 }

// added lists the keys that an event adds to a set, sorted.
func added(ev record.Event, set string) []string {
	before := object(ev.Before, set)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(object(ev.After, set))), func(key string) bool { _, there := before[key]; return there })
}

// newlyVoid claims the numbers that an event says are spoilt, so that no paper can bear them.
func newlyVoid(ev record.Event) []record.Claim {
	if ev.After == nil {
		return nil
	}
	b := ReadLeasedBlock(ev.Op.Record, ev.After)
	var claims []record.Claim
	for _, key := range added(ev, "voids") {
		if n, ok := b.figure(key); ok {
			claims = append(claims, record.Claim{Series: b.Series, N: n})
		}
	}
	return claims
}
