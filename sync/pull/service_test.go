package pull_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// toEnd pulls page by page to the end and gives the pages.
func toEnd(t *testing.T, s *pull.Service, who people.Caller, cursor string, limit int) (pages []wire.PullReply) {
	t.Helper()
	for range 1000 {
		r, err := s.Pull(t.Context(), who, wire.Pull{Cursor: cursor, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, r)
		if cursor = r.Cursor; !r.More {
			return pages
		}
	}
	t.Fatal("the pull does not end")
	return nil
}

// Pages are full while there is more, whatever feeds they come from: a client that takes a short page for the last loses nothing.
func TestPagesAreFilledOverFeeds(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 7, 10, 11, 100} {
		m := newMemory()
		m.fill(own, 2, 10)
		m.fill(reference, 7, 10)
		m.fill(work, 4, 10)
		m.put(reference, reference+" 3", nil)
		pages := toEnd(t, m.service(), officer("d", unit), "", limit)
		seen, changes := map[string]bool{}, 0
		for i, p := range pages {
			if i < len(pages)-1 && len(p.Changes) != limit {
				t.Errorf("limit %d: page %d of %d has %d changes", limit, i, len(pages), len(p.Changes))
			}
			for _, c := range p.Changes {
				seen[c.ID], changes = true, changes+1
			}
		}
		last := pages[len(pages)-1]
		if len(seen) != 13 || changes != 13 || fmt.Sprint(last.UpTo) != fmt.Sprint(map[string]uint64{own: 2, reference: 8, work: 4}) {
			t.Errorf("limit %d: %d changes of %d records, up to %v", limit, changes, len(seen), last.UpTo)
		}
		again := toEnd(t, m.service(), officer("d", unit), last.Cursor, limit)
		if len(again) != 1 || len(again[0].Changes) != 0 {
			t.Errorf("limit %d: after the end come %+v", limit, again)
		}
	}
}

// Large bodies end a page early, and only that: nothing is lost, and memory is bounded whatever the bodies are.
func TestLargeBodiesEndAPage(t *testing.T) {
	m := newMemory()
	m.fill(reference, 5, pull.PageOctets/2)
	m.fill(work, 9, pull.PageOctets/3)
	pages := toEnd(t, m.service(), officer("d", unit), "", 500)
	changes := 0
	for _, p := range pages {
		size := 0
		for _, c := range p.Changes {
			changes++
			size += len(c.Body)
		}
		if size > 2*pull.PageOctets+pull.PageOctets/2 {
			t.Errorf("a page of %d octets", size)
		}
	}
	if changes != 14 || len(pages) < 4 {
		t.Errorf("%d changes in %d pages", changes, len(pages))
	}
}

// A feed that is not the caller's any more is told gone once; one that is new begins at its first change.
func TestFeedsComeAndGo(t *testing.T) {
	const other = "120102002"
	m := newMemory()
	m.fill(work, 3, 10)
	m.fill("unit/"+other, 3, 10)
	s := m.service()
	pages := toEnd(t, s, officer("d", unit), "", 500)
	if n := len(pages[0].Changes); n != 3 {
		t.Fatalf("%d changes", n)
	}
	moved := toEnd(t, s, officer("d", other), pages[0].Cursor, 500)
	if c := moved[0].Changes; len(c) != 4 || c[0].Feed != work || c[0].Gone != wire.GoneFeed || c[1].Seq != 1 {
		t.Fatalf("after the move: %+v", c)
	}
	if _, still := moved[0].UpTo[work]; still {
		t.Error("the lost feed is still in the cursor")
	}
	if c := toEnd(t, s, officer("d", other), moved[0].Cursor, 500)[0].Changes; len(c) != 0 {
		t.Errorf("told again: %+v", c)
	}
}

func TestPullRefuses(t *testing.T) {
	m := newMemory()
	m.fill(work, 3, 10)
	s := m.service()
	who := officer("d", unit)
	r, err := s.Pull(t.Context(), who, wire.Pull{})
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{-1, pull.MaxLimit + 1} {
		_, err := s.Pull(t.Context(), who, wire.Pull{Limit: limit})
		fails(t, err, fault.FieldInvalid)
	}
	raw, err := base64.RawURLEncoding.DecodeString(r.Cursor)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw { // every octet of it is authenticated
		raw[i] ^= 1
		_, err := s.Pull(t.Context(), who, wire.Pull{Cursor: base64.RawURLEncoding.EncodeToString(raw)})
		fails(t, err, fault.CursorInvalid)
		raw[i] ^= 1
	}
	for _, forged := range []string{"x", r.Cursor + "A", r.Cursor + "\n", r.Cursor[:9] + "\r\n" + r.Cursor[9:], r.Cursor[1:], base64.RawURLEncoding.EncodeToString(raw[:32]),
		base64.RawURLEncoding.EncodeToString([]byte(`{"d":"d","e":"first","f":{}}`))} {
		_, err := s.Pull(t.Context(), who, wire.Pull{Cursor: forged})
		fails(t, err, fault.CursorInvalid)
	}
	_, err = s.Pull(t.Context(), officer("another", unit), wire.Pull{Cursor: r.Cursor})
	fails(t, err, fault.CursorInvalid)
	strange := m.service()
	strange.Cursors.Key = []byte("another server's")
	_, err = strange.Pull(t.Context(), who, wire.Pull{Cursor: r.Cursor})
	fails(t, err, fault.CursorInvalid)
	m.epoch = "after the restore"
	_, err = s.Pull(t.Context(), who, wire.Pull{Cursor: r.Cursor})
	fails(t, err, fault.EpochChanged)
}

// Whatever comes as a cursor is either refused as one or one that this server has made.
func FuzzCursor(f *testing.F) {
	m := newMemory()
	m.fill(work, 3, 10)
	s := m.service()
	who := officer("d", unit)
	r, err := s.Pull(context.Background(), who, wire.Pull{Limit: 2})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Cursor)
	f.Add("")
	f.Add("AAAA")
	f.Add(r.Cursor[:len(r.Cursor)-1] + "_")
	f.Fuzz(func(t *testing.T, cursor string) {
		got, err := s.Pull(t.Context(), who, wire.Pull{Cursor: cursor})
		switch {
		case cursor == "" || cursor == r.Cursor:
			if err != nil {
				t.Fatal(err)
			}
		case err == nil:
			if again, err := s.Pull(t.Context(), who, wire.Pull{Cursor: got.Cursor}); err != nil || len(again.Changes) != 0 {
				t.Fatalf("%q is taken for a cursor", cursor)
			}
			if got.UpTo[work] < 2 {
				t.Fatalf("%q stands at %v", cursor, got.UpTo)
			}
		default:
			fails(t, err, fault.CursorInvalid)
		}
	})
}
