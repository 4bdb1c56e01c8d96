package adapt_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// writer is a client that edits subjects, as RxDB or WatermelonDB goes about it: what it shows, and what it holds of the server's.
type writer struct {
	w       *world
	t       *rapid.T
	caller  people.Caller
	shows   map[string]record.Object   // by record; nil: removed here
	heard   map[string]record.Object   // the document that RxDB takes for the server's; of WatermelonDB's synced rows the row
	changed map[string]map[string]bool // WatermelonDB's _changed of rows that are unsent
	made    map[string]bool            // rows that WatermelonDB takes for created: nobody has said that the server has them
	rx      string
	wm      *int64
	told    map[string]int // what replicate.mjs remembers: by record the version that it was told and does not show yet
	stored  map[string]int // what of it lies in the checkpoint that RxDB keeps

	saw    map[string]map[string]bool // every word that was ever before its person, by record and field
	wishes map[string]wish            // the last thing that its person wrote, by record and field
	sent   map[string]wish            // what of it was sent last, whether or not the answer was heard
	now    func() int                 // grows with every word that anybody writes
	story  []string
}

func newWriter(w *world, t *rapid.T) *writer {
	return &writer{w: w, t: t, caller: w.hire("officer"), shows: map[string]record.Object{}, heard: map[string]record.Object{},
		changed: map[string]map[string]bool{}, saw: map[string]map[string]bool{}, wishes: map[string]wish{}, sent: map[string]wish{},
		made: map[string]bool{}, told: map[string]int{}, stored: map[string]int{}}
}

// failing is a test, of rapid's or not.
type failing interface {
	Fatalf(format string, args ...any)
}

// wish is what somebody wrote last in a field.
type wish struct {
	word string
	at   int // when, see writer.now
}

var fields = []string{"name", "phone", "address"}

func (c *writer) tell(format string, args ...any) {
	c.story = append(c.story, fmt.Sprintf(format, args...))
}

func (c *writer) look() {
	for id, doc := range c.shows {
		for _, field := range fields {
			key := id + "/" + field
			if c.saw[key] == nil {
				c.saw[key] = map[string]bool{}
			}
			if word, ok := doc[field].(string); ok {
				c.saw[key][word] = true
			}
		}
	}
}

// edit writes a new word, or one that the person has seen there before.
func (c *writer) edit(word string) {
	ids := slices.Sorted(maps.Keys(c.shows))
	if len(ids) == 0 {
		return
	}
	id, field := rapid.SampledFrom(ids).Draw(c.t, "record"), rapid.SampledFrom(fields).Draw(c.t, "field")
	key := id + "/" + field
	if seen := slices.Sorted(maps.Keys(c.saw[key])); len(seen) > 0 && rapid.IntRange(0, 2).Draw(c.t, "back") > 0 {
		word = rapid.SampledFrom(seen).Draw(c.t, "word")
	}
	if c.shows[id][field] == word {
		return
	}
	c.shows[id] = with(c.shows[id], field, word)
	if c.changed[id] == nil {
		c.changed[id] = map[string]bool{}
	}
	c.changed[id][field] = true
	c.tell("writes %s into %s of %s", word, field, id)
	if delete(c.wishes, key); c.heard[id][field] != word { // else he wants what there was: whoever changes it meanwhile may
		c.wishes[key] = wish{word, c.now()}
		if sent := c.sent[key]; sent.word == word { // what he wrote in between nobody has heard of: he has wanted this since
			c.wishes[key] = sent
		}
	}
	c.look()
}

// makes is a new subject.
func (c *writer) makes(name, phone string) string {
	id := newID()
	c.shows[id], c.made[id] = with(subject(name), "phone", phone, "id", id), true
	for _, field := range []string{"name", "phone"} {
		c.wishes[id+"/"+field] = wish{c.shows[id][field].(string), c.now()}
	}
	c.tell("makes %s: %s, %s", id, name, phone)
	c.look()
	return id
}

// matters is the texts of all conflicts and letters, by id, wherever they are: they follow their record, and a feed that they have left tells that too.
func (w *world) matters() map[string]string {
	out := map[string]string{}
	for _, unit := range []string{street, other} {
		lines, _, err := w.db.Changes(ctx, "unit/"+unit, 0, 1000)
		w.must(err)
		for _, l := range lines {
			if l.Gone == "" && (l.Collection == "conflicts" || l.Collection == "deadletters") {
				out[l.ID] = string(l.Body)
			}
		}
	}
	return out
}

// saysWord reports whether a matter on a desk, none of which anybody has settled, says that somebody wanted a word in a field of a record: as the one side of a conflict, or in what
// could not be done.
func (w *world) saysWord(matter, id, field, word string) bool {
	body, err := wire.Object([]byte(matter))
	w.must(err)
	clashes, _ := body["fields"].(record.Object)
	clash, _ := clashes[field].(record.Object)
	patch, _ := body["patch"].(record.Object)
	return body["record"] == id && (clash["ours"] == word || patch[field] == word)
}

// sends notes what of a record's wishes goes out.
func (c *writer) sends(id string) {
	for _, field := range fields {
		key := id + "/" + field
		if c.sent[key] = c.wishes[key]; c.sent[key].word == "" {
			delete(c.sent, key)
		}
	}
}

