package storagetest

import (
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// Uploads is what every upload.Store must do. open gives an empty one, with the database that it is a part of.
func Uploads(t *testing.T, open func(t *testing.T) (upload.Store, Database)) {
	for _, c := range []struct {
		name string
		run  func(*uploads)
	}{
		{"what is kept is read back whole", (*uploads).readBack},
		{"an evidence has one live upload", (*uploads).live},
		{"parts stand beside the live upload", (*uploads).parts},
		{"a length is declared once", (*uploads).declare},
		{"of simultaneous uploads one is kept", (*uploads).race},
		{"a state is left once", (*uploads).advance},
		{"sealing queues the promotion", (*uploads).sealed},
		{"what expires is listed, oldest first", (*uploads).expired},
		{"replicas know of each other", (*uploads).replicas},
		{"an upload is taken over by one", (*uploads).adopted},
		{"the manifest is the record as it stands", (*uploads).evidence},
		{"what is missing is listed in pages", (*uploads).missing},
		{"the key of a device is the one it enrolled with", (*uploads).key},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, d := open(t)
			c.run(&uploads{writes{t, d, t.Context()}, store})
		})
	}
}

// uploads is one run of one case.
type uploads struct {
	writes
	store upload.Store
}

func newUpload() upload.Upload {
	return upload.Upload{ID: newID(), Evidence: newID(), Device: newID(), Unit: "120102001", Length: 1 << 40, SHA256: "ab", State: upload.Receiving,
		CreatedAt: at, ExpiresAt: at.Add(time.Hour), Owner: "here"}
}

func (s *uploads) keep(u upload.Upload) upload.Upload {
	s.Helper()
	kept, created, err := s.store.Create(s.ctx, u)
	s.must(err)
	if !created {
		s.Fatalf("%s was not created", u.ID)
	}
	return kept
}

func (s *uploads) readBack() {
	u := newUpload()
	u.Docked = true
	if kept := s.keep(u); !reflect.DeepEqual(kept, u) {
		s.Errorf("kept %+v, want %+v", kept, u)
	}
	found, err := s.store.Find(s.ctx, u.ID)
	s.must(err)
	if !reflect.DeepEqual(found, u) {
		s.Errorf("found %+v, want %+v", found, u)
	}
	if _, err := s.store.Find(s.ctx, newID()); !errors.Is(err, fault.New(fault.NotFound)) {
		s.Errorf("an unknown upload: %v", err)
	}
}

func (s *uploads) key() {
	device := s.enrol()
	if key, err := s.store.DeviceKey(s.ctx, device); err != nil || string(key) != "key of "+device {
		s.Errorf("key %q, %v", key, err)
	}
	if _, err := s.store.DeviceKey(s.ctx, newID()); !errors.Is(err, fault.New(fault.NotFound)) {
		s.Errorf("an unknown device: %v", err)
	}
}

func (s *uploads) live() {
	first := s.keep(newUpload())
	second := newUpload()
	second.Evidence = first.Evidence
	kept, created, err := s.store.Create(s.ctx, second)
	s.must(err)
	if created || !reflect.DeepEqual(kept, first) {
		s.Errorf("created %v, kept %+v, want the first", created, kept)
	}
	for _, state := range []upload.State{upload.Whole, upload.Held} {
		if _, err := s.store.Advance(s.ctx, first.ID, first.State, state); err != nil {
			s.Fatal(err)
		}
		first.State = state
		kept, created, err = s.store.Create(s.ctx, second)
		if created || kept.ID != first.ID || err != nil {
			s.Errorf("beside one that is %s: %+v, %v", state, kept, err)
		}
	}
	mismatched := s.keep(newUpload())
	_, err = s.store.Advance(s.ctx, mismatched.ID, upload.Receiving, upload.Mismatch)
	s.must(err)
	again := newUpload()
	again.Evidence = mismatched.Evidence
	s.keep(again) // what did not match is kept apart; the bytes may be brought again
}

