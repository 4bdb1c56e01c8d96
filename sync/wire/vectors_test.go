package wire_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// vectors reads a file of docs/protocol/vectors: what authors of other clients test against is what we test against. They
// were made by another program, in another language.
func vectors[T any](t testing.TB, name string) T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "protocol", "vectors", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(text, &v, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	return v
}

// vector is what every one has; Expect.Refused is the reason, for people, why a text must not be taken.
type vector struct {
	Name, Note, Text, Hex string
	Expect                struct{ Refused, Canonical, Hash string }
}

type vectorFile struct{ Vectors []vector }

func (v vector) bytes(t *testing.T) []byte {
	t.Helper()
	if v.Hex == "" {
		return []byte(v.Text)
	}
	raw, err := hex.DecodeString(v.Hex)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// names checks that there are vectors and that each can be told from the others.
func names(t *testing.T, file vectorFile) {
	t.Helper()
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	seen := map[string]bool{}
	for _, v := range file.Vectors {
		if v.Name == "" || seen[v.Name] {
			t.Errorf("vector %q has no name of its own", v.Name)
		}
		seen[v.Name] = true
	}
}

func TestCanonicalVectors(t *testing.T) {
	file := vectors[vectorFile](t, "canonical")
	names(t, file)
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			var value any
			err := wire.Decode(v.bytes(t), &value)
			if v.Expect.Refused != "" {
				if err == nil {
					t.Fatalf("taken as %v, but it is to be refused: %s", value, v.Expect.Refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			fromText, err := wire.Canonicalize(v.bytes(t))
			if err != nil || string(fromText) != v.Expect.Canonical {
				t.Errorf("the text becomes %s (%v), want %s", fromText, err, v.Expect.Canonical)
			}
			fromValue, err := wire.Canonical(value)
			if err != nil || string(fromValue) != v.Expect.Canonical {
				t.Errorf("the value becomes %s (%v), want %s", fromValue, err, v.Expect.Canonical)
			}
		})
	}
}

func TestPatchVectors(t *testing.T) {
	file := vectors[struct {
		Vectors []struct {
			Name            string
			From, Patch, To record.Object
		}
	}](t, "patches")
	for _, v := range file.Vectors {
		if got := record.Apply(v.From, v.Patch); !record.Equal(got, v.To) {
			t.Errorf("%s: applied %v, want %v", v.Name, got, v.To)
		}
		if got := record.Diff(v.From, v.To); !record.Equal(got, v.Patch) {
			t.Errorf("%s: diff %v, want %v", v.Name, got, v.Patch)
		}
	}
}

func TestOpVectors(t *testing.T) {
	file := vectors[vectorFile](t, "ops")
	names(t, file)
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			op, err := wire.Open(v.bytes(t))
			if v.Expect.Refused != "" {
				if err == nil {
					t.Fatalf("taken as %s, but it is to be refused: %s", op.Text, v.Expect.Refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(op.Text) != v.Expect.Canonical || op.Hash != v.Expect.Hash {
				t.Errorf("hash %s of %s\nwant %s of %s", op.Hash, op.Text, v.Expect.Hash, v.Expect.Canonical)
			}
			// An author with the same values makes the same text.
			sealed, err := wire.Seal(op.Op)
			if err != nil || sealed.Hash != v.Expect.Hash {
				t.Errorf("sealed again: %s, %v", sealed.Text, err)
			}
		})
	}
}

func TestPullVectors(t *testing.T) {
	type expect struct {
		Refused, Cursor string
		Limit, Changes  int
		Drop, Put, Take []string
		More            bool
		Acked           uint64
		Schemas         map[string]int
	}
	type one struct {
		Name, Text string
		Expect     expect
	}
	file := vectors[struct{ Requests, Replies []one }](t, "pulls")
	for _, v := range file.Requests {
		var p wire.Pull
		err := wire.Decode([]byte(v.Text), &p)
		if (err != nil) != (v.Expect.Refused != "") {
			t.Errorf("%s: %v, want %q", v.Name, err, v.Expect.Refused)
		}
		if err == nil && (p.Cursor != v.Expect.Cursor || p.Limit != v.Expect.Limit) {
			t.Errorf("%s: %+v", v.Name, p)
		}
		if err == nil && (p.Acked != nil) != (v.Expect.Acked > 0) || p.Acked != nil && *p.Acked != v.Expect.Acked {
			t.Errorf("%s: acked %v", v.Name, p.Acked)
		}
		if err == nil && !maps.Equal(p.Schemas, v.Expect.Schemas) {
			t.Errorf("%s: schemas %v", v.Name, p.Schemas)
		}
	}
	for _, v := range file.Replies {
		var r wire.PullReply
		err := json.Unmarshal([]byte(v.Text), &r) // as a client reads it: leniently
		if v.Expect.Refused != "" {
			if err == nil {
				t.Errorf("%s: taken, want it refused: %s", v.Name, v.Expect.Refused)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		got := expect{Cursor: r.Cursor, More: r.More, Acked: r.Acked, Changes: len(r.Changes), Drop: []string{}, Put: []string{}, Take: []string{}}
		for _, ch := range r.Changes {
			got.Drop, got.Put, got.Take = sortChange(ch, got.Drop, got.Put, got.Take)
		}
		if !reflect.DeepEqual(got, v.Expect) {
			t.Errorf("%s:\n got %+v\nwant %+v", v.Name, got, v.Expect)
		}
	}
	again(t, []byte(file.Replies[0].Text), &wire.PullReply{})
}

// sortChange puts the name of a change where it belongs: feeds to drop, records to keep, records to take away.
func sortChange(ch wire.Change, drop, put, take []string) (_, _, _ []string) {
	switch ch.Gone {
	case "":
		put = append(put, ch.ID)
	case wire.GoneFeed:
		drop = append(drop, ch.Feed)
	default:
		take = append(take, ch.ID)
	}
	return drop, put, take
}

// again checks that a shape says all that a text says: decoded and encoded it is the same text.
func again(t *testing.T, text []byte, shape any) {
	t.Helper()
	if err := wire.Decode(text, shape); err != nil {
		t.Fatal(err)
	}
	got, err := wire.Canonical(shape)
	if err != nil {
		t.Fatal(err)
	}
	want, err := wire.Canonicalize(bytes.Clone(text))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("round trip:\n got %s\nwant %s", got, want)
	}
}

func TestSnapshotVectors(t *testing.T) {
	type expect struct {
		Put, Take   []string
		Whole       bool
		UpTo, After uint64
		Cursor      string
		Refused     string
	}
	file := vectors[struct {
		Vectors []struct {
			Name, Text string
			After      uint64
			Expect     expect
		}
	}](t, "snapshots")
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range file.Vectors {
		got := expect{Put: []string{}, Take: []string{}, After: v.After}
		var lines []wire.Change
		var octets []byte
		sealed := uint64(0)
		for text := range strings.Lines(v.Text) {
			if !strings.HasSuffix(text, "\n") {
				break // cut
			}
			var line wire.SnapshotLine
			again(t, []byte(text), &line)
			sum := sha256.Sum256(octets)
			switch {
			case line.End != nil && len(lines) == 0 && line.End.Count == sealed:
				got.Whole, got.UpTo, got.Cursor = true, line.End.UpTo, line.End.Cursor
			case line.Chunk != nil && line.Chunk.From == got.After && line.Chunk.Count == uint64(len(lines)) && line.Chunk.SHA256 == hex.EncodeToString(sum[:]):
				for _, ch := range lines {
					_, got.Put, got.Take = sortChange(ch, nil, got.Put, got.Take)
				}
				got.After, sealed, lines, octets = line.Chunk.To, sealed+line.Chunk.Count, nil, nil
			case line.End == nil && line.Chunk == nil:
				lines, octets = append(lines, line.Change), append(octets, text...)
			default:
				if got.Refused = v.Expect.Refused; got.Refused == "" {
					got.Refused = "not expected to be refused"
				}
			}
			if line.End != nil || got.Refused != "" {
				break
			}
		}
		if !reflect.DeepEqual(got, v.Expect) {
			t.Errorf("%s:\n got %+v\nwant %+v", v.Name, got, v.Expect)
		}
	}
}
