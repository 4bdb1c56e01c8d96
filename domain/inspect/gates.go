package inspect

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The ways to break the rule that certificates are shown first (G02).
const (
	NotShown  = "G02.not_shown" // there are answers or a result, and no record of showing
	ShownLate = "G02.late"      // shown after the inspection had begun or after the first answer
)

// ShownFirst is the gate of showing certificates before the first question (亮证). It flags.
var ShownFirst = record.Gate{Code: "G02", Basis: "行政处罚法第五十五条", Effect: record.Flag, Judge: shownFirst}

func shownFirst(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
	if ev.After == nil || !changed(ev, "answers", "state", "startedAt", "certificatesShown") {
		return nil, nil
	}
	answers, _ := ev.After["answers"].(record.Object)
	if len(answers) == 0 && ev.After["state"] != Completed {
		return nil, nil
	}
	shown, _ := ev.After["certificatesShown"].(record.Object)
	at, ok := moment(shown["at"])
	if !ok {
		return []record.Breach{{Code: NotShown, Field: "certificatesShown", Zh: "检查前未记录出示执法证（亮证）",
			En: "no record that certificates were shown before the inspection"}}, nil
	}
	if began, ok := began(ev.After["startedAt"], answers); ok && at.After(began) {
		return []record.Breach{{Code: ShownLate, Field: "certificatesShown/at",
			Zh: "出示执法证（" + clock(at) + "）晚于检查开始或首次询问（" + clock(began) + "）",
			En: "certificates were shown at " + clock(at) + ", after the inspection began or the first answer at " + clock(began)}}, nil
	}
	return nil, nil
}

// began is the earliest moment that the record itself gives for the inspection: its start or its first answer.
func began(startedAt any, answers record.Object) (first time.Time, ok bool) {
	moments := []any{startedAt}
	for _, key := range slices.Sorted(maps.Keys(answers)) {
		answer, _ := answers[key].(record.Object)
		moments = append(moments, answer["at"])
	}
	for _, value := range moments {
		if at, readable := moment(value); readable && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	return first, ok
}

func moment(value any) (time.Time, bool) {
	text, _ := value.(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	return at, err == nil
}

// clock tells a moment as people in Beijing read it.
func clock(t time.Time) string { return t.In(record.Beijing).Format("2006-01-02 15:04:05") }
