package pull_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// part is a snapshot as a device reads it, its seals verified.
type part struct {
	lines  []wire.Change
	chunks []wire.SnapshotChunk
	end    *wire.SnapshotEnd
}

func readPart(t *testing.T, after uint64, text []byte) (p part) {
	t.Helper()
	from, begin, at := after, 0, 0
	for line := range bytes.Lines(text) {
		if p.end != nil {
			t.Fatal("there is something behind the end")
		}
		var l wire.SnapshotLine
		if err := wire.Decode(line, &l); err != nil {
			t.Fatal(err)
		}
		switch {
		case l.End != nil:
			p.end = l.End
			if at != begin {
				t.Fatal("lines without a seal")
			}
		case l.Chunk != nil:
			sum := sha256.Sum256(text[begin:at])
			n := bytes.Count(text[begin:at], []byte("\n"))
			if l.Chunk.From != from || l.Chunk.SHA256 != hex.EncodeToString(sum[:]) || int(l.Chunk.Count) != n || l.Chunk.To < p.lines[len(p.lines)-1].Seq {
				t.Fatalf("seal %+v of %d lines from %d", l.Chunk, n, from)
			}
			if n > pull.ChunkLines || at-begin > pull.ChunkOctets+2*pull.PageOctets {
				t.Fatalf("a chunk of %d lines, %d octets", n, at-begin)
			}
			p.chunks = append(p.chunks, *l.Chunk)
			from, begin = l.Chunk.To, at+len(line)
		default:
			p.lines = append(p.lines, l.Change)
		}
		at += len(line)
	}
	return p
}

func take(t *testing.T, s *pull.Service, want pull.Wanted) part {
	t.Helper()
	var out bytes.Buffer
	if err := s.Snapshot(t.Context(), officer("d", unit), want, &out); err != nil {
		t.Fatal(err)
	}
	p := readPart(t, want.After, out.Bytes())
	if p.end == nil || int(p.end.Count) != len(p.lines) {
		t.Fatalf("the end is %+v after %d lines", p.end, len(p.lines))
	}
	return p
}

func TestSnapshotInSealedChunks(t *testing.T) {
	m := newMemory()
	m.fill(work, 1234, 20)
	m.put(work, work+" 7", nil) // head 1235, 1233 live
	s := m.service()
	whole := take(t, s, pull.Wanted{Feed: work})
	if len(whole.lines) != 1233 || len(whole.chunks) != 3 || whole.end.UpTo != 1235 || whole.chunks[2].To != 1235 {
		t.Fatalf("%d lines, chunks %+v, end %+v", len(whole.lines), whole.chunks, whole.end)
	}
	// from any chunk on it is the rest; and parts beside each other join to the whole
	for _, c := range whole.chunks {
		rest := take(t, s, pull.Wanted{Feed: work, After: c.To})
		one := take(t, s, pull.Wanted{Feed: work, After: c.From, UpTo: c.To})
		if one.end.UpTo != c.To || liveOf(one.lines) != int(c.Count) {
			t.Errorf("the part %+v has %d lines and the end %+v", c, len(one.lines), one.end)
		}
		before := take(t, s, pull.Wanted{Feed: work, UpTo: c.To})
		if liveOf(before.lines)+liveOf(rest.lines) != 1233 {
			t.Errorf("%d lines up to %d and %d behind it", len(before.lines), c.To, len(rest.lines))
		}
	}
	// the cursor is good for going on
	r, err := s.Pull(t.Context(), officer("d", unit), wire.Pull{Cursor: whole.end.Cursor})
	if err != nil || len(r.Changes) != 0 || r.UpTo[work] != 1235 {
		t.Errorf("%+v, %v", r, err)
	}
	// who goes on hears what has left
	if rest := take(t, s, pull.Wanted{Feed: work, After: 1234}); len(rest.lines) != 1 || rest.lines[0].Gone != wire.GoneRemoved {
		t.Errorf("behind 1234: %+v", rest.lines)
	}
}

func liveOf(lines []wire.Change) (n int) {
	for _, l := range lines {
		if l.Gone == "" {
			n++
		}
	}
	return n
}

func TestChunksOfLargeBodiesAreShort(t *testing.T) {
	m := newMemory()
	m.fill(work, 10, pull.ChunkOctets/3)
	p := take(t, m.service(), pull.Wanted{Feed: work})
	if len(p.chunks) != 4 || p.chunks[0].Count != 3 {
		t.Errorf("chunks %+v", p.chunks)
	}
}

func TestSnapshotsOfNothing(t *testing.T) {
	m := newMemory()
	m.fill(work, 3, 10)
	s := m.service()
	for _, want := range []pull.Wanted{{Feed: reference}, {Feed: work, After: 3}, {Feed: work, After: 2, UpTo: 2}, {Feed: work, After: 9}} {
		if p := take(t, s, want); len(p.lines)+len(p.chunks) != 0 {
			t.Errorf("%+v: %+v", want, p)
		}
	}
}

func TestSnapshotRefuses(t *testing.T) {
	m := newMemory()
	m.fill(work, 3, 10)
	s := m.service()
	for _, c := range []struct {
		want pull.Wanted
		code fault.Code
	}{
		{pull.Wanted{Feed: "unit/120102002"}, fault.FeedForbidden},
		{pull.Wanted{Feed: "device/another"}, fault.FeedForbidden},
		{pull.Wanted{Feed: work, After: 3, UpTo: 2}, fault.FieldInvalid},
		{pull.Wanted{Feed: work, Cursor: "forged"}, fault.CursorInvalid},
		{pull.Wanted{Feed: "unit/" + strings.Repeat("1", 9)}, fault.FeedForbidden},
		{pull.Wanted{Feed: work, Schemas: map[string]int{"tasks": 0}}, fault.FieldInvalid},
	} {
		want := c.want
		var out bytes.Buffer
		fails(t, s.Snapshot(t.Context(), officer("d", unit), want, &out), c.code)
		if out.Len() > 0 {
			t.Errorf("%+v: refused after %d octets", want, out.Len())
		}
	}
}

// A link that breaks ends the walk, and what has gone out has no end.
func TestASnapshotEndsWithItsReader(t *testing.T) {
	m := newMemory()
	m.fill(work, 5000, 20)
	w := &breaking{left: 3}
	if err := m.service().Snapshot(t.Context(), officer("d", unit), pull.Wanted{Feed: work}, w); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	if m.reads > 20 {
		t.Errorf("%d pages were read for a reader that has gone", m.reads)
	}
}

var errBroken = errors.New("broken")

type breaking struct{ left int }

func (b *breaking) Write(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		return 0, fmt.Errorf("write: %w", errBroken)
	}
	return len(p), nil
}
