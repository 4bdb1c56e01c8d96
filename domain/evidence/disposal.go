package evidence

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The states of a disposal.
const (
	DisposalProposed  = "proposed"
	DisposalConfirmed = "confirmed" // by another person; the bytes go when the time to undo is over
	DisposalRecalled  = "recalled"
	DisposalGoing     = "going" // said by the server: from now on nothing stops it
	DisposalDone      = "done"  // said by the server: the bytes are gone
)

// disposalBasis is where it is asked that what is destroyed is destroyed by two.
const disposalBasis = "机关档案管理规定（国家档案局令第13号）、档案法实施条例"

// Disposals declares the disposals of recordings: proposed by one person, confirmed by another, carried out by the server.
var Disposals = record.Collection{
	Name: disposalsName, Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "unit", Kind: record.String, Required: true}, // of the evidence
		{Path: "evidence", Class: record.Frozen, Kind: record.IDKind, Required: true},
		{Path: "proposedBy", Class: record.Frozen, Kind: record.IDKind, Required: true},
		{Path: "reason", Class: record.Frozen, Kind: record.String, Required: true},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
		{Path: "recallReason", Kind: record.String},
		{Path: "kept", Class: record.Server, Kind: record.Bool}, // the bytes stay: another evidence has the same
	},
	Transitions: map[string][]string{"": {DisposalProposed}, DisposalProposed: {DisposalConfirmed, DisposalRecalled},
		DisposalConfirmed: {DisposalRecalled, DisposalGoing}, DisposalGoing: {DisposalDone}},
	FrozenWhen: func(record.Object) bool { return true },
	Closed: func(body record.Object) bool {
		return body["state"] == DisposalRecalled || body["state"] == DisposalDone
	},
	Follows: "evidence",
	Gates:   []record.Gate{disposable},
	Notes: func(ev record.Event) []record.Note {
		return stateNotes(ev, map[string]said{DisposalProposed: {ActPropose, "reason"}, DisposalConfirmed: {ActConfirm, "reason"},
			DisposalRecalled: {ActRecall, "recallReason"}, DisposalDone: {ActDispose, "reason"}})
	},
}

// disposable: only what is held, whose retention is over and which is under no hold; by two persons; with reasons. The server asks
// it once more in the moment from which nothing stops the disposal.
var disposable = record.Gate{Code: "evidence.disposal", Basis: disposalBasis, Effect: record.Refuse,
	Judge: func(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
		if breaches := twoPersons(ev); len(breaches) > 0 {
			return breaches, nil
		}
		state := text(ev.After, "state")
		if state == DisposalRecalled {
			return reasoned(ev.After, "recallReason"), nil
		}
		if ev.Before != nil && text(ev.Before, "state") == state || state == DisposalDone {
			return nil, nil
		}
		if breaches := reasoned(ev.After, "reason"); len(breaches) > 0 {
			return breaches, nil
		}
		return mayGo(ctx, ev, facts)
	}}

func twoPersons(ev record.Event) []record.Breach {
	author, state := ev.Op.Author, text(ev.After, "state")
	switch {
	case ev.Before == nil && text(ev.After, "proposedBy") != author:
		return []record.Breach{{Field: "proposedBy", Zh: "提出人须为本人", En: "who proposes must be the author"}}
	case ev.Before != nil && state == DisposalConfirmed && text(ev.Before, "state") == DisposalProposed && text(ev.Before, "proposedBy") == author:
		return []record.Breach{{Field: "state", Zh: "提出人不得自行确认，须由另一人确认", En: "who has proposed a disposal must not confirm it"}}
	case author != record.ServerAuthor && text(ev.Before, "state") != state && (state == DisposalGoing || state == DisposalDone):
		return []record.Breach{{Field: "state", Zh: "该状态由服务器写入", En: "this state is the server's to say"}}
	}
	return nil
}

// mayGo asks whether anything keeps the recording.
func mayGo(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
	refuse := func(zh, en string) []record.Breach { return []record.Breach{{Field: "evidence", Zh: zh, En: en}} }
	body, breaches, err := about(ctx, ev, facts)
	if err != nil || len(breaches) > 0 {
		return breaches, err
	}
	custody, _ := body["custody"].(record.Object)
	if custody["state"] != string(CustodyHeld) {
		return refuse("服务器未持有该录音录像", "the server does not hold the recording"), nil
	}
	if keeping := KeepingOf(body, ev.Received); keeping.Forever {
		return refuse("永久保存，不得销毁", "it is kept for ever"), nil
	} else if !keeping.Over(ev.Received) {
		until := keeping.Until.In(record.Beijing).Format("2006-01-02 15:04")
		return refuse("保存期限至 "+until, "it must be kept until "+until+" Beijing time"), nil
	}
	holds, err := facts.Match(ctx, holdsName, "evidence", text(ev.After, "evidence"))
	if err != nil {
		return nil, err
	}
	if Held(holds) {
		return refuse("已被依法保全", "it is under a legal hold"), nil
	}
	if ev.Before != nil {
		return nil, nil
	}
	others, err := facts.Match(ctx, disposalsName, "evidence", text(ev.After, "evidence"))
	for id, d := range others {
		if id != ev.Op.Record && d["state"] != DisposalRecalled {
			return refuse("已有销毁申请", "its disposal is proposed already"), err
		}
	}
	return nil, err
}
