package forms_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
	"github.com/fieldwarden/fieldwarden/sync/forms"
)

func catalogue(t *testing.T) record.Catalogue {
	t.Helper()
	all, err := record.NewCatalogue(recordtest.Aged("visits"), &record.Collection{Name: "plain", Schema: 1},
		&record.Collection{Name: "about", Schema: 1, Shown: func(body record.Object, form func(string) int) record.Object {
			return record.Object{"visits": float64(form("visits")), "plain": float64(form("plain")), "nothing": float64(form("nothing"))}
		}})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func speak(t *testing.T, says map[string]int) forms.Spoken {
	t.Helper()
	s, err := forms.Speak(catalogue(t), says)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBodiesAreTurned(t *testing.T) {
	newest := `{"contacts":{"main":{"phone":"1"}},"title":"x","validFrom":"a","validTo":"b"}`
	second := `{"phone":"1","title":"x","validFrom":"a","validTo":"b"}`
	first := `{"name":"x","phone":"1","term":"a/b"}`
	for _, c := range []struct {
		says       map[string]int
		collection string
		schema     int
		body, want string
	}{
		{nil, "visits", 3, newest, newest},
		{nil, "visits", 2, second, newest},
		{nil, "visits", 1, first, newest},
		{nil, "visits", 0, first, newest}, // 0 is 1: rows that say nothing are of the first form
		{map[string]int{"visits": 1}, "visits", 3, newest, first},
		{map[string]int{"visits": 1}, "visits", 2, second, first},
		{map[string]int{"visits": 2}, "visits", 1, first, second},
		{map[string]int{"visits": 2}, "visits", 3, newest, second},
		{map[string]int{"visits": 9}, "visits", 1, first, newest}, // newer than the server
		{map[string]int{"plain": 1}, "visits", 1, first, newest},
		{map[string]int{"visits": 1}, "plain", 1, first, first},
		{map[string]int{"visits": 1}, "unknown", 7, first, first},
		{map[string]int{"visits": 2}, "about", 1, `{}`, `{"nothing":0,"plain":1,"visits":2}`},
		{nil, "about", 1, `{"as":"stored"}`, `{"as":"stored"}`},
	} {
		got, err := speak(t, c.says).Text(c.collection, c.schema, []byte(c.body))
		if err != nil || string(got) != c.want {
			t.Errorf("%v, %s in form %d: %s, %v; want %s", c.says, c.collection, c.schema, got, err, c.want)
		}
	}
}

// What is in the form that is asked for goes out octet for octet: digests depend on it. Even what is no RFC 8785.
func TestBodiesInTheirFormAreUntouched(t *testing.T) {
	body := []byte(`{"b": 1, "a": 1.0}`)
	for schema := 1; schema <= 3; schema++ {
		got, err := speak(t, map[string]int{"visits": schema}).Text("visits", schema, body)
		if err != nil || &got[0] != &body[0] {
			t.Errorf("form %d: %s, %v", schema, got, err)
		}
	}
	plain := forms.Newest(record.Catalogue{})
	if n := testing.AllocsPerRun(100, func() { _, _ = plain.Text("visits", 1, body) }); n > 0 {
		t.Errorf("%v allocations where there is nothing to turn", n)
	}
	if got, err := (forms.Spoken{}).Text("visits", 5, body); err != nil || &got[0] != &body[0] {
		t.Errorf("the zero value: %s, %v", got, err)
	}
	if got, err := speak(t, nil).Text("visits", 0, nil); err != nil || got != nil { // what is gone has no body
		t.Errorf("no body: %s, %v", got, err)
	}
}

func TestWhatIsNotSpoken(t *testing.T) {
	all := catalogue(t)
	visits := all["visits"]
	visits.Schema, visits.Older = 5, append(visits.Older, visits.Older...)
	for schema, code := range map[int]fault.Code{-1: fault.FieldInvalid, 0: fault.FieldInvalid, 1: fault.ClientOutdated, 2: fault.ClientOutdated, 3: "", 5: "", 6: ""} {
		_, err := forms.Speak(all, map[string]int{"visits": schema, "plain": 1})
		if code == "" && err != nil || code != "" && (err == nil || fault.Of(err).Code != code || fault.Of(err).Field != "schemas/visits") {
			t.Errorf("form %d: %v, want %q", schema, err, code)
		}
	}
	if _, err := forms.Newest(all).Text("visits", 6, []byte(`{}`)); err == nil || fault.Of(err).Code != fault.TemporarilyDown {
		t.Errorf("a body of a form to come: %v", err)
	}
	if _, err := forms.Newest(all).Text("plain", 2, []byte(`{}`)); err == nil || fault.Of(err).Code != fault.TemporarilyDown {
		t.Errorf("a body of a form to come, of a collection with one: %v", err)
	}
	if _, err := forms.Newest(record.Catalogue{"plain": all["plain"]}).Text("plain", 2, []byte(`{}`)); err == nil || fault.Of(err).Code != fault.TemporarilyDown {
		t.Errorf("a body of a form to come, where no collection has older ones: %v", err)
	}
}

// Two keys: what a client said, to which its cursor is bound, and what follows from it, by which sums are kept.
func TestKeys(t *testing.T) {
	none, empty := speak(t, nil), speak(t, map[string]int{})
	newest, one, two := speak(t, map[string]int{"visits": 3}), speak(t, map[string]int{"visits": 1}), speak(t, map[string]int{"visits": 2, "plain": 1})
	if none.Said() != "" || empty.Said() != "" || none.Older() != "" || newest.Older() != "" {
		t.Error("who says nothing, or the newest, has no key")
	}
	said := map[string]bool{none.Said(): true, newest.Said(): true, one.Said(): true, two.Said(): true, speak(t, map[string]int{"visits": 2}).Said(): true}
	if len(said) != 5 {
		t.Errorf("words are taken for others: %v", said)
	}
	if one.Older() == two.Older() || two.Older() != speak(t, map[string]int{"visits": 2}).Older() || one.Older() == "" {
		t.Errorf("forms are taken for others: %q, %q", one.Older(), two.Older())
	}
	if speak(t, map[string]int{`a":1,"b`: 1}).Said() == speak(t, map[string]int{"a": 1, "b": 1}).Said() {
		t.Error("names can be made to look like others")
	}
}
