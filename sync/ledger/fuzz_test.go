package ledger_test

import (
	"bytes"
	"testing"

	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/ledger/bundle"
)

func FuzzOpenLeaf(f *testing.F) {
	f.Add([]byte(`{"at":"2026-11-28T09:00:00Z","device":"00","first":1,"head":"h","kind":"push","last":2,"result":"r","signature":"s","v":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		leaf, err := ledger.OpenLeaf(text)
		if err != nil {
			return
		}
		if again, err := leaf.Text(); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q is read as %q, %v", text, again, err)
		}
	})
}

// An archive from anywhere is told apart from a sound bundle, whatever it holds.
func FuzzBundle(f *testing.F) {
	index := []byte(`{"after":1,"evidence":"e","file":"file/recording","format":"fieldwarden/bundle/v1","keys":2,"ledger":"a/ledger","madeAt":"2026-11-28T09:00:00Z","stamps":1}`)
	names := []string{"bundle.json", "op/manifest.json", "push/push.json", "ledger/push.json", "ledger/push.tlog-proof", "file/recording"}
	f.Add(packed(f, names, map[string][]byte{"bundle.json": index, "op/manifest.json": []byte("{}")}))
	f.Fuzz(func(t *testing.T, archive []byte) {
		if r, err := bundle.Verify(bytes.NewReader(archive), int64(len(archive)), bundle.Trust{}); err == nil && r.Sound {
			t.Errorf("it is sound: %+v", r)
		}
	})
}
