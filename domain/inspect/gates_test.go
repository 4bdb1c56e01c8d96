package inspect

import (
	"context"
	"slices"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

type object = record.Object

func update(before, patch object) record.Event {
	return record.Event{Before: before, After: record.Apply(before, patch)}
}

// TestPerforms tells acts of enforcement from paperwork.
func TestPerforms(t *testing.T) {
	open := object{"state": Open, "unit": "u", "officers": object{"a": object{}}, "answers": object{"q": object{"value": "yes"}}}
	planned := record.Apply(open, object{"state": Planned, "answers": nil})
	cases := []struct {
		name string
		ev   record.Event
		want int
	}{
		{"planned", update(nil, planned), 0},
		{"created open", update(nil, open), 2},
		{"opened", update(planned, object{"state": Open}), 2},
		{"answered while planned", update(planned, object{"answers": object{"q": object{"value": "no"}}}), 2},
		{"answered", update(open, object{"answers": object{"r": object{"value": "no"}}}), 2},
		{"answer withdrawn", update(open, object{"answers": object{"q": nil}}), 2},
		{"completed", update(open, object{"state": Completed}), 2},
		{"another officer", update(open, object{"officers": object{"b": object{}}}), 2},
		{"another officer while planned", update(planned, object{"officers": object{"b": object{}}}), 0},
		{"summary", update(open, object{"summary": "s", "opinion": "o", "endedAt": "2026-11-25T00:00:00Z"}), 0},
		{"cancelled", update(open, object{"state": Cancelled}), 0},
		{"removed", record.Event{Before: open}, 0},
	}
	for _, c := range cases {
		if got, err := Performs(context.Background(), c.ev, nil); err != nil || got != c.want {
			t.Errorf("%s: %d officers, %v; want %d", c.name, got, err, c.want)
		}
	}
}

func TestAssigns(t *testing.T) {
	draft := object{"state": TaskDraft, "unit": "u", "officers": object{"a": object{}}, "items": []any{"1"}}
	assigned, accepted := record.Apply(draft, object{"state": TaskAssigned}), record.Apply(draft, object{"state": TaskAccepted})
	more := object{"officers": object{"b": object{}}}
	for name, c := range map[string]struct {
		ev   record.Event
		want bool
	}{
		"draft":                     {update(nil, draft), false},
		"created assigned":          {update(nil, assigned), true},
		"assigned":                  {update(draft, object{"state": TaskAssigned}), true},
		"accepted":                  {update(assigned, object{"state": TaskAccepted}), false},
		"more officers in a draft":  {update(draft, more), false},
		"more officers afterwards":  {update(assigned, more), true},
		"more officers on accepted": {update(accepted, more), true},
		"moved":                     {update(assigned, object{"unit": "v"}), true},
		"title":                     {update(assigned, object{"title": "t"}), false},
		"done":                      {update(accepted, object{"state": TaskDone}), false},
		"removed":                   {record.Event{Before: assigned}, false},
	} {
		if got := Assigns(c.ev); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestShownFirst(t *testing.T) {
	shown := func(at string) object { return object{"certificatesShown": object{"at": at}} }
	answered := func(at string) object { return object{"answers": object{"q": object{"value": "yes", "at": at}}} }
	open := object{"state": Open, "startedAt": "2026-11-25T01:00:00Z"}
	cases := []struct {
		name  string
		ev    record.Event
		want  string
		field string
	}{
		{"opened", update(nil, open), "", ""},
		{"answered unshown", update(open, answered("2026-11-25T01:05:00Z")), NotShown, "certificatesShown"},
		{"completed unshown", update(open, object{"state": Completed}), NotShown, "certificatesShown"},
		{"shown when it began", update(record.Apply(open, shown("2026-11-25T09:00:00+08:00")), answered("2026-11-25T01:05:00Z")), "", ""},
		{"shown after it began", update(record.Apply(open, shown("2026-11-25T01:00:01Z")), answered("2026-11-25T01:05:00Z")), ShownLate, "certificatesShown/at"},
		{"shown after the first answer", update(record.Apply(answered("2026-11-25T00:59:00Z"), open), shown("2026-11-25T01:00:00Z")), ShownLate, "certificatesShown/at"},
		{"shown, no times", update(object{"state": Open}, record.Apply(shown("2026-11-25T01:00:00Z"), object{"answers": object{"q": object{"value": "yes"}}})), "", ""},
		{"shown at no time", update(open, record.Apply(answered("2026-11-25T01:05:00Z"), object{"certificatesShown": object{"officers": []any{"a"}}})), NotShown, "certificatesShown"},
		{"only the summary", update(record.Apply(open, answered("2026-11-25T01:05:00Z")), object{"summary": "s"}), "", ""},
		{"removed", record.Event{Before: open}, "", ""},
	}
	for _, c := range cases {
		breaches, err := ShownFirst.Judge(context.Background(), c.ev, nil)
		code, field := "", ""
		if len(breaches) > 0 {
			code, field = breaches[0].Code, breaches[0].Field
		}
		if err != nil || code != c.want || field != c.field || len(breaches) > 1 {
			t.Errorf("%s: %v, %v; want %s", c.name, breaches, err, c.want)
		}
	}
	if ShownFirst.Effect != record.Flag || ShownFirst.Basis == "" {
		t.Errorf("gate %+v", ShownFirst)
	}
}

// facts holds one task and one checklist.
type facts struct{}

func (facts) Find(_ context.Context, collection, id string) (object, bool, error) {
	switch collection + " " + id {
	case "tasks t":
		return object{"items": []any{"2", "1"}}, true, nil
	case "checklists c":
		return object{"item": "3"}, true, nil
	}
	return nil, false, nil
}

func (facts) Match(context.Context, string, string, string) (map[string]object, error) {
	return nil, nil
}

func TestItemsReliedOn(t *testing.T) {
	open := object{"state": Open, "unit": "u", "items": []any{"1", 4.0, ""}, "task": "t", "checklist": "c"}
	for name, c := range map[string]struct {
		ev   record.Event
		want []string
	}{
		"opened":                       {update(nil, open), []string{"1", "2", "3"}},
		"planned":                      {update(nil, record.Apply(open, object{"state": Planned})), nil},
		"answered":                     {update(open, object{"answers": object{"q": object{}}}), nil},
		"another item":                 {update(open, object{"items": []any{"5"}}), []string{"1", "2", "3", "5"}},
		"nothing named":                {update(nil, object{"state": Open}), nil},
		"task and checklist not there": {update(nil, object{"state": Open, "task": "x", "checklist": "x"}), nil},
		"removed":                      {record.Event{Before: open}, nil},
	} {
		if got, err := Items(context.Background(), c.ev, facts{}); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
	assigned := object{"state": TaskAssigned, "items": []any{"1"}}
	for name, c := range map[string]struct {
		ev   record.Event
		want []string
	}{
		"assigned":         {update(nil, assigned), []string{"1"}},
		"draft":            {update(nil, object{"state": TaskDraft, "items": []any{"1"}}), nil},
		"more items":       {update(assigned, object{"items": []any{"1", "2"}}), []string{"1", "2"}},
		"another officer":  {update(assigned, object{"officers": object{"a": object{}}}), nil},
		"assignment ended": {update(assigned, object{"state": TaskDone}), nil},
	} {
		if got, err := TaskItems(context.Background(), c.ev, facts{}); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("task %s: %v, %v; want %v", name, got, err, c.want)
		}
	}
}
