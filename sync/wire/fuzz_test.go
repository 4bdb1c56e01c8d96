package wire_test

import (
	"bytes"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// texts adds every text of a file of vectors to a fuzz target's corpus.
func texts(f *testing.F, names ...string) {
	f.Helper()
	for _, name := range names {
		for _, v := range vectors[vectorFile](f, name).Vectors {
			f.Add([]byte(v.Text))
		}
	}
}

// Whatever arrives: decoding neither panics nor takes what it then cannot say again. The hash of an op does not depend on the
// form in which it came.
func FuzzDecodePush(f *testing.F) {
	texts(f, "pushes", "ops")
	f.Fuzz(func(t *testing.T, text []byte) {
		var p wire.Push
		if wire.Decode(bytes.Clone(text), &p) != nil {
			return
		}
		for _, raw := range p.Ops {
			op, err := wire.Open(bytes.Clone(raw))
			if err != nil {
				continue
			}
			again, err := wire.Open(bytes.Clone(op.Text))
			if err != nil || again.Hash != op.Hash || !bytes.Equal(again.Text, op.Text) {
				t.Fatalf("the canonical text opens as %s (%v), not as %s", again.Text, err, op.Text)
			}
			if !record.Equal(again.Patch, op.Patch) || again.Seq != op.Seq || again.Base != op.Base || !again.OccurredAt.Equal(op.OccurredAt) {
				t.Fatalf("the canonical text means %+v, the first meant %+v", again.Op, op.Op)
			}
		}
	})
}

// A reply that a client takes, it can keep and read again: bodies are stored as they came.
func FuzzDecodePull(f *testing.F) {
	for _, v := range vectors[struct{ Requests, Replies []vector }](f, "pulls").Replies {
		f.Add([]byte(v.Text))
	}
	texts(f, "snapshots")
	f.Fuzz(func(t *testing.T, text []byte) {
		var r wire.PullReply
		if json.Unmarshal(bytes.Clone(text), &r) == nil {
			for _, ch := range r.Changes {
				if _, err := wire.Canonical(ch); err != nil {
					t.Fatalf("a change was taken that cannot be written: %v", err)
				}
			}
		}
		var strict wire.PullReply
		if wire.Decode(bytes.Clone(text), &strict) == nil {
			if _, err := wire.Canonical(strict); err != nil {
				t.Fatalf("a reply was taken that cannot be written: %v", err)
			}
		}
		var line wire.SnapshotLine
		if wire.Decode(bytes.Clone(text), &line) == nil {
			if _, err := wire.Canonical(line); err != nil {
				t.Fatalf("a line was taken that cannot be written: %v", err)
			}
		}
	})
}

// Canonical form: doing it twice changes nothing, and the text still means the same.
func FuzzCanonicalize(f *testing.F) {
	texts(f, "canonical", "ops", "pushes", "snapshots")
	f.Fuzz(func(t *testing.T, text []byte) {
		var value any
		if wire.Decode(bytes.Clone(text), &value) != nil {
			return
		}
		once, err := wire.Canonicalize(bytes.Clone(text))
		if err != nil {
			t.Fatalf("decoded, but has no canonical form: %v", err)
		}
		twice, err := wire.Canonicalize(bytes.Clone(once))
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s becomes %s (%v)", once, twice, err)
		}
		var back any
		if err := wire.Decode(bytes.Clone(once), &back); err != nil || !record.Equal(value, back) {
			t.Fatalf("%q means %v, its canonical form %s means %v (%v)", text, value, once, back, err)
		}
		of, err := wire.Canonical(value)
		if err != nil || !bytes.Equal(of, once) {
			t.Fatalf("the value's form is %s (%v), the text's is %s", of, err, once)
		}
	})
}
