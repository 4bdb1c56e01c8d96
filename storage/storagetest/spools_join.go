package storagetest

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

func joinOf(t *testing.T, spool evidence.Spool, id string, length int64, others ...string) {
	t.Helper()
	if n, err := spool.Join(context.Background(), id, others); n != length || err != nil {
		t.Fatalf("joined %d bytes, want %d: %v", n, length, err)
	}
}

// spoolsJoin: a joined upload has the bytes of others, whatever becomes of those, and takes none of its own.
func spoolsJoin(t *testing.T, spool evidence.Spool) {
	ctx := context.Background()
	long, _, _ := sample(200 << 10)
	parts := [][]byte{[]byte("abc"), nil, long, []byte("z")}
	var ids []string
	for _, data := range parts {
		id := fresh(t, spool)
		add(t, spool, id, 0, data)
		ids = append(ids, id)
	}
	order := []string{ids[2], ids[1], ids[0], ids[3], ids[0]}
	want := bytes.Join([][]byte{long, nil, parts[0], parts[3], parts[0]}, nil)
	absent, id := uuid.Must(uuid.NewV7()).String(), uuid.Must(uuid.NewV7()).String()
	for _, others := range [][]string{{ids[0], absent}, {absent}, {"..", ids[0]}} {
		_, err := spool.Join(ctx, id, others)
		wantFault(t, err, fault.NotFound)
		wantGone(t, spool, id)
	}
	joinOf(t, spool, id, int64(len(want)), order...)
	wantSpooled(t, spool, id, want)
	for _, part := range ids {
		if err := spool.Remove(ctx, part); err != nil {
			t.Error(err)
		}
	}
	joinOf(t, spool, id, int64(len(want)), order...) // done already, though the others are gone
	for _, from := range []int{0, 1, 200<<10 - 1, 200 << 10, 200<<10 + 3, len(want) - 1, len(want)} {
		file, err := spool.Open(ctx, id, int64(from))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, want[from:]) {
			t.Errorf("from %d there are %d bytes: %v", from, len(got), err)
		}
		file.Close()
	}
	_, err := spool.Append(ctx, id, int64(len(want)), bytes.NewReader([]byte("x")))
	wantFault(t, err, fault.UploadJoined)
	wantSpooled(t, spool, id, want)

	again := uuid.Must(uuid.NewV7()).String()
	_, err = spool.Join(ctx, again, order)
	wantFault(t, err, fault.NotFound)
	for range 2 {
		if err := spool.Remove(ctx, id); err != nil {
			t.Errorf("remove: %v", err)
		}
		wantGone(t, spool, id)
	}
	last := fresh(t, spool)
	add(t, spool, last, 0, []byte("abc"))
	joinOf(t, spool, again, 3, last)
	for range 2 {
		if err := spool.SetAside(ctx, again); err != nil {
			t.Errorf("set aside: %v", err)
		}
		wantGone(t, spool, again)
	}
}
