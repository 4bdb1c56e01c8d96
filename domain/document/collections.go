package document

import (
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// EffectsJob is the kind of the work that computes what runs from a paper; its key is the paper's record id.
const EffectsJob = "document.effects"

// UnservedJob is the kind of the work that looks, when the last day is over on which a paper may be served, whether it was; its key is the
// paper's record id.
const UnservedJob = "document.unserved"

// RenderJob is the kind of the work that renders an issued paper; its key is the paper's record id.
const RenderJob = "document.render"

// The states of a paper.
const (
	Draft  = "draft"
	Issued = "issued"
	Voided = "voided"
)

// Templates declares the collection of paper templates: data with versions, written by the supervisors' side.
var Templates = record.Collection{
	Name: "templates", Schema: 1, Scope: record.District,
	Fields: []record.Field{
		{Path: "kind", Kind: record.String, Required: true},
		{Path: "name", Kind: record.String, Required: true},
		{Path: "version", Kind: record.Number, Required: true},
		{Path: "validFrom", Kind: record.Date, Required: true},
		{Path: "fields", Class: record.Entries, Kind: record.Map, Required: true},
		{Path: "layout", Class: record.Entries, Kind: record.Map, Required: true},
		{Path: "signers", Class: record.Entries, Kind: record.Map},
		{Path: "number", Kind: record.Map},
		{Path: "officersNeeded", Kind: record.Number},
		{Path: "limits", Class: record.Entries, Kind: record.Map},
		{Path: "limits/*", Kind: record.Number},
		{Path: "terms", Class: record.Entries, Kind: record.Map},
		{Path: "terms/*", Kind: record.String},
	},
}

// Documents declares the collection of papers. From issue on a paper is frozen: it can only be voided, and corrected by
// another paper that names it.
var Documents = record.Collection{
	Name: "documents", Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "unit", Class: record.Frozen, Kind: record.String, Required: true},
		{Path: "kind", Class: record.Frozen, Kind: record.String, Required: true},
		{Path: "template", Class: record.Frozen, Kind: record.IDKind, Required: true},
		{Path: "templateVersion", Class: record.Frozen, Kind: record.Number, Required: true},
		{Path: "inspection", Class: record.Frozen, Kind: record.IDKind},
		{Path: "subject", Class: record.Frozen, Kind: record.IDKind},
		{Path: "officers", Class: record.Frozen, Kind: record.Map},
		{Path: "officers/*", Class: record.Frozen, Kind: record.Map},
		{Path: "officers/*/role", Class: record.Frozen, Kind: record.String},
		{Path: "officers/*/name", Class: record.Frozen, Kind: record.String},
		{Path: "officers/*/certificate", Class: record.Frozen, Kind: record.String},
		{Path: "data", Class: record.Frozen, Kind: record.Map},
		{Path: "data/*", Class: record.Frozen},
		{Path: "number", Class: record.Frozen, Kind: record.Map},
		{Path: "number/series", Class: record.Frozen, Kind: record.String},
		{Path: "number/n", Class: record.Frozen, Kind: record.Number},
		{Path: "number/text", Class: record.Frozen, Kind: record.String},
		{Path: "number/block", Class: record.Frozen, Kind: record.IDKind},
		{Path: "signatures", Class: record.Append, Kind: record.Map},
		{Path: "signatures/*", Kind: record.Map},
		{Path: "signatures/*/role", Kind: record.String, Required: true},
		{Path: "signatures/*/officer", Kind: record.IDKind},
		{Path: "signatures/*/name", Kind: record.String},
		{Path: "signatures/*/at", Kind: record.Time, Required: true},
		{Path: "signatures/*/image", Kind: record.String},
		{Path: "signatures/*/strokes", Kind: record.String},
		{Path: "signatures/*/refused", Kind: record.Bool},
		{Path: "signatures/*/reason", Kind: record.String},
		{Path: "signatures/*/recording", Kind: record.IDKind},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
		{Path: "issuedAt", Class: record.Frozen, Kind: record.Time},
		{Path: "voidReason", Kind: record.String},
		{Path: "corrects", Class: record.Frozen, Kind: record.Map},
		{Path: "corrects/document", Class: record.Frozen, Kind: record.IDKind},
		{Path: "corrects/name", Class: record.Frozen, Kind: record.String},
		{Path: "corrects/number", Class: record.Frozen, Kind: record.String},
		{Path: "corrects/reason", Class: record.Frozen, Kind: record.String},
		{Path: "correctedBy", Class: record.Server, Kind: record.Map},
		{Path: "service", Class: record.Server, Kind: record.Map},
		{Path: "rendered", Class: record.Server, Kind: record.Map},
		{Path: "partners", Class: record.Entries, Kind: record.Map},
		{Path: "partners/*", Kind: record.Map},
	},
	Shared:      true,
	Follows:     "inspection",
	Closed:      func(body record.Object) bool { return body["state"] == Issued || body["state"] == Voided },
	Transitions: map[string][]string{"": {Draft, Issued}, Draft: {Issued, Voided}, Issued: {Voided}},
	FrozenWhen:  func(body record.Object) bool { return body["state"] != Draft },
	Jobs: func(ev record.Event) []record.Job {
		var jobs []record.Job
		if BecameIssued(ev) || becameVoid(ev) {
			jobs = append(jobs, record.Job{Kind: RenderJob, Key: ev.Op.Record})
			for _, id := range affected(ev) {
				jobs = append(jobs, record.Job{Kind: EffectsJob, Key: id})
			}
		}
		if last := lastToServe(ev.After); !last.IsZero() && !last.Equal(lastToServe(ev.Before)) {
			jobs = append(jobs, record.Job{Kind: UnservedJob, Key: ev.Op.Record, Due: last.AddDate(0, 0, 1)})
		}
		if due, is := approvalDue(ev); is {
			jobs = append(jobs, record.Job{Kind: UnapprovedJob, Key: ev.Op.Record, Due: due})
		}
		return jobs
	},
	Acts: approvalsOf,
	Claims: func(ev record.Event) []record.Claim {
		number, _ := ev.After["number"].(record.Object)
		series, _ := number["series"].(string)
		n, _ := number["n"].(float64)
		if !BecameIssued(ev) || series == "" || n < 1 {
			return nil
		}
		return []record.Claim{{Series: series, N: uint64(n)}}
	},
}