// holds compares what the client shows with what its unit shows.
func (c *writer) holds(t failing) {
	want := map[string]record.Object{}
	lines, _, err := c.w.db.Changes(ctx, "unit/"+street, 0, 1000)
	c.w.must(err)
	for _, l := range lines {
		if l.Gone == "" && l.Collection == "subjects" {
			body, err := wire.Object(l.Body)
			c.w.must(err)
			want[l.ID] = body
		}
	}
	if len(want) != len(c.shows) {
		t.Fatalf("it shows %v, want %v", c.shows, want)
	}
	for id, body := range want {
		for _, field := range fields {
			if c.shows[id][field] != body[field] {
				t.Fatalf("it shows %s of %s as %v, want %v\n%s", field, id, c.shows[id][field], body[field], strings.Join(c.story, "\n"))
			}
		}
	}
}

// judge: what a person wrote last stands, or was changed by somebody who had it before him, or lies on a desk; and he has taken nothing away that he
// had never seen.
func (c *writer) judge(over func(key, word string, since int) bool) {
	matters := c.w.matters()
	for key, wish := range c.wishes {
		id, field, _ := strings.Cut(key, "/")
		found := c.w.body(id)[field] == wish.word || over(key, wish.word, wish.at)
		for _, text := range matters {
			found = found || c.w.saysWord(text, id, field, wish.word)
		}
		if !found {
			c.t.Fatalf("lost: %s is %v; somebody wrote %s last, and nobody saw it\n%s", key, c.w.body(id)[field], wish.word, strings.Join(c.story, "\n"))
		}
	}
	for key := range c.wishes {
		id, _, _ := strings.Cut(key, "/")
		past, err := c.w.db.Revisions(ctx, id)
		c.w.must(err)
		before := record.Object{}
		for _, rev := range past {
			body, err := wire.Object(rev.Body)
			c.w.must(err)
			for _, field := range fields {
				if word, _ := before[field].(string); rev.Device == c.caller.Device && body[field] != word && word != "" && !c.saw[id+"/"+field][word] {
					c.t.Fatalf("overwritten unseen: %s of %s was %s, and is %v\n%s", field, id, word, body[field], strings.Join(c.story, "\n"))
				}
			}
			before = body
		}
	}
}

// TestNothingIsLostThroughForeignClients: a client edits, changes its mind, hears answers or does not, while somebody else edits the same records
// and lets them go to another unit and back.
func TestNothingIsLostThroughForeignClients(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("40"); err != nil { // each day is some dozens of writes
			t.Fatal(err)
		}
		defer func() { _ = checks.Value.Set(checks.DefValue) }()
	}
	for _, kind := range []string{"rxdb", "watermelon"} {
		t.Run(kind, func(t *testing.T) {
			rapid.Check(t, func(day *rapid.T) { foreignDay(newWorld(t), day, kind) })
		})
	}
}

func foreignDay(w *world, t *rapid.T, kind string) {
	c := newWriter(w, t)
	console, n := w.hire("officer"), 0
	w.change("officers", console.Officer, record.Object{"grants": record.Object{"there": record.Object{"role": "officer", "unit": other}}})
	c.now = func() int { return n }
	word := func() string { n++; return fmt.Sprint("词", n) }
	var ids []string
	for range 3 {
		ids = append(ids, w.put("subjects", with(subject(word()), "phone", word())))
	}
	over := map[string]int{} // when the console took a word away, having seen it
	sync := func(calm bool) {
		edits := func() { c.edit(word()) }
		if kind == "watermelon" {
			c.wmSync(calm, edits)
			return
		}
		c.rxPush(calm, edits)
		if calm || rapid.Bool().Draw(t, "pulls") {
			c.rxPull(calm, edits)
		}
	}
	sync(true)
	for range rapid.IntRange(5, 25).Draw(t, "steps") {
		w.now = w.now.Add(3 * time.Second)
		id := rapid.SampledFrom(ids).Draw(t, "which")
		switch rapid.SampledFrom([]string{"edit", "edit", "edit", "edit", "edit", "edit", "sync", "sync", "sync", "sync", "console", "console", "move", "move", "make"}).Draw(t, "step") {
		case "edit":
			c.edit(word())
		case "make":
			c.makes(word(), word())
		case "sync":
			sync(false)
			for made := range c.shows {
				if !slices.Contains(ids, made) && w.body(made) != nil {
					ids = append(ids, made)
				}
			}
			slices.Sort(ids)
		case "console":
			r, err := w.db.Record(ctx, "subjects", id)
			w.must(err)
			was, field := w.body(id), rapid.SampledFrom(fields).Draw(t, "field")
			c.tell("the console writes into %s of %s", field, id)
			outcomes, err := w.push.ApplyOnline(ctx, console, []wire.OnlineOp{{ID: newID(), Collection: "subjects", Record: id, Action: "update", Base: r.Version,
				Patch: record.Object{field: word()}}})
			if w.must(err); outcomes[0].Status != record.Applied {
				t.Fatalf("the console: %+v", outcomes)
			}
			over[fmt.Sprint(id, "/", field, was[field])] = n
		case "move":
			unit := street
			if w.body(id)["unit"] == street {
				unit = other
			}
			c.tell("%s goes to %s", id, unit)
			w.change("subjects", id, record.Object{"unit": unit})
		}
	}
	for range 4 {
		w.now = w.now.Add(2 * time.Minute)
		sync(true)
	}
	c.holds(t)
	c.judge(func(key, word string, since int) bool { return over[key+word] > since })
}
