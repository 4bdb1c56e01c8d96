package adapt_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// known fails when an error is none that a client may be told.
func known(t *testing.T, err error) {
	t.Helper()
	if err != nil && (fault.Of(err).Kind == fault.Unknown || fault.Of(err).Kind == fault.Unavailable) {
		t.Fatal(err)
	}
}

// FuzzRxPush: whatever rows come, each is taken, or answered with what the server holds.
func FuzzRxPush(f *testing.F) {
	id := newID()
	for _, text := range []string{`[]`, `[{"newDocumentState":{"id":"` + id + `","name":"a","kind":"k","unit":"` + street + `","_deleted":false}}]`,
		`[{"assumedMasterState":{"id":"` + id + `","_deleted":true,"serverVersion":1e300},"newDocumentState":{"id":"` + id + `","_deleted":1}}]`,
		`[{"newDocumentState":{"id":"x","name":"\ud800","\u0000":"\u0000"}},{"newDocumentState":{"id":"x"}}]`, `[{"newDocumentState":{}}]`, `[null]`, `{}`,
		`[{"newDocumentState":{"id":"a","id":"b"}}]`, `[{"newDocumentState":{"id":"` + id + `","collectionField":[[[[{}]]]],"unit":7}}]`} {
		f.Add([]byte(text))
	}
	w := newWorld(f)
	c := w.hire("officer", "leader")
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := wire.RxRows(text)
		if err != nil {
			return
		}
		docs, err := w.adapt.RxPush(ctx, c, "subjects", 0, rows)
		known(t, err)
		for _, doc := range docs {
			if doc["id"] == "" || doc["id"] == nil {
				t.Fatalf("a document without its id: %v", doc)
			}
		}
	})
}

// FuzzRxCheckpoint: no text but the server's own moves a client.
func FuzzRxCheckpoint(f *testing.F) {
	w := newWorld(f)
	c := w.hire("officer")
	w.put("subjects", subject("a"))
	page, err := w.adapt.RxPull(ctx, c, "subjects", 0, "", 10)
	w.must(err)
	own := page.Checkpoint.ID
	for _, text := range []string{"", own, own[1:], own + "A", "....", "AAAA"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := w.adapt.RxPull(ctx, c, "subjects", 0, text, 10)
		if text != "" && text != own && !isCode(err, fault.CursorInvalid) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

// FuzzWmPush: whatever rows come, each is taken or named as refused.
func FuzzWmPush(f *testing.F) {
	id := newID()
	for _, text := range []string{`{"lastPulledAt":1,"tables":{"subjects":1},"changes":{"subjects":{"created":[{"id":"` + id + `","name":"a","kind":"k","unit":"` + street + `"}],"updated":[],"deleted":[]}}}`,
		`{"lastPulledAt":-1,"tables":{"tasks":1},"changes":{"tasks":{"updated":[{"id":"` + id + `","_changed":"officers,,id,x","officers":"[[[","serverVersion":2}],"deleted":["` + id + `",""]}}}`,
		`{"tables":{"subjects":1},"changes":{"tasks":{}}}`, `{}`, `null`, `{"tables":null,"changes":{"\ud800":{"created":[null]}}}`} {
		f.Add([]byte(text))
	}
	w := newWorld(f)
	c := w.hire("officer", "leader")
	f.Fuzz(func(t *testing.T, text []byte) {
		var in wire.WmPush
		if wire.WmRead(text, &in) != nil {
			return
		}
		_, err := w.adapt.WmPush(ctx, c, in)
		known(t, err)
	})
}

// FuzzWmPull: whatever is asked, no place but the device's own is answered.
func FuzzWmPull(f *testing.F) {
	for _, text := range []string{`{"tables":{"subjects":1}}`, `{"lastPulledAt":-9223372036854775808,"tables":{"subjects":1,"tasks":1},"limit":1}`,
		`{"lastPulledAt":null,"tables":{"subjects":9223372036854775807}}`, `{"tables":{"subjects":-9223372036854775808}}`,
		`{"tables":{"subjects":1},"migration":{"from":1,"tables":["x"],"columns":[{"table":"subjects","columns":null}]}}`} {
		f.Add([]byte(text))
	}
	w := newWorld(f)
	c := w.hire("officer")
	f.Fuzz(func(t *testing.T, text []byte) {
		var in wire.WmPull
		if wire.WmRead(text, &in) != nil {
			return
		}
		page, err := w.adapt.WmPull(ctx, c, in)
		known(t, err)
		if err == nil && page.Timestamp <= 0 {
			t.Fatalf("the number %d, which WatermelonDB refuses", page.Timestamp)
		}
	})
}
