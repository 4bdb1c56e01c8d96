package collections

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
)

// Every collection keeps to the laws of its older forms. None has any yet; the test fails for the first that breaks one.
func TestFormsKeepTheirLaws(t *testing.T) {
	catalogue, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	all := []*record.Collection{recordtest.Aged("aged")} // so that this says something now
	if err := all[0].Prepare(); err != nil {
		t.Fatal(err)
	}
	for _, name := range catalogue.Names() {
		all = append(all, catalogue[name])
	}
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			for form := 1; form < c.Schema; form++ {
				rapid.Check(t, func(t *rapid.T) {
					unknown := rapid.SampledFrom([]record.Object{{}, {"novel": record.Object{"a": []any{"x"}}}}).Draw(t, "unknown")
					err := recordtest.CheckForms(c, form, drawForm(t, c, form+1), drawForm(t, c, form), drawForm(t, c, form), unknown)
					if err == nil {
						err = leavesAlone(c, form, drawForm(t, c, form+1))
					}
					if err != nil {
						t.Fatal(err)
					}
				})
			}
		})
	}
}

// drawForm draws a body of a form of a collection, by the kinds of its fields. States are those of the first transitions: what the oldest
// form can say too.
func drawForm(t *rapid.T, c *record.Collection, form int) record.Object {
	body := record.Object{}
	for _, f := range c.FieldsIn(form) {
		if strings.Contains(f.Path, "/") || rapid.IntRange(0, 3).Draw(t, f.Path) == 0 {
			continue
		}
		switch f.Kind {
		case record.String, record.Any:
			body[f.Path] = rapid.SampledFrom([]string{"a", "b", "a/b"}).Draw(t, f.Path)
		case record.Number:
			body[f.Path] = rapid.SampledFrom([]float64{0, 1, 2}).Draw(t, f.Path)
		case record.Bool:
			body[f.Path] = rapid.Bool().Draw(t, f.Path)
		case record.Time:
			body[f.Path] = rapid.SampledFrom([]string{"2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z"}).Draw(t, f.Path)
		case record.Date:
			body[f.Path] = rapid.SampledFrom([]string{"2026-11-25", "2026-11-26"}).Draw(t, f.Path)
		case record.IDKind:
			body[f.Path] = "0193f000-0000-7000-8000-000000000001"
		case record.Array:
			body[f.Path] = []any{rapid.SampledFrom([]string{"a", "b"}).Draw(t, f.Path)}
		case record.Map:
			body[f.Path] = drawEntries(t, c, form, f.Path)
		}
	}
	return body
}

// drawEntries draws an object by the fields declared below a path, two steps down: what is in its entries.
func drawEntries(t *rapid.T, c *record.Collection, form int, path string) record.Object {
	entry := record.Object{}
	for _, f := range c.FieldsIn(form) {
		if name, inside := strings.CutPrefix(f.Path, path+"/*/"); inside && !strings.Contains(name, "/") && f.Kind == record.String && rapid.Bool().Draw(t, f.Path) {
			entry[name] = rapid.SampledFrom([]string{"a", "b"}).Draw(t, f.Path+" value")
		}
	}
	if len(entry) == 0 {
		return entry
	}
	return record.Object{rapid.SampledFrom([]string{"main", "k"}).Draw(t, path): entry}
}

// fixed are the fields that feeds and the database's indexes go by, whatever form a body is in: see record.Facts.
var fixed = map[string][]string{
	"":             {"unit", "device", "partners"},
	"certificates": {"officer", "number"}, "items": {"code"}, "units": {"code"}, "officers": {"unit"}, "documents": {"inspection"}, "custody": {"evidence"}, "holds": {"evidence"}, "disposals": {"evidence", "state"},
	"blocks": {"device"}, "templates": {"kind"}, "calendars": {"year"}, "findings": {"record", "state"}, "conflicts": {"record", "state"}, "deadletters": {"record", "state"},
}

func leavesAlone(c *record.Collection, form int, newer record.Object) error {
	step := c.Older[form-1]
	for _, name := range append(fixed[""], fixed[c.Name]...) {
		for what, turned := range map[string]record.Object{"lifting": step.Lift(newer), "lowering": step.Lower(newer)} {
			if !record.Equal(turned[name], newer[name]) {
				return &touched{c.Name, name, what}
			}
		}
	}
	return nil
}

type touched struct{ collection, field, what string }

func (e *touched) Error() string {
	return e.collection + ": " + e.what + " changes " + e.field + ", which the database looks up in whatever form a body is stored"
}

// The bodies of recordings are read by SQL and by the upload service as they are stored (storage/db/uploads.go): lift there before evidence
// gets another form.
func TestEvidenceHasOneForm(t *testing.T) {
	catalogue, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	if c := catalogue["evidence"]; c.Schema != 1 || len(c.Older) > 0 {
		t.Error("evidence has an older form, and the upload service does not lift")
	}
}
