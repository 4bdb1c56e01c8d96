package upload_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/spool"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// silence is how long replicas of these tests may be silent.
const silence = time.Minute

// replica is a process with its own spool, on the database of its world.
func (w *world) replica(name string) *upload.Fleet {
	w.t.Helper()
	folder, err := spool.Open(filepath.Join(w.root, name))
	if err != nil {
		w.t.Fatal(err)
	}
	s := w.start()
	s.Spool, s.Owner = folder, folder.ID()
	f := &upload.Fleet{Self: upload.Replica{ID: folder.ID(), URL: "http://" + name}, Replicas: db.Uploads{DB: w.db}, Uploads: s, Silence: silence,
		Now: func() time.Time { return w.now() }, Log: slog.New(slog.DiscardHandler)}
	w.must(f.Beat(ctx))
	return f
}

// at wants work on an upload to be done at a place.
func (w *world) at(f *upload.Fleet, id, want string) {
	w.t.Helper()
	if url, err := f.Of(ctx, w.caller, id); err != nil || url != want {
		w.t.Fatalf("of the upload: %q, %v, want %q", url, err, want)
	}
}

// An upload is its owner's while that lives. When it is silent whoever is asked takes over, and the bytes come again; when it comes back it
// forgets what it had.
func TestASilentReplicaIsTakenOverFrom(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	now := time.Now()
	w.now = func() time.Time { return now }
	one, two := w.replica("one"), w.replica("two")
	data := random(5000)
	evidenceID, id := w.begin(one.Uploads, data)
	w.send(one.Uploads, id, data[:3000], 0)
	w.at(one, id, "")
	w.at(two, id, "http://one")
	if url, err := two.Of(ctx, w.stranger, id); err != nil || url != "" {
		t.Errorf("a stranger is sent on to %q, %v", url, err)
	}
	if url, err := two.For(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 5000}); err != nil || url != "http://one" {
		t.Errorf("another upload of the same is begun at %q, %v", url, err)
	}
	now = now.Add(silence + time.Second)
	w.at(two, id, "")
	if st, err := two.Uploads.Status(ctx, w.caller, id); err != nil || st.Offset != 0 || st.Owner != two.Self.ID {
		t.Fatalf("taken over: %+v, %v", st, err)
	}
	w.must(two.Beat(ctx))
	w.at(one, id, "http://two")
	if err := one.Uploads.Promote(ctx, id); err != nil {
		t.Errorf("the owner before: %v", err)
	}
	w.send(two.Uploads, id, data, 0)
	w.must(two.Uploads.Promote(ctx, id))
	w.wantHeld(two.Uploads, evidenceID, data)
	if n, err := one.Uploads.Spool.Offset(ctx, id); err != nil || n != 3000 {
		t.Fatalf("the owner before has %d octets, %v", n, err)
	}
	for range 2 {
		w.must(one.Forget(ctx, id))
	}
	_, err := one.Uploads.Spool.Offset(ctx, id)
	wantFault(t, err, fault.NotFound)
}

// What is whole is on the owner's disk, and only after a long time is that given up.
func TestAWholeUploadWaitsForItsDisk(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	now := time.Now()
	w.now = func() time.Time { return now }
	one, two := w.replica("one"), w.replica("two")
	data := random(1000)
	evidenceID, id := w.begin(one.Uploads, data)
	w.send(one.Uploads, id, data, 0)
	now = now.Add(10 * silence)
	w.at(two, id, "")
	if st, err := two.Uploads.Status(ctx, w.caller, id); err != nil || st.Offset != 1000 || st.State != upload.Whole || st.Owner != one.Self.ID {
		t.Fatalf("%+v, %v", st, err)
	}
	now = now.Add(11 * silence)
	if url, err := two.For(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 1000}); err != nil || url != "" {
		t.Fatalf("begun at %q, %v", url, err)
	}
	if st, err := two.Uploads.Status(ctx, w.caller, id); err != nil || st.Offset != 0 || st.State != upload.Receiving {
		t.Fatalf("given up: %+v, %v", st, err)
	}
	w.send(two.Uploads, id, data, 0)
	w.must(two.Uploads.Promote(ctx, id))
	w.wantHeld(two.Uploads, evidenceID, data)
}

// Parts are joined where all of them are. When the replica that has them is lost, whoever is asked about which of them, all at once, they come together at
// one again; parts that were begun apart, while a replica came or went, do too.
func TestPartsComeTogether(t *testing.T) {
	for name, begun := range map[string]func(place int) int{"their replica is lost": func(int) int { return 0 }, "they were begun apart": func(part int) int { return part }} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, databases.SQLite(t, time.Now))
			now := time.Now()
			w.now = func() time.Time { return now }
			fleet := make([]*upload.Fleet, 4)
			urls := map[string]*upload.Fleet{}
			for i := range fleet {
				fleet[i] = w.replica(fmt.Sprint("r", i))
				urls[fleet[i].Self.URL] = fleet[i]
			}
			data := random(4000)
			evidenceID := w.announce(data)
			ids := make([]string, 4)
			for i := range ids {
				f := fleet[begun(i)]
				st, _, err := f.Uploads.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 1000, Part: true})
				w.must(err)
				ids[i] = st.ID
				w.send(f.Uploads, st.ID, data[i*1000:i*1000+500], 0) // half of it
			}
			now = now.Add(silence + time.Second)
			for _, f := range fleet[1:] {
				w.must(f.Beat(ctx))
			}
			asked := make(chan error)
			for i, id := range ids {
				go func() {
					_, err := fleet[1+i%3].Of(ctx, w.caller, id)
					asked <- err
				}()
			}
			for range ids {
				w.must(<-asked)
			}
			places := map[string]bool{}
			for i, id := range ids {
				f := fleet[1+(i+1)%3]
				url, err := f.Of(ctx, w.caller, id)
				w.must(err)
				if url != "" {
					f = urls[url]
				}
				places[f.Self.URL] = true
				st, err := f.Uploads.Status(ctx, w.caller, id)
				w.must(err)
				w.send(f.Uploads, id, data[i*1000:i*1000+1000], st.Offset)
			}
			if len(places) != 1 {
				t.Fatalf("the parts are at %v", places)
			}
			for url := range places {
				_, _, err := urls[url].Uploads.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 4000, Parts: ids})
				w.must(err)
			}
		})
	}
}

// Parts that are begun at once on different replicas all go to the same one, whoever is asked.
func TestPartsGoToOneReplica(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	fleet := map[string]*upload.Fleet{}
	for i := range 4 {
		name := fmt.Sprint("r", i)
		fleet["http://"+name] = w.replica(name)
	}
	hits := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		evidenceID := w.announce(random(100))
		places := map[string]bool{}
		for url, f := range fleet {
			at, err := f.For(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 10, Part: true})
			w.must(err)
			if at == "" {
				at = url
			}
			places[at] = true
		}
		if len(places) != 1 {
			r.Fatalf("parts go to %v", places)
		}
		for at := range places {
			hits[at]++
		}
	})
	if len(hits) != len(fleet) {
		t.Errorf("all go to %v", hits)
	}
}
