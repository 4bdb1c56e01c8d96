package evidence

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// GuardJob is the kind of the work that brings retention and holds of an evidence to the store; its key is the evidence's id. What
// the database says counts from its commit, also while the store is down.
const GuardJob = "evidence.guard"

// The collections that gates look into from each other.
const (
	holdsName     = "holds"
	disposalsName = "disposals"
)

// The states of a hold.
const (
	HoldOn  = "on"
	HoldOff = "off"
)

// holdBasis asks to keep what may be evidence in a dispute.
const holdBasis = "行政处罚法第四十六条、第五十六条"

// Holds declares the legal holds: each forbids to dispose of one recording until it is released, whatever the retention says. One
// recording may be under several, for several causes.
var Holds = record.Collection{
	Name: holdsName, Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "unit", Kind: record.String, Required: true}, // of the evidence
		{Path: "evidence", Class: record.Frozen, Kind: record.IDKind, Required: true},
		{Path: "reason", Class: record.Frozen, Kind: record.String, Required: true},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
		{Path: "releaseReason", Kind: record.String},
	},
	Transitions: map[string][]string{"": {HoldOn}, HoldOn: {HoldOff}},
	FrozenWhen:  func(record.Object) bool { return true },
	Closed:      func(body record.Object) bool { return body["state"] == HoldOff },
	Follows:     "evidence",
	Gates:       []record.Gate{holdable},
	Jobs: func(ev record.Event) []record.Job {
		return []record.Job{{Kind: GuardJob, Key: text(ev.After, "evidence")}}
	},
	Notes: func(ev record.Event) []record.Note {
		return stateNotes(ev, map[string]said{HoldOn: {ActHold, "reason"}, HoldOff: {ActRelease, "releaseReason"}})
	},
}

// holdable: a hold is put on a recording there is, in its unit, and put on and off with a reason.
var holdable = record.Gate{Code: "evidence.hold", Basis: holdBasis, Effect: record.Refuse,
	Judge: func(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
		_, breaches, err := about(ctx, ev, facts)
		if err != nil || len(breaches) > 0 {
			return breaches, err
		}
		if ev.After["state"] == HoldOff {
			return reasoned(ev.After, "releaseReason"), nil
		}
		if breaches = reasoned(ev.After, "reason"); len(breaches) > 0 || ev.Before != nil {
			return breaches, nil
		}
		running, err := facts.Match(ctx, disposalsName, "evidence", text(ev.After, "evidence"))
		for _, d := range running {
			if d["state"] == DisposalGoing || d["state"] == DisposalDone {
				return []record.Breach{{Field: "evidence", Zh: "该录音录像已经销毁或正在销毁", En: "the recording is being disposed of, or gone"}}, err
			}
		}
		return nil, err
	}}

// about finds the evidence that a hold or a disposal names, which is in the same unit.
func about(ctx context.Context, ev record.Event, facts record.Facts) (record.Object, []record.Breach, error) {
	body, found, err := facts.Find(ctx, "evidence", text(ev.After, "evidence"))
	if err != nil {
		return nil, nil, err
	}
	if !found || body["unit"] != ev.After["unit"] {
		return nil, []record.Breach{{Field: "evidence", Zh: "该机构没有此录音录像", En: "the unit has no such recording"}}, nil
	}
	return body, nil, nil
}

// MaxReason bounds a reason, in characters.
const MaxReason = 500

func reasoned(body record.Object, field string) []record.Breach {
	reason := strings.TrimSpace(text(body, field))
	if reason == "" || len([]rune(reason)) > MaxReason {
		return []record.Breach{{Field: field, Zh: "须写明理由，至多五百字", En: "a reason is needed, of at most 500 characters"}}
	}
	return nil
}

// Held reports whether any of the holds, as found by their evidence, is on.
func Held(holds map[string]record.Object) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(holds)), func(h record.Object) bool { return h["state"] == HoldOn })
}

// said is the act that a state means, and the field with its reason.
type said struct {
	act    Act
	reason string
}

// stateNotes is the entry of custody that a new state of a hold or a disposal makes.
func stateNotes(ev record.Event, meaning map[string]said) []record.Note {
	state := text(ev.After, "state")
	means, ok := meaning[state]
	if !ok || ev.Before != nil && text(ev.Before, "state") == state {
		return nil
	}
	return []record.Note{noteOf(ev, Entry{Evidence: text(ev.After, "evidence"), Act: means.act, Reason: text(ev.After, means.reason), Related: ev.Op.Record})}
}

// noteOf completes an entry by who caused the event, and when.
func noteOf(ev record.Event, e Entry) record.Note {
	e.Unit, e.Device, e.ActorUnit, e.At = text(ev.After, "unit"), ev.Device, ev.Unit, ev.Received
	if ev.Op.Author != record.ServerAuthor {
		e.Actor = ev.Op.Author
	}
	return record.Note{Collection: Custodies.Name, Body: e.Body()}
}
