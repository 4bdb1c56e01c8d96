package people

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// EventKind names what can happen to a certificate.
type EventKind string

// The events. A restoration lifts a suspension only; a reissue (a lost card replaced, a person back in his post) lifts a
// withdrawal or a cancellation only. An amendment tells why another field of the certificate was changed.
const (
	Suspend  EventKind = "suspended" // 暂扣
	Restore  EventKind = "restored"  // 恢复
	Withdraw EventKind = "withdrawn" // 收回
	Cancel   EventKind = "cancelled" // 注销
	Reissue  EventKind = "reissued"  // 补发
	Amend    EventKind = "amended"   // 变更
)

// rank orders events of one moment: what lifts comes first, so that what takes away wins.
var rank = map[EventKind]int{Amend: 0, Restore: 1, Reissue: 1, Suspend: 2, Withdraw: 2, Cancel: 3}

// CertificateEvent is one dated event of a certificate.
type CertificateEvent struct {
	Kind   EventKind
	At     time.Time // when it took effect, not when it was written down
	Reason string
}

// Certificate is an enforcement certificate (行政执法证) as read from its record.
type Certificate struct {
	Number   string
	Officer  string   // record id
	Organ    string   // of the holder: a unit code, or a name
	Fields   []string // 执法领域
	Area     []string // codes of units; empty: the organ's own area
	IssuedBy string
	From, To string      // first and last day of validity as the card says, YYYY-MM-DD
	Term     record.Span // the same as instants: To is included
	Events   []CertificateEvent
}

// ReadCertificate reads a certificate's body. Dates that cannot be read, or an event of an unknown kind, make the whole
// unreadable (fault law.certificate_unreadable): what cannot be read certifies nobody.
func ReadCertificate(body record.Object) (Certificate, error) {
	bad := fault.New(fault.CertificateUnreadable)
	c := Certificate{Number: text(body["number"]), Officer: text(body["officer"]), Organ: text(body["organ"]),
		Fields: texts(body["fields"]), Area: texts(body["area"]), IssuedBy: text(body["issuedBy"]),
		From: text(body["validFrom"]), To: text(body["validTo"])}
	for _, field := range []string{"number", "officer", "organ", "validTo"} {
		if text(body[field]) == "" {
			return c, bad.At(field).Detail("未填写", "it is missing")
		}
	}
	var ok bool
	if c.Term, ok = record.Days(body["validFrom"], body["validTo"]); !ok {
		return c, bad.At("validFrom").Detail("有效期不正确", "the term of validity is wrong")
	}
	events, _ := body["events"].(record.Object)
	for _, key := range slices.Sorted(maps.Keys(events)) {
		e, ok := readEvent(events[key])
		if !ok {
			return c, bad.At("events/"+key).Detail("事项的kind应为"+eventKinds+"之一，且不能缺少时间（at）", "the kind of an event is one of "+eventKinds+", and it says when (at)")
		}
		c.Events = append(c.Events, e)
	}
	slices.SortStableFunc(c.Events, func(a, b CertificateEvent) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(rank[a.Kind], rank[b.Kind]))
	})
	return c, nil
}

// eventKinds names the kinds of events to whoever wrote another.
const eventKinds = string(Suspend + "、" + Restore + "、" + Withdraw + "、" + Cancel + "、" + Reissue + "、" + Amend)

func readEvent(value any) (CertificateEvent, bool) {
	body, _ := value.(record.Object)
	e := CertificateEvent{Kind: EventKind(text(body["kind"])), Reason: text(body["reason"])}
	_, known := rank[e.Kind]
	at, ok := momentOf(body["at"])
	e.At = at
	return e, known && ok && !at.IsZero()
}

func text(value any) string {
	s, _ := value.(string)
	return strings.TrimSpace(s)
}

func texts(value any) []string {
	var out []string
	array, _ := value.([]any)
	for _, v := range array {
		if s := text(v); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Covers reports whether the certificate reaches the unit: one of the codes of its area, or else its organ's code, begins the
// unit's. An organ that is given by its name says nothing of units and is not judged.
func (c Certificate) Covers(unit string) bool {
	if len(c.Area) == 0 {
		return !IsUnitCode(c.Organ) || strings.HasPrefix(unit, c.Organ)
	}
	return slices.ContainsFunc(c.Area, func(code string) bool { return strings.HasPrefix(unit, code) })
}

// IsUnitCode reports whether a text is a code of a unit, which begins with the six digits of a division, and not a name.
func IsUnitCode(text string) bool {
	if len(text) < 6 {
		return false
	}
	return strings.Trim(text[:6], "0123456789") == ""
}

// Standing is what a certificate is worth at a moment.
type Standing string

// The standings.
const (
	Valid       Standing = "valid"         // 有效
	NotYetValid Standing = "not_yet_valid" // 未生效
	Suspended   Standing = "suspended"     // 暂扣
	Withdrawn   Standing = "withdrawn"     // 收回
	Cancelled   Standing = "cancelled"     // 注销
	Expired     Standing = "expired"       // 过期
)

var standingZh = map[Standing]string{Valid: "有效", NotYetValid: "尚未生效", Suspended: "暂扣", Withdrawn: "收回",
	Cancelled: "注销", Expired: "过期"}

// Zh is the standing in Chinese.
func (s Standing) Zh() string { return standingZh[s] }

// Status is a standing with what gives it. Of a certificate that is not yet valid, Since is zero.
type Status struct {
	Standing Standing
	Since    time.Time
	Reason   string // of the event that gives it; "" where a date does
}

// StandingAt tells the certificate's standing at a moment. Of several reasons not to be valid the gravest is told: cancelled,
// withdrawn, then the term, then suspended.
func (c Certificate) StandingAt(t time.Time) Status {
	var suspended, ended, lifted Status
	for _, e := range c.Events {
		if e.At.After(t) {
			break
		}
		switch now := (Status{Standing(e.Kind), e.At, e.Reason}); e.Kind {
		case Suspend:
			if suspended.Standing == "" {
				suspended = now
			}
		case Withdraw, Cancel:
			if ended.Standing != Cancelled && ended.Standing != now.Standing {
				ended = now
			}
		case Restore:
			if suspended.Standing != "" {
				suspended, lifted = Status{}, now
			}
		case Reissue:
			if ended.Standing != "" {
				ended, lifted = Status{}, now
			}
		}
	}
	switch {
	case ended.Standing != "":
		return ended
	case t.Before(c.Term.From):
		return Status{Standing: NotYetValid}
	case !c.Term.Holds(t):
		return Status{Standing: Expired, Since: c.Term.Until}
	case suspended.Standing != "":
		return suspended
	case lifted.Since.After(c.Term.From):
		return Status{Valid, lifted.Since, lifted.Reason}
	}
	return Status{Standing: Valid, Since: c.Term.From}
}

// ValidDuring judges the certificate for an act that happened between two moments, both included.
func (c Certificate) ValidDuring(from, to time.Time) record.Verdict {
	return record.During(c.valid(), from, to)
}

// valid lists the spans in which the certificate is valid: its standing changes only where its term begins or ends and at
// its events.
func (c Certificate) valid() []record.Span {
	turns := []time.Time{c.Term.From, c.Term.Until}
	for _, e := range c.Events {
		turns = append(turns, e.At)
	}
	slices.SortFunc(turns, time.Time.Compare)
	var spans []record.Span
	for i, from := range turns[:len(turns)-1] {
		if next := turns[i+1]; next.After(from) && c.StandingAt(from).Standing == Valid {
			spans = append(spans, record.Span{From: from, Until: next})
		}
	}
	return spans
}
