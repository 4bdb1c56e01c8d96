package evidence

import (
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Act is what was done with a recording.
type Act string

// The acts. That a recording was announced is an op of its device, signed by it, and not said again.
const (
	ActCreate   Act = "create"   // announced by a device: the first op of the evidence itself
	ActReceive  Act = "receive"  // the bytes are held, verified and receipted
	ActVerify   Act = "verify"   // the bytes were read again and hashed
	ActView     Act = "view"     // played, whole or in part
	ActDownload Act = "download" // taken away by a person of the house
	ActExport   Act = "export"   // given out in a bundle
	ActShare    Act = "share"    // made open to somebody outside, or shut again
	ActDerive   Act = "derive"   // a copy with other content was made of it
	ActPrint    Act = "print"    // a picture was printed on the page of a paper that was issued
	ActHold     Act = "hold"     // put under a legal hold
	ActRelease  Act = "release"  // taken out of it
	ActPropose  Act = "propose"  // proposed for disposal
	ActConfirm  Act = "confirm"  // the disposal was confirmed, by another person
	ActRecall   Act = "recall"   // a proposed or confirmed disposal was taken back
	ActDispose  Act = "dispose"  // the bytes were destroyed
)

// Acts lists every act, in the order of a recording's life.
var Acts = []Act{ActCreate, ActReceive, ActVerify, ActView, ActDownload, ActExport, ActShare, ActDerive, ActPrint, ActHold, ActRelease, ActPropose,
	ActConfirm, ActRecall, ActDispose}

// Custodies declares the collection of acts on recordings: who did what with which, from which device, when and why. Only the server
// writes them, and no handheld is told: who looks at recordings is for those to know who watch over it, see docs/decisions/0009.
var Custodies = record.Collection{
	Name: "custody", Schema: 1, Scope: record.Audit,
	Fields: []record.Field{
		{Path: "unit", Class: record.Server, Kind: record.String, Required: true}, // of the evidence
		{Path: "evidence", Class: record.Server, Kind: record.IDKind, Required: true},
		{Path: "act", Class: record.Server, Kind: record.String, Required: true},
		{Path: "actor", Class: record.Server, Kind: record.String, Required: true}, // officer, or "server"
		{Path: "actorUnit", Class: record.Server, Kind: record.String},             // of the device he did it on
		{Path: "device", Class: record.Server, Kind: record.IDKind},
		{Path: "at", Class: record.Server, Kind: record.Time, Required: true},
		{Path: "until", Class: record.Server, Kind: record.Time}, // of an act that lasts
		{Path: "reason", Class: record.Server, Kind: record.String},
		{Path: "ranges", Class: record.Server, Kind: record.Array},   // octets, as [from, to)
		{Path: "related", Class: record.Server, Kind: record.IDKind}, // the share, the derivative, the bundle
		{Path: "detail", Class: record.Server, Kind: record.Map},
	},
	Follows: "evidence",
}

// Entry is one act on a recording.
type Entry struct {
	Evidence  string // record id
	Unit      string // of the evidence
	Act       Act
	Actor     string // officer's record id; "" for the server
	ActorUnit string // code of the unit of the device; "" for the server
	Device    string // record id; "" for the server
	At        time.Time
	Until     time.Time // zero: it took no time
	Reason    string
	Ranges    []Range // octets that were seen or given out; none: all, or no matter
	Related   string  // id of what came of it; "" if nothing did
	Detail    record.Object
}

// Body is the entry as a record of [Custodies].
func (e Entry) Body() record.Object {
	body := record.Object{"evidence": e.Evidence, "unit": e.Unit, "act": string(e.Act), "actor": e.Actor, "at": stamp(e.At)}
	if e.Actor == "" {
		body["actor"] = record.ServerAuthor
	}
	for name, text := range map[string]string{"actorUnit": e.ActorUnit, "device": e.Device, "reason": e.Reason, "related": e.Related} {
		if text != "" {
			body[name] = text
		}
	}
	if !e.Until.IsZero() {
		body["until"] = stamp(e.Until)
	}
	if len(e.Ranges) > 0 {
		ranges := make([]any, len(e.Ranges))
		for i, r := range e.Ranges {
			ranges[i] = []any{float64(r.From), float64(r.To)}
		}
		body["ranges"] = ranges
	}
	if len(e.Detail) > 0 {
		body["detail"] = e.Detail
	}
	return body
}

// ReadEntry reads an entry out of a body; what cannot be read is left out.
func ReadEntry(body record.Object) Entry {
	e := Entry{Evidence: text(body, "evidence"), Unit: text(body, "unit"), Act: Act(text(body, "act")), Actor: text(body, "actor"),
		ActorUnit: text(body, "actorUnit"), Device: text(body, "device"), Reason: text(body, "reason"), Related: text(body, "related")}
	if e.Actor == record.ServerAuthor {
		e.Actor = ""
	}
	e.At, _ = moment(body, "at")
	e.Until, _ = moment(body, "until")
	e.Detail, _ = body["detail"].(record.Object)
	ranges, _ := body["ranges"].([]any)
	for _, item := range ranges {
		pair, _ := item.([]any)
		if len(pair) != 2 {
			continue
		}
		from, _ := pair[0].(float64)
		to, _ := pair[1].(float64)
		e.Ranges = append(e.Ranges, Range{int64(from), int64(to)})
	}
	return e
}

func stamp(t time.Time) string {
	return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
}
