package document

import (
	"context"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// ExportJob is the kind of the work that makes one file of many papers; its key is the export's record id.
const ExportJob = "document.export"

// The states of an export.
const (
	ExportQueued    = "queued"
	ExportWorking   = "working"
	ExportDone      = "done"
	ExportFailed    = "failed"    // there is nothing to give out; "failure" says why
	ExportCancelled = "cancelled" // by whom it was asked for
	ExportExpired   = "expired"   // the file is gone; what was in it is still told
)

// Exports declares the collection of files of many papers: each is in the feed of the device that asked for it, so progress reaches it like
// everything else. Only the server writes them.
var Exports = record.Collection{
	Name: "exports", Schema: 1, Scope: record.Device,
	Fields: []record.Field{
		{Path: "device", Class: record.Server, Kind: record.IDKind, Required: true},
		{Path: "officer", Class: record.Server, Kind: record.IDKind, Required: true},
		{Path: "actorUnit", Class: record.Server, Kind: record.String}, // of the device
		{Path: "form", Class: record.Server, Kind: record.String, Required: true},
		{Path: "reason", Class: record.Server, Kind: record.String, Required: true},
		{Path: "inspection", Class: record.Server, Kind: record.IDKind}, // its papers; or
		{Path: "case", Class: record.Server, Kind: record.IDKind},       // those of the case of this paper of filing; or
		{Path: "unit", Class: record.Server, Kind: record.String},       // those of a unit and of those below it,
		{Path: "month", Class: record.Server, Kind: record.String},      // issued in the month YYYY-MM of Beijing; or
		{Path: "documents", Class: record.Server, Kind: record.Array},   // those named
		{Path: "state", Class: record.Server, Kind: record.String, Required: true},
		{Path: "total", Class: record.Server, Kind: record.Number},
		{Path: "done", Class: record.Server, Kind: record.Number},
		{Path: "missing", Class: record.Server, Kind: record.Map}, // by record id, the code of what stood in the way
		{Path: "failure", Class: record.Server, Kind: record.String},
		{Path: "createdAt", Class: record.Server, Kind: record.Time, Required: true},
		{Path: "expiresAt", Class: record.Server, Kind: record.Time},
		{Path: "key", Class: record.Server, Kind: record.String},
		{Path: "sha256", Class: record.Server, Kind: record.String},
		{Path: "length", Class: record.Server, Kind: record.Number},
	},
	Gates: []record.Gate{onward},
	Jobs: func(ev record.Event) []record.Job {
		if ev.Before != nil || ev.After == nil {
			return nil
		}
		return []record.Job{{Kind: ExportJob, Key: ev.Op.Record}}
	},
}

// exportSteps are the states that may follow each.
var exportSteps = map[any][]string{ExportQueued: {ExportWorking, ExportFailed, ExportCancelled}, ExportWorking: {ExportDone, ExportFailed, ExportCancelled},
	ExportDone: {ExportCancelled, ExportExpired}}

// ExportEnded reports whether nothing more comes of an export in a state.
func ExportEnded(state string) bool { return len(exportSteps[state]) == 0 }

// onward refuses a step back: of a worker that finishes and a person who cancels in the same moment one is told. The server asks for it, see push.Service.ApplyJudged;
// nobody else writes exports. It is a rule of form and has no basis in law.
var onward = record.Gate{Code: "export.state", Effect: record.Refuse, Judge: func(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
	if ev.Before == nil || ev.After == nil {
		return nil, nil
	}
	from, to := text(ev.Before, "state"), text(ev.After, "state")
	if from == to && !ExportEnded(from) || slices.Contains(exportSteps[from], to) {
		return nil, nil
	}
	return []record.Breach{{Field: "state", Zh: "导出已结束", En: "the export has ended"}}, nil
}}