// affected lists the papers whose service, deadlines or correction an issue or a voiding changes: its own, the one that a receipt is about, and
// the one that it corrects.
func affected(ev record.Event) []string {
	ids := []string{ev.Op.Record}
	if ev.After["kind"] == ServiceReceipt {
		ids = append(ids, text(object(object(ev.After, "data"), "paper"), "document"))
	}
	if c, corrects := CorrectionOf(ev.After); corrects {
		ids = append(ids, c.Document)
	}
	return slices.DeleteFunc(ids, func(id string) bool { return !recordID.MatchString(id) })
}

// BecameIssued reports whether the event is the issue of a paper.
func BecameIssued(ev record.Event) bool {
	return ev.After != nil && ev.After["state"] == Issued && ev.Before["state"] != Issued
}

// becameVoid reports whether the event makes an issued paper void: its copy is marked then.
func becameVoid(ev record.Event) bool {
	return ev.After != nil && ev.After["state"] == Voided && ev.Before["state"] == Issued
}

// Blocks declares the collection of leased numbers: each is in the feed of the one device that may use them. The device says in the block which of
// them are spoilt ("voids", by number) and which it gives back ("returns", by the first of a run); what happens to the block itself is the server's.
var Blocks = record.Collection{
	Name: "blocks", Schema: 1, Scope: record.Device,
	Fields: []record.Field{
		{Path: "device", Class: record.Server, Kind: record.IDKind, Required: true},
		{Path: "series", Class: record.Server, Kind: record.String, Required: true},
		{Path: "organ", Class: record.Server, Kind: record.String, Required: true},
		{Path: "kind", Class: record.Server, Kind: record.String, Required: true},
		{Path: "year", Class: record.Server, Kind: record.Number, Required: true},
		{Path: "pattern", Class: record.Server, Kind: record.String},
		{Path: "from", Class: record.Server, Kind: record.Number, Required: true},
		{Path: "to", Class: record.Server, Kind: record.Number, Required: true},
		{Path: "leasedAt", Class: record.Server, Kind: record.Time, Required: true},
		{Path: "expiresAt", Class: record.Server, Kind: record.Time, Required: true},
		{Path: "unit", Class: record.Server, Kind: record.String},
		{Path: "voids", Class: record.Append, Kind: record.Map},
		{Path: "voids/*", Kind: record.Map},
		{Path: "voids/*/reason", Kind: record.String, Required: true},
		{Path: "voids/*/at", Kind: record.Time, Required: true},
		{Path: "voids/*/officer", Kind: record.IDKind, Required: true},
		{Path: "returns", Class: record.Append, Kind: record.Map},
		{Path: "returns/*", Kind: record.Map},
		{Path: "returns/*/to", Kind: record.Number, Required: true},
		{Path: "returns/*/at", Kind: record.Time, Required: true},
		{Path: "returns/*/officer", Kind: record.IDKind, Required: true},
		{Path: "returns/*/reason", Kind: record.String},
		{Path: "lost", Class: record.Server, Kind: record.Map},
		{Path: "lost/at", Kind: record.Time},
		{Path: "lost/officer", Kind: record.IDKind},
		{Path: "lost/reason", Kind: record.String},
		{Path: "moved", Class: record.Server, Kind: record.Map},
		{Path: "moved/from", Kind: record.Number},
		{Path: "moved/block", Kind: record.IDKind},
		{Path: "moved/device", Kind: record.IDKind},
		{Path: "movedFrom", Class: record.Server, Kind: record.IDKind},
	},
	Gates:  []record.Gate{blockGate},
	Claims: newlyVoid,
}

// SeriesName names the series of numbers of an organ, a kind of paper and a year.
func SeriesName(organ, kind string, year int) string {
	return fmt.Sprintf("%s/%s%s", organ, kind, SeriesEnd(year))
}

// SeriesEnd is how the names of all series of a year end.
func SeriesEnd(year int) string { return fmt.Sprintf("/%d", year) }