func (s *uploads) parts() {
	evidence := newID()
	if _, err := s.store.Live(s.ctx, evidence); !errors.Is(err, fault.New(fault.NotFound)) {
		s.Errorf("live of none: %v", err)
	}
	made := func(change func(*upload.Upload)) upload.Upload {
		u := newUpload()
		u.Evidence = evidence
		change(&u)
		return u
	}
	part := func(u *upload.Upload) {
		u.Part, u.Note = true, upload.Note{Metadata: "evidence YQ==,b", Joins: "partial"}
	}
	first, second := s.keep(made(part)), s.keep(made(part))
	if _, err := s.store.Live(s.ctx, evidence); !errors.Is(err, fault.New(fault.NotFound)) {
		s.Errorf("a part is the live upload: %v", err)
	}
	joined := s.keep(made(func(u *upload.Upload) {
		u.Parts, u.Note.Joins = []string{second.ID, first.ID, second.ID}, "final;a b a"
	}))
	for _, u := range []upload.Upload{first, joined} {
		if found, err := s.store.Find(s.ctx, u.ID); err != nil || !reflect.DeepEqual(found, u) {
			s.Errorf("found %+v, %v, want %+v", found, err, u)
		}
	}
	if live, err := s.store.Live(s.ctx, evidence); err != nil || !reflect.DeepEqual(live, joined) {
		s.Errorf("live %+v, %v", live, err)
	}
	for range upload.MaxParts - 2 {
		s.keep(made(part))
	}
	if _, _, err := s.store.Create(s.ctx, made(part)); !errors.Is(err, fault.New(fault.UploadParts)) {
		s.Errorf("one part too many: %v", err)
	}
	_, err := s.store.Advance(s.ctx, first.ID, upload.Receiving, upload.Ended)
	s.must(err)
	s.keep(made(part))
}

func (s *uploads) declare() {
	unknown := newUpload()
	unknown.Part, unknown.Length = true, upload.Unknown
	s.keep(unknown)
	known := s.keep(newUpload())
	for i, c := range []struct {
		id   string
		want bool
	}{{known.ID, false}, {unknown.ID, true}, {unknown.ID, false}, {newID(), false}} {
		if ok, err := s.store.Declare(s.ctx, c.id, 7); ok != c.want || err != nil {
			s.Errorf("declaration %d: %v, %v", i, ok, err)
		}
	}
	if found, err := s.store.Find(s.ctx, unknown.ID); err != nil || found.Length != 7 {
		s.Errorf("%+v, %v", found, err)
	}
}

func (s *uploads) race() {
	evidence := newID()
	var all sync.WaitGroup
	kept := make(chan string, 8)
	for range cap(kept) {
		all.Go(func() {
			u := newUpload()
			u.Evidence = evidence
			got, _, err := s.store.Create(s.ctx, u)
			if err != nil {
				s.Error(err)
			}
			kept <- got.ID
		})
	}
	all.Wait()
	first := <-kept
	for range cap(kept) - 1 {
		if id := <-kept; id != first {
			s.Errorf("kept %s and %s", first, id)
		}
	}
}

func (s *uploads) advance() {
	u := s.keep(newUpload())
	for i, want := range []bool{true, false} {
		ok, err := s.store.Advance(s.ctx, u.ID, upload.Receiving, upload.Ended)
		s.must(err)
		if ok != want {
			s.Errorf("time %d: %v", i+1, ok)
		}
	}
	if ok, err := s.store.Advance(s.ctx, newID(), upload.Receiving, upload.Ended); ok || err != nil {
		s.Errorf("an unknown upload: %v, %v", ok, err)
	}
}

func (s *uploads) sealed() {
	u := s.keep(newUpload())
	for range 2 {
		s.must(s.store.Sealed(s.ctx, u.ID, "promote"))
	}
	found, err := s.store.Find(s.ctx, u.ID)
	s.must(err)
	if found.State != upload.Whole {
		s.Errorf("state %s", found.State)
	}
	if waiting, _, err := s.Pending(s.ctx); waiting != 1 || err != nil {
		s.Errorf("%d promotions wait, %v", waiting, err)
	}
	ended := s.keep(newUpload())
	_, err = s.store.Advance(s.ctx, ended.ID, upload.Receiving, upload.Ended)
	s.must(err)
	_ = s.store.Sealed(s.ctx, ended.ID, "promote")
	if waiting, _, _ := s.Pending(s.ctx); waiting != 1 {
		s.Error("an upload that has ended is promoted")
	}
}

