package record_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
)

func aged(t interface{ Fatal(...any) }) *record.Collection {
	c := recordtest.Aged("visits")
	if err := c.Prepare(); err != nil {
		t.Fatal(err)
	}
	return c
}

// agedBody draws a body of a form of the aged collection, some fields of it missing.
func agedBody(t *rapid.T, form int) object {
	body := object{}
	maybe := func(name string, values ...any) {
		if i := rapid.IntRange(-1, len(values)-1).Draw(t, name); i >= 0 {
			body[name] = values[i]
		}
	}
	maybe("unit", "u", "v")
	maybe("summary", "a", "b")
	switch form {
	case 1:
		maybe("name", "x", "y")
		maybe("term", "a", "a/b", "b/a", "/b", "a/b/c")
	default:
		maybe("title", "x", "y")
		maybe("validFrom", "a", "b")
		maybe("validTo", "a", "b", "b/c")
	}
	if form < 3 {
		maybe("phone", "1", "2")
		maybe("state", "open", "closed")
		return body
	}
	maybe("state", "open", "closed", "paused")
	maybe("contacts", object{"main": object{"phone": "1"}}, object{"main": object{"phone": "2", "name": "n"}, "k": object{"phone": "3"}},
		object{"k": object{"phone": "1"}}, object{"main": object{"name": "n"}})
	return body
}

func unknownFields(t *rapid.T) object {
	return rapid.SampledFrom([]object{{}, {"novel": "x"}, {"novel": object{"a": object{"b": 1.0}}, "other": []any{"x"}}}).Draw(t, "unknown")
}

func TestFormsKeepTheirLaws(t *testing.T) {
	c := aged(t)
	rapid.Check(t, func(t *rapid.T) {
		form := rapid.IntRange(1, 2).Draw(t, "form")
		if err := recordtest.CheckForms(c, form, agedBody(t, form+1), agedBody(t, form), agedBody(t, form), unknownFields(t)); err != nil {
			t.Fatal(err)
		}
	})
}

// What is wrong with a form is found: each of these breaks one law.
func TestBrokenFormsAreFound(t *testing.T) {
	for name, plant := range map[string]func(*record.Form){
		"a field is lost on the way up":    func(f *record.Form) { f.Lift = without(f.Lift, "title") },
		"a field is lost on the way down":  func(f *record.Form) { f.Lower = without(f.Lower, "name") },
		"unknown fields are dropped":       func(f *record.Form) { f.Lift = without(f.Lift, "novel") },
		"unknown fields are dropped, down": func(f *record.Form) { f.Lower = without(f.Lower, "novel") },
		"half of a split is forgotten":     func(f *record.Form) { f.Lift = without(f.Lift, "validTo") },
		"a removal is not lifted": func(f *record.Form) {
			lift := f.Lift
			f.Lift = func(p object) object {
				out := lift(p)
				if out["title"] == nil {
					out = without(lift, "title")(p)
				}
				return out
			}
		},
		"something comes of nothing": func(f *record.Form) {
			lift := f.Lift
			f.Lift = func(p object) object {
				out := record.Apply(lift(p), object{"summary": "by default"})
				return out
			}
		},
		"the argument is changed": func(f *record.Form) {
			lift := f.Lift
			f.Lift = func(p object) object {
				out := lift(p)
				delete(p, "summary")
				return out
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := aged(t)
			plant(&c.Older[0])
			found := false
			rapid.Check(t, func(t *rapid.T) { // every case must not fail, but one must
				if recordtest.CheckForms(c, 1, agedBody(t, 2), agedBody(t, 1), agedBody(t, 1), unknownFields(t)) != nil {
					found = true
				}
			})
			if !found {
				t.Error("nothing is found")
			}
		})
	}
}

func without(step func(object) object, name string) func(object) object {
	return func(o object) object {
		out := object{}
		for k, v := range step(o) {
			if k != name {
				out[k] = v
			}
		}
		return out
	}
}

// No patch and no body makes a step panic, whatever it holds.
func TestFormsAreTotal(t *testing.T) {
	c := aged(t)
	names := []string{"name", "term", "title", "validFrom", "validTo", "phone", "contacts", "main", "state", "novel"}
	var value func(t *rapid.T, depth int) any
	value = func(t *rapid.T, depth int) any {
		if depth > 0 && rapid.Bool().Draw(t, "object") {
			o := object{}
			for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 0, 5).Draw(t, "names") {
				o[name] = value(t, depth-1)
			}
			return o
		}
		return rapid.SampledFrom([]any{nil, "a/b", "", 1.0, true, []any{"x"}, object{}}).Draw(t, "scalar")
	}
	rapid.Check(t, func(t *rapid.T) {
		o, ok := value(t, 3).(object)
		if !ok {
			return
		}
		for from := 1; from <= 3; from++ {
			for to := 1; to <= 3; to++ {
				c.BodyIn(o, from, to)
			}
			c.LiftPatch(o, from, 3)
		}
	})
}

func TestChainsOfFormsHaveNoGap(t *testing.T) {
	whole := aged(t)
	for name, c := range map[string]*record.Collection{
		"none of two":    {Name: "a", Schema: 3},
		"one of two":     {Name: "a", Schema: 3, Older: whole.Older[:1]},
		"one too many":   {Name: "a", Schema: 2, Older: whole.Older},
		"without a way":  {Name: "a", Schema: 2, Older: []record.Form{{Lift: whole.Older[0].Lift}}},
		"without a way ": {Name: "a", Schema: 2, Older: []record.Form{{Lower: whole.Older[0].Lower}}},
	} {
		if err := c.Prepare(); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if whole.Oldest() != 1 || (&record.Collection{Schema: 5}).Oldest() != 3 || (&record.Collection{Schema: 1}).Oldest() != 1 {
		t.Error("the oldest form that is spoken is two back, and never below 1")
	}
}

func TestFieldsOfForms(t *testing.T) {
	c := aged(t)
	for form, want := range map[int]string{1: "unit state summary partners partners/* phone name term",
		2: "unit title validFrom validTo state summary partners partners/* phone",
		3: "unit title validFrom validTo contacts contacts/* contacts/*/phone state summary partners partners/*"} {
		var paths []string
		for _, f := range c.FieldsIn(form) {
			paths = append(paths, f.Path)
		}
		if got := strings.Join(paths, " "); got != want {
			t.Errorf("form %d has %s, want %s", form, got, want)
		}
	}
}

// A nil stays nil: a removal has no patch, and what does not exist has no body.
func TestNothingHasNoForm(t *testing.T) {
	c := aged(t)
	if c.LiftPatch(nil, 1, 3) != nil || c.BodyIn(nil, 1, 3) != nil || c.BodyIn(nil, 3, 1) != nil {
		t.Error("something comes of nothing")
	}
}
