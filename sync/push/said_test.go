package push_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// A creation that stands as it was said is stored in the words of its op; all others are written anew. Either way what is stored is the
// body's canonical text, which hashes, digests and later edits go by.
func TestStoredBodiesAreCanonical(t *testing.T) {
	each(t, func(t *testing.T, f *field) {
		h := f.handheld()
		for name, patch := range map[string]object{
			"plain":     {"unit": street, "summary": "检查\n“消防”", "answers": object{"q": object{"value": "yes"}}, "empty": object{}, "list": []any{1.5, "a"}},
			"with null": {"unit": street, "summary": nil, "answers": object{"q": object{"value": "yes", "note": nil}, "gone": nil}},
			"odd names": {"unit": street, "😀": "after \uffff in UTF-8, before it in UTF-16", "\uffff": "x"},
		} {
			t.Run(name, func(t *testing.T) {
				id := newID()
				want(t, h.push(h.op(record.Create, id, 0, patch))[0], "applied", 1)
				check := func(body object) {
					t.Helper()
					canonical, err := wire.Canonical(body)
					if err != nil {
						t.Fatal(err)
					}
					stored, err := f.db.Record(context.Background(), "inspections", id)
					if err != nil || !bytes.Equal(stored.Body, canonical) {
						t.Errorf("stored %s (%v), want %s", stored.Body, err, canonical)
					}
				}
				check(record.Apply(nil, patch))
				edit := object{"summary": "later", "answers": object{"q": object{"note": "n"}}}
				want(t, h.push(h.op(record.Update, id, 1, edit))[0], "applied", 2)
				check(record.Apply(record.Apply(nil, patch), edit))
			})
		}
	})
}
