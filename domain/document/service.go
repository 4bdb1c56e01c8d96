package document

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The papers of service.
const (
	ServiceReceipt = "service-receipt" // 送达回证
	ServiceAddress = "service-address" // 送达地址（电子送达）确认书
)

// Service is that a paper has been served on somebody (送达).
type Service struct {
	Mode    string
	On      time.Time // the day of service, as its first instant in Beijing
	Receipt string    // record of the receipt; "" for a paper that was signed for on itself when it was handed over
	Proven  bool      // nothing that the law asks of the mode is missing
}

// ServiceOf finds the service of a paper: of its receipts and of what was signed on it when it was handed over, the first that is proven, or
// else the first. A receipt counts for nothing when nobody can tell its day, also because a calendar is missing, or when it is another organ's: who is
// entrusted with serving a paper sends his slip, and the paper's organ makes the receipt.
func ServiceOf(ctx context.Context, facts record.Facts, id string, body record.Object, due Due) (s Service, known bool, err error) {
	receipts, err := facts.Match(ctx, Documents.Name, "data/paper/document", id)
	if err != nil {
		return s, false, err
	}
	paper := ReadInstance(body)
	all, err := handedOver(ctx, facts, paper)
	if err != nil {
		return s, false, err
	}
	for _, id := range slices.Sorted(maps.Keys(receipts)) {
		in := ReadInstance(receipts[id])
		if in.Kind != ServiceReceipt || in.State != Issued || !sameOrgan(in, paper) {
			continue
		}
		r, err := readReceipt(ctx, facts, in)
		if err != nil {
			return s, false, err
		}
		if _, on, err := r.day(due); err == nil && !on.IsZero() {
			all = append(all, Service{Mode: r.mode(), On: on, Receipt: id, Proven: len(r.missing()) == 0})
		}
	}
	if len(all) == 0 {
		return s, false, nil
	}
	return slices.MinFunc(all, func(a, b Service) int {
		return cmp.Or(-compareBool(a.Proven, b.Proven), a.On.Compare(b.On), cmp.Compare(a.Receipt, b.Receipt))
	}), true, nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// handedOver is the service of a paper that was signed for on itself, or left with somebody who would not sign. Only papers of which a copy
// is the party's are served.
func handedOver(ctx context.Context, facts record.Facts, in Instance) ([]Service, error) {
	kind, _ := KindOf(in.Kind)
	if in.Kind == ServiceReceipt || !kind.External || kind.Copies < 2 {
		return nil, nil
	}
	for _, one := range in.SignedBy(ByParty) {
		on := dayOf(one.At)
		if issued := dayOf(in.IssuedAt); on.Before(issued) && !in.IssuedAt.IsZero() {
			on = issued // nothing is served before it is issued: what runs for the party runs from then
		}
		switch {
		case one.At.IsZero():
		case !one.Refused:
			return []Service{{Mode: ServedDirectly, On: on, Proven: true}}, nil
		default:
			shown, err := shown(ctx, facts, in, one)
			return []Service{{Mode: ServedByLeaving, On: on, Proven: shown && len(checkRefusal(in, one)) == 0}}, err
		}
	}
	return nil, nil
}

// shown reports whether somebody or something shows a refusal: a witness who signed, or a recording that is on record.
func shown(ctx context.Context, facts record.Facts, in Instance, refusal Signature) (bool, error) {
	if witnessed(in) {
		return true, nil
	}
	_, found, err := facts.Find(ctx, "evidence", refusal.Recording)
	return found, err
}

// receipt is a receipt of service with what it names.
type receipt struct {
	in           Instance
	confirmation record.Object // of the address, by the party; nil if there is none on record
	recordings   int           // that it names and that are on record
}

func readReceipt(ctx context.Context, facts record.Facts, in Instance) (receipt, error) {
	r := receipt{in: in}
	var err error
	if id := text(object(in.Data, "confirmation"), "document"); id != "" {
		if r.confirmation, _, err = facts.Find(ctx, Documents.Name, id); err != nil {
			return r, err
		}
	}
	for _, id := range recordIDs.FindAllString(text(in.Data, "recordings"), maxRecordings) {
		_, found, err := facts.Find(ctx, "evidence", id)
		if err != nil {
			return r, err
		}
		if found {
			r.recordings++
		}
	}
	return r, nil
}

// maxRecordings is how many recordings of one service are looked up.
const maxRecordings = 20

func (r *receipt) mode() string { return text(r.in.Data, "mode") }

// base is what the day of service is told by; the zero moment when the receipt does not say.
func (r *receipt) base(dated string) time.Time {
	var day time.Time
	switch dated {
	case datedBySignature:
		for _, one := range r.in.SignedBy(ByParty) {
			if !one.Refused && !one.At.IsZero() {
				return dayOf(one.At)
			}
		}
	case datedByClaim:
		day, _ = dayIn(text(r.in.Data, "servedAt"))
	case datedBySlip:
		day, _ = dayIn(text(r.in.Data, "slipOn"))
	case datedByPublication:
		day, _ = dayIn(text(r.in.Data, "publishedOn"))
	}
	return day
}

// day computes the day of service by the law of its time: the zero moment when the receipt does not say what tells it, or names no mode
// that there was. An error is the calendar's.
func (r *receipt) day(due Due) (m Mode, on time.Time, err error) {
	i := slices.IndexFunc(modes, func(m Mode) bool { return m.Key == r.mode() })
	if i < 0 {
		return m, on, nil
	}
	base := r.base(modes[i].By)
	m, known := ModeOn(r.mode(), cmp.Or(base, r.in.IssuedAt)) // a receipt that tells no day is judged by the law of its own
	if base.IsZero() || !known || m.N == 0 {
		return cmp.Or(m, modes[i]), base, nil
	}
	on, err = due(base, m.N, m.Unit, false)
	return m, on, err
}
