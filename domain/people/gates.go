package people

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The ways to break the rule of the two officers (G01). Each finding carries one.
const (
	TooFew       = "G01.too_few"   // fewer than two certified officers are named
	NotCertified = "G01.invalid"   // a named officer had no valid certificate, whenever in the interval it happened
	Doubtful     = "G01.uncertain" // whether the certificate was valid depends on when exactly it happened
	NotCovered   = "G01.area"      // the certificate does not reach the unit
	Nobody       = "G01.unknown"   // a named officer is not on record
	OnlyAssists  = "G01.auxiliary" // an auxiliary is named as an officer
)

// TwoOfficersBasis is where the rule of the two officers stands.
const TwoOfficersBasis = "行政处罚法第四十二条、行政强制法第十八条、国办发〔2024〕54号"

// TwoOfficers is the gate of acts in the street: whoever performs one does so with at least two officers, each certified
// whenever in the op's interval it happened. It flags, because the act has happened. Of an event, performs tells how many
// certified officers its act needs; 0 means that it is none.
//
// An entry of "officers" whose role is auxiliary is help: it neither counts nor offends.
func TwoOfficers(performs func(ctx context.Context, ev record.Event, facts record.Facts) (int, error)) record.Gate {
	judge := func(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
		need, err := performs(ctx, ev, facts)
		if err != nil || need == 0 {
			return nil, err
		}
		t := teamOf(ev, ev.Earliest, ev.Latest)
		breaches, counted, err := t.judge(ctx, facts)
		if err == nil && counted < need {
			breaches = append(breaches, record.Breach{Code: TooFew, Field: "officers",
				Zh: fmt.Sprintf("具有有效执法证的执法人员为%d人，不足%d人", counted, need),
				En: fmt.Sprintf("%d officers with a valid certificate, %d are needed", counted, need)})
		}
		return breaches, err
	}
	return record.Gate{Code: "G01", Basis: TwoOfficersBasis, Effect: record.Flag, Judge: judge, Asks: askedOfTeam}
}

// CertifiedOnly is the gate of acts that wait for the server: nobody is assigned who may not act when the server hears of it.
// Whether they are enough is judged when they act. Of an event, assigns tells whether it assigns anybody.
func CertifiedOnly(assigns func(record.Event) bool) record.Gate {
	judge := func(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
		if !assigns(ev) {
			return nil, nil
		}
		breaches, _, err := teamOf(ev, ev.Received, ev.Received).judge(ctx, facts)
		return breaches, err
	}
	return record.Gate{Code: "G01", Basis: TwoOfficersBasis, Effect: record.Refuse, Judge: judge, Asks: askedOfTeam}
}

// team is who a record names as its officers, for an act in a unit at some time.
type team struct {
	officers []string // record ids, sorted; without those named as help
	unit     string
	from, to time.Time
}

func teamOf(ev record.Event, from, to time.Time) team {
	t := team{unit: text(ev.After["unit"]), from: from, to: to}
	named, _ := ev.After["officers"].(record.Object)
	for _, id := range slices.Sorted(maps.Keys(named)) {
		entry, _ := named[id].(record.Object)
		if entry["role"] != string(RoleAuxiliary) {
			t.officers = append(t.officers, id)
		}
	}
	return t
}

// askedOfTeam foresees what judging the officers that a patch names will ask for.
func askedOfTeam(patch record.Object) (asks []record.Lookup) {
	named, _ := patch["officers"].(record.Object)
	for id := range named {
		asks = append(asks, record.Lookup{Collection: Officers.Name, Value: id},
			record.Lookup{Collection: Certificates.Name, Field: "officer", Value: id})
	}
	return asks
}

// judge looks at each officer. Those of whom it is uncertain count: they have a breach of their own.
func (t team) judge(ctx context.Context, facts record.Facts) (breaches []record.Breach, counted int, err error) {
	for _, id := range t.officers {
		b, err := t.officer(ctx, facts, id)
		if err != nil {
			return nil, 0, err
		}
		if b.Code == "" || b.Code == Doubtful {
			counted++
		}
		if b.Code != "" {
			b.Field = "officers/" + id
			breaches = append(breaches, b)
		}
	}
	return breaches, counted, nil
}

// officer judges one named person; a breach without a code is none.
func (t team) officer(ctx context.Context, facts record.Facts, id string) (record.Breach, error) {
	body, ok, err := facts.Find(ctx, Officers.Name, id)
	if err != nil {
		return record.Breach{}, err
	}
	name := text(body["name"])
	switch {
	case !ok:
		return breach(Nobody, "所列执法人员不在人员库中："+id, "no such officer on record: "+id), nil
	case body["auxiliary"] == true:
		return breach(OnlyAssists, name+"是执法辅助人员，不得作为执法人员", name+" is an auxiliary and may not act as an officer"), nil
	}
	h, err := HoldingOf(ctx, facts, id)
	if err != nil {
		return record.Breach{}, err
	}
	switch h.Covering(t.unit).ValidDuring(t.from, t.to) {
	case record.Throughout:
		return record.Breach{}, nil
	case record.Uncertain:
		return t.doubt(name, h.Covering(t.unit)), nil
	}
	if h.ValidDuring(t.from, t.to) != record.Never {
		return breach(NotCovered, name+"的执法证不适用于该区域（"+t.unit+"）", name+"'s certificate does not reach "+t.unit), nil
	}
	return t.lacks(name, h), nil
}

func breach(code, zh, en string) record.Breach { return record.Breach{Code: code, Zh: zh, En: en} }

// doubt words a breach that depends on when exactly it happened: by the first card whose standing changed meanwhile.
func (t team) doubt(name string, h Holding) record.Breach {
	c := h[max(0, slices.IndexFunc(h, func(c Certificate) bool { return c.ValidDuring(t.from, t.to) == record.Uncertain }))]
	last := c.StandingAt(t.to).Standing
	return breach(Doubtful,
		fmt.Sprintf("无法确定%s当时是否持有效执法证（证号%s）：行为发生在%s至%s之间，其间证件状态有变化，期末为%s",
			name, c.Number, clock(t.from), clock(t.to), last.Zh()),
		fmt.Sprintf("it is uncertain whether %s held a valid certificate (%s): it happened between %s and %s, its standing changed, at last %s",
			name, c.Number, clock(t.from), clock(t.to), last))
}

// lacks words a breach of somebody who had no valid certificate at all: with the standing of the newest card that had begun.
func (t team) lacks(name string, h Holding) record.Breach {
	if len(h) == 0 {
		return breach(NotCertified, name+"没有执法证", name+" has no certificate")
	}
	c := h[max(0, slices.IndexFunc(h, func(c Certificate) bool { return !c.Term.From.After(t.to) }))]
	s := c.StandingAt(t.to)
	zh := fmt.Sprintf("%s的执法证（证号%s）当时无效：%s", name, c.Number, s.Standing.Zh())
	en := fmt.Sprintf("%s's certificate (%s) was not valid: %s", name, c.Number, s.Standing)
	if !s.Since.IsZero() {
		zh, en = zh+"，自"+clock(s.Since)+"起", en+" since "+clock(s.Since)
	}
	return breach(NotCertified, zh, en)
}

// clock tells a moment as people in Beijing read it.
func clock(t time.Time) string { return t.In(record.Beijing).Format("2006-01-02 15:04:05") }