func (s *uploads) expired() {
	late, early, fresh, whole := newUpload(), newUpload(), newUpload(), newUpload()
	early.ExpiresAt, fresh.ExpiresAt = at.Add(time.Minute), at.Add(3*time.Hour)
	for _, u := range []upload.Upload{late, early, fresh, whole} {
		s.keep(u)
	}
	s.must(s.store.Sealed(s.ctx, whole.ID, "promote"))
	found, err := s.store.Expired(s.ctx, at.Add(2*time.Hour), "here")
	s.must(err)
	if len(found) != 2 || found[0].ID != early.ID || found[1].ID != late.ID {
		s.Errorf("expired %+v", found)
	}
}

func (s *uploads) evidence() {
	row := push.Row{ID: newID(), Collection: "evidence", Feed: "unit/a", Seq: 1, Version: 1, Op: newID(), Body: []byte(`{"sha256":"ab"}`)}
	s.rewrite(nil, row)
	body, err := s.store.Evidence(s.ctx, row.ID)
	s.must(err)
	if body["sha256"] != "ab" {
		s.Errorf("body %v", body)
	}
	row.Removed, row.Seq, row.Version = true, 2, 2
	s.rewrite(nil, row)
	other := row
	other.ID, other.Collection, other.Removed, other.Seq = newID(), "tasks", false, 3
	s.rewrite(nil, other)
	for _, id := range []string{row.ID, other.ID, newID()} {
		if _, err := s.store.Evidence(s.ctx, id); !errors.Is(err, fault.New(fault.NotFound)) {
			s.Errorf("removed, of another collection or unknown: %v", err)
		}
	}
}

func (s *uploads) missing() {
	var want []string
	for i, body := range []string{`{"sha256":"aa"}`, `{"custody":{"state":"mismatch"},"sha256":"aa"}`, `{"custody":{"state":"held"},"sha256":"aa"}`, `{"sha256":"bb"}`} {
		op, id, seq := newID(), newID(), uint64(i+1)
		row := push.Row{ID: id, Collection: "evidence", Feed: "unit/a", Seq: seq, Version: 1, Op: op, Body: []byte(body)}
		s.put(&push.Batch{Records: []push.Row{row}, Heads: map[string]uint64{"unit/a": seq}, At: at,
			Revisions: []push.Revision{{Version: push.Version{Record: id, Version: 1}, Collection: "evidence", Op: op, Body: row.Body}},
			Ops:       []push.OpRow{{Op: record.Op{ID: op, Seq: seq, Collection: "evidence", Record: id}, Device: "device", Text: []byte("{}")}}})
		if i != 2 {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	var got []string
	for after := ""; len(got) < 4; {
		page, err := s.store.Missing(s.ctx, after, 2)
		s.must(err)
		if len(page) > 2 {
			s.Fatalf("a page of 2 has %d", len(page))
		}
		if len(page) == 0 {
			break
		}
		for _, m := range page {
			if m.Device != "device" || m.Body["sha256"] == nil {
				s.Errorf("missing %+v", m)
			}
			got = append(got, m.Evidence)
			after = m.Evidence
		}
	}
	if !slices.Equal(got, want) {
		s.Errorf("missing %v, want %v", got, want)
	}
	for id, want := range map[string]string{got[0]: "device", newID(): ""} {
		if by, err := s.store.AnnouncedBy(s.ctx, id); by != want || err != nil {
			s.Errorf("%s was announced by %q, %v; want %q", id, by, err, want)
		}
	}
	for sum, want := range map[string]int{"aa": 3, "bb": 1, "cc": 0} {
		if n, err := s.store.Announced(s.ctx, sum); err != nil || n != want {
			s.Errorf("digest %s is announced %d times, %v; want %d", sum, n, err, want)
		}
	}
}
