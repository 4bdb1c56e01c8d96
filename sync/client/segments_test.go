package client_test

import (
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
)

// pieces cuts a recording into so many of a second each, without a gap.
func pieces(length, n int) (all []client.Piece) {
	began := time.Now().Add(-time.Hour)
	for i := range n {
		all = append(all, client.Piece{Length: int64(length*(i+1)/n - length*i/n), At: began.Add(time.Duration(i) * time.Second), Boot: "b",
			MonotonicMs: int64(1000 * i), DurationMs: 1000, Place: "+39.12+117.25/"})
	}
	return all
}

// What the reference client chains and signs, the server finds to be whole; what it cannot cut it does not announce.
func TestPiecesBecomeAChain(t *testing.T) {
	w := newWorld(t)
	h := w.handheld(w.street())
	path := film(t, 70_000)
	recording := client.Recording{Path: path, Kind: "video", MIME: "video/mp4", StartedAt: time.Now().Add(-time.Minute), EndedAt: time.Now()}
	recording.Pieces = append(pieces(70_000, 65), client.Piece{Length: 1})
	if _, err := h.AddEvidence(ctx, recording); err == nil {
		t.Error("pieces longer than the recording were announced")
	}
	if all, err := h.Uploads(ctx); err != nil || len(all) > 0 {
		t.Errorf("%d uploads after that: %v", len(all), err)
	}
	recording.Pieces = pieces(70_000, 65)
	id, err := h.AddEvidence(ctx, recording)
	w.must(err)
	for range 2 {
		w.must(h.Sync(ctx))
		w.must(h.Upload(ctx))
		w.promote()
	}
	w.must(h.Sync(ctx))
	got, err := h.Get(ctx, "evidence", id)
	w.must(err)
	all, flaws := evidence.SegmentsOf(got.Body)
	signed := 0
	for _, s := range all {
		if s.Signature != "" {
			signed++
		}
	}
	if len(all) != 65 || len(flaws) > 0 || signed != 3 {
		t.Errorf("%d segments, %d signed, flaws %v", len(all), signed, flaws)
	}
	custody, _ := got.Body["custody"].(record.Object)
	segments, _ := custody["segments"].(record.Object)
	if custody["state"] != "held" || segments["count"] != 65.0 || segments["flaws"] != 0.0 {
		t.Errorf("custody %v", custody)
	}
	if found, err := w.db.Lookup(ctx, "findings", "record", id); err != nil || len(found) > 0 {
		t.Errorf("%d findings: %v", len(found), err)
	}
}
