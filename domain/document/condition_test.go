package document_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// when reads a condition as templates write it.
func when(condition any) document.Condition {
	body := record.Object{"fields": record.Object{"a": record.Object{"kind": "text", "label": "甲", "requiredWhen": condition}}}
	return document.ReadTemplate(body).Fields[0].RequiredWhen
}

// A condition asks for values, or whether anything was entered: nothing, blanks and empty sets are none, zero is.
func TestConditionHolds(t *testing.T) {
	data := record.Object{"penalty": "fine", "blank": " \u3000", "nothing": nil, "zero": 0.0, "rows": record.Object{}, "list": record.Object{"a": record.Object{}},
		"party": record.Object{"kind": "citizen", "phone": ""}}
	for name, c := range map[string]struct {
		condition record.Object
		want      bool
	}{
		"no condition":         {record.Object{}, true},
		"one of the values":    {record.Object{"penalty": []any{"warning", "fine"}}, true},
		"none of the values":   {record.Object{"penalty": []any{"warning"}}, false},
		"a part of a party":    {record.Object{"party.kind": []any{"citizen"}}, true},
		"filled in":            {record.Object{"penalty": true, "zero": true, "list": true, "party.kind": true}, true},
		"blank":                {record.Object{"blank": true}, false},
		"null":                 {record.Object{"nothing": true}, false},
		"no rows":              {record.Object{"rows": true}, false},
		"not there":            {record.Object{"nowhere": true}, false},
		"an empty part":        {record.Object{"party.phone": true}, false},
		"left empty":           {record.Object{"blank": false, "nothing": false, "rows": false, "nowhere": false, "party.phone": false, "penalty.kind": false}, true},
		"not left empty":       {record.Object{"zero": false}, false},
		"both of them":         {record.Object{"penalty": true, "zero": false}, false},
		"what is no condition": {record.Object{"penalty": "fine"}, false},
		"nor values":           {record.Object{"penalty": []any{}}, false},
	} {
		if got := when(c.condition).Holds(data); got != c.want {
			t.Errorf("%s: holds: %v", name, got)
		}
	}
}

// A condition that is met whenever another is, is no less than that: what law demands may be asked for more often.
func TestConditionCovers(t *testing.T) {
	fine, either := record.Object{"penalty": []any{"fine"}}, record.Object{"penalty": []any{"fine", "warning"}}
	filled, left := record.Object{"penalty": true}, record.Object{"penalty": false}
	for i, c := range []struct {
		first, second record.Object
		want          bool
	}{{either, fine, true}, {fine, either, false}, {filled, fine, true}, {filled, record.Object{"penalty": []any{"fine", ""}}, false}, {fine, filled, false}, {filled, filled, true}, {left, left, true},
		{left, filled, false}, {filled, left, false}, {left, fine, false}, {filled, record.Object{}, false}, {record.Object{}, fine, false},
		{record.Object{"penalty": true, "zero": true}, filled, false}, {filled, record.Object{"penalty": true, "zero": true}, true}} {
		if got := when(c.first).Covers(when(c.second)); got != c.want {
			t.Errorf("%d: %v covers %v: %v", i, c.first, c.second, got)
		}
	}
}

// One of two fields must be filled in: the paper that has neither lacks both, with either of them it lacks nothing.
func TestOneOfTwoIsRequired(t *testing.T) {
	field := func(other string) record.Object {
		return record.Object{"kind": "text", "label": other + "之外", "requiredWhen": record.Object{other: false}}
	}
	tpl := document.ReadTemplate(record.Object{"fields": record.Object{"order": field("reason"), "reason": field("order")}})
	for _, c := range []struct {
		data record.Object
		want int
	}{{record.Object{}, 2}, {record.Object{"order": " "}, 2}, {record.Object{"order": "立即清除"}, 0}, {record.Object{"reason": "已经改正"}, 0}} {
		if flaws := document.Check(tpl, document.ReadInstance(record.Object{"data": c.data})); len(flaws) != c.want {
			t.Errorf("%v: %v", c.data, flaws)
		}
	}
}
