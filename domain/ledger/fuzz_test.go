package ledger_test

import (
	"bytes"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/ledger"
)

// What is read at all has one text.
func FuzzParseTile(f *testing.F) {
	for _, path := range []string{"tile/0/000", "tile/entries/x001/234.p/7", "tile/63/000.p/255", "tile/0/x000/001", "tile/1/000.p/256"} {
		f.Add(path, int64(70_000))
	}
	f.Fuzz(func(t *testing.T, path string, size int64) {
		tile, err := ledger.ParseTile(path)
		if err != nil {
			return
		}
		if tile.Path() != path {
			t.Errorf("%q is read as %q", path, tile.Path())
		}
		if size >= 0 && tile.Within(size) && !tile.Entries && tile.Level == 0 && tile.N*256+int64(tile.Width) > size {
			t.Errorf("%q is in a log of %d", path, size)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add("a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	f.Add("a\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ledger.ParseCheckpoint(text); err == nil && c.Text() != text {
			t.Errorf("%q is read as %q", text, c.Text())
		}
		if _, err := ledger.Open([]byte(text)); err == nil && !bytes.Contains([]byte(text), []byte("\n\n— ")) {
			t.Errorf("%q is taken for a signed note", text)
		}
	})
}

func FuzzParseProof(f *testing.F) {
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\na\n2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ledger.ParseProof(text)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Text(), text) {
			t.Errorf("%q is read as %q", text, p.Text())
		}
		_ = p.Check([]byte("x"), ledger.Checkpoint{Size: 2})
	})
}

func FuzzParseEntryBundle(f *testing.F) {
	f.Add([]byte("\x00\x01a\x00\x00"))
	f.Fuzz(func(t *testing.T, bundle []byte) {
		leaves, err := ledger.ParseEntryBundle(bundle)
		if err != nil {
			return
		}
		if again, err := ledger.EntryBundle(leaves); err != nil || !bytes.Equal(again, bundle) {
			t.Errorf("%q is read as %q, %v", bundle, again, err)
		}
	})
}

// Others' decoder of time stamps neither panics nor believes anything.
func FuzzCheckStamp(f *testing.F) {
	f.Add([]byte("0\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02"))
	f.Fuzz(func(t *testing.T, token []byte) {
		if _, err := ledger.CheckStamp(token, ledger.Checkpoint{Origin: "a"}, nil); err == nil {
			t.Errorf("%x is a stamp", token)
		}
	})
}
