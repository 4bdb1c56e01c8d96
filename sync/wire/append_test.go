package wire_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// written is what the encoder makes of a value: the definition of its text.
func written(t *testing.T, value any) ([]byte, error) {
	t.Helper()
	var out bytes.Buffer
	err := wire.Write(&out, value)
	return out.Bytes(), err
}

// What is appended by hand is what the encoder writes, to the octet, whatever the names hold; and what the encoder refuses is
// refused.
func FuzzAppend(f *testing.F) {
	f.Add("unit/120102001", uint64(7), "tasks", "01938f60-0000-7000-8000-000000000020", uint64(2), []byte(`{"b":1,"a":"大王庄"}`), "")
	f.Add("ref/1", uint64(0), "", "", uint64(0), []byte(`{}`), "moved")
	f.Add("a\"b\\", uint64(1), "\x00\x1f\x7f", "\u2028<&>é\xff", uint64(1<<63), []byte(`null`), "feed")
	f.Fuzz(func(t *testing.T, feed string, seq uint64, collection, id string, version uint64, body []byte, gone string) {
		c := wire.Change{Feed: feed, Seq: seq, Collection: collection, ID: id, Version: version, Gone: gone}
		if text, err := wire.Canonicalize(bytes.Clone(body)); err == nil {
			c.Body = text
		}
		sameText(t, c, c.Append)
		sameText(t, wire.SnapshotLine{Change: c}, c.Append)
		for _, changes := range [][]wire.Change{{}, {c}, {c, c, {Feed: "x", Gone: wire.GoneFeed}}} {
			r := wire.PullReply{Changes: changes, Cursor: feed, More: seq%2 == 0, Acked: seq, ServerAt: time.Unix(int64(version%1e9), 1000).UTC(),
				UpTo: map[string]uint64{id: seq, collection: version}}
			sameText(t, r, r.Append)
			some := wire.RecordsReply{Changes: changes, More: r.More}
			sameText(t, some, some.Append)
		}
	})
}

func sameText(t *testing.T, value any, fast func([]byte) ([]byte, error)) {
	t.Helper()
	want, wantErr := written(t, value)
	got, err := fast([]byte("before "))
	if (err != nil) != (wantErr != nil) {
		t.Fatalf("appended %v, written %v", err, wantErr)
	}
	if err == nil && string(got) != "before "+string(want) {
		t.Fatalf("appended %s\nwritten  %s", got, want)
	}
}
