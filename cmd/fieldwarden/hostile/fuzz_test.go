package hostile

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// target is a fuzz target: what is made of an input, and what must hold beside what always must. Each takes a number, which
// chooses a route or a collection where there are several, and a text.
type target struct {
	name  string
	seeds func() []seed
	play  func(w *world, which uint8, text []byte)
}

type seed struct {
	which uint8
	text  string
}

func (x target) fuzz(f *testing.F) {
	for _, s := range x.seeds() {
		f.Add(s.which, []byte(s.text))
	}
	w := founded(f, true)
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		w.TB = t
		x.play(w, which, text)
	})
}

func FuzzPush(f *testing.F)   { targets[0].fuzz(f) }
func FuzzOps(f *testing.F)    { targets[1].fuzz(f) }
func FuzzOnline(f *testing.F) { targets[2].fuzz(f) }
func FuzzPull(f *testing.F)   { targets[3].fuzz(f) }
func FuzzCursor(f *testing.F) { targets[4].fuzz(f) }
func FuzzRxPush(f *testing.F) { targets[5].fuzz(f) }
func FuzzWm(f *testing.F)     { targets[6].fuzz(f) }

var targets = []target{
	{"FuzzPush", pushSeeds, tryPush}, {"FuzzOps", opSeeds, tryOps}, {"FuzzOnline", onlineSeeds, tryOnline}, {"FuzzPull", pullSeeds, tryPull},
	{"FuzzCursor", cursorSeeds, tryCursor}, {"FuzzRxPush", rxSeeds, tryRxPush}, {"FuzzWm", wmSeeds, tryWm},
}

// tryPush: the body of a push, whatever it is.
func tryPush(w *world, _ uint8, text []byte) {
	w.try(request{method: "POST", path: "/v1/sync/push", body: w.filled(text)})
}

// tryOps: ops that the device has signed, whatever they say. Each has an outcome, or none was taken.
func tryOps(w *world, _ uint8, text []byte) {
	seq, head := w.seq, w.head
	body, n := w.sealed(w.officer, w.filled(text))
	sealedSeq, sealedHead := w.seq, w.head
	w.seq, w.head = seq, head
	out := w.try(request{method: "POST", path: "/v1/sync/push", body: body})
	if out.status != 200 {
		return
	}
	var r wire.PushReply
	w.into(out.body, &r)
	if len(r.Outcomes) != n {
		w.Fatalf("%d ops have %d outcomes: %s", n, len(r.Outcomes), out.body)
	}
	if r.Acked >= sealedSeq {
		w.seq, w.head = sealedSeq, sealedHead
	}
}

// tryOnline: edits of a person online.
func tryOnline(w *world, _ uint8, text []byte) {
	w.try(request{method: "POST", path: "/v1/ops", body: w.filled(text)})
}

// tryPull: the bodies of what only reads.
func tryPull(w *world, which uint8, text []byte) {
	paths := []string{"/v1/sync/pull", "/v1/sync/digests/unit/" + street, "/v1/sync/records"}
	w.try(request{method: "POST", path: paths[int(which)%len(paths)], body: w.filled(text), reads: true})
}

// tryCursor: a text in the place of what the server has signed. Only the device's own is good.
func tryCursor(w *world, which uint8, text []byte) {
	cursor := string(w.filled(text))
	body, err := wire.Canonical(map[string]any{"cursor": strings.ToValidUTF8(cursor, "?")})
	w.must(err)
	quoted := url.QueryEscape(cursor)
	places := []struct {
		request
		own string
	}{
		{request{"POST", "/v1/sync/pull", body, true}, w.cursor},
		{request{"GET", "/v1/sync/snapshot/unit/" + street + "?cursor=" + quoted, nil, true}, w.cursor},
		{request{"GET", "/v1/rxdb/subjects/0/pull?lwt=0&limit=10&id=" + quoted, nil, true}, w.checkpoint},
		{request{"GET", "/v1/desk/conflicts?cursor=" + quoted, nil, true}, ""},
	}
	at := places[int(which)%len(places)]
	if out := w.try(at.request); out.status == 200 && cursor != "" && cursor != at.own {
		w.Fatalf("%q is taken for a cursor: %s", cursor, out.body)
	}
}

// tryRxPush: rows of RxDB. What comes back are documents.
func tryRxPush(w *world, which uint8, text []byte) {
	names := w.core.Catalogue.Names()
	out := w.try(request{method: "POST", path: "/v1/rxdb/" + names[int(which)%len(names)] + "/0/push", body: w.filled(text)})
	if out.status != 200 {
		return
	}
	var docs []map[string]any
	w.into(out.body, &docs)
	for _, doc := range docs {
		if id, _ := doc["id"].(string); id == "" {
			w.Fatalf("a document without its id: %s", out.body)
		}
	}
}

// tryWm: what WatermelonDB sends.
func tryWm(w *world, which uint8, text []byte) {
	if which%2 == 0 {
		tryWmPush(w, text)
	} else {
		tryWmPull(w, text)
	}
}

// tryWmPush: rows of WatermelonDB. What is refused has its reason.
func tryWmPush(w *world, text []byte) {
	out := w.try(request{method: "POST", path: "/v1/watermelon/push", body: w.filled(text)})
	if out.status != 200 {
		return
	}
	var r wire.WmPushed
	w.into(out.body, &r)
	for _, x := range r.Refused {
		if x.Code == "" || x.Zh == "" || x.En == "" {
			w.Fatalf("refused without a reason: %s", out.body)
		}
	}
}

// tryWmPull: pulls of WatermelonDB, which write where the client stands.
func tryWmPull(w *world, text []byte) {
	out := w.try(request{method: "POST", path: "/v1/watermelon/pull", body: w.filled(text)})
	if out.status != 200 {
		return
	}
	var page wire.WmPage
	if w.into(out.body, &page); page.Timestamp <= 0 {
		w.Fatalf("the number %d, which WatermelonDB refuses", page.Timestamp)
	}
}

// texts reads the texts of a file of vectors.
func texts(name, list string) (out []seed) {
	raw, err := os.ReadFile(vectors + name + ".json")
	if err != nil {
		panic(err)
	}
	var file map[string]jsontext.Value
	var all []struct{ Text string }
	if err := json.Unmarshal(raw, &file); err != nil {
		panic(err)
	}
	if err := json.Unmarshal(file[list], &all, json.MatchCaseInsensitiveNames(true)); err != nil {
		panic(err)
	}
	for _, x := range all {
		out = append(out, seed{text: x.Text})
	}
	return out
}
