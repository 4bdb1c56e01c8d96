package client_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
)

// camera makes segments of a second each, since its last start.
type camera struct {
	boot  string
	clock int64
	at    time.Time
}

func (c *camera) next() client.Piece {
	p := client.Piece{At: c.at, Boot: c.boot, MonotonicMs: c.clock, DurationMs: 1000}
	c.clock, c.at = c.clock+1000, c.at.Add(time.Second)
	return p
}

func (c *camera) restart() {
	c.boot, c.clock, c.at = c.boot+"'", 0, c.at.Add(time.Minute)
}

// TestARecorderBringsAChain: what was recorded piece by piece, told in several edits, is whole to the server.
func TestARecorderBringsAChain(t *testing.T) {
	defer client.TellFew(3)()
	w := newWorld(t)
	h := w.handheld(w.street())
	rec, err := h.Record(ctx, client.Recording{Path: filepath.Join(t.TempDir(), "a.mp4"), Kind: "video", MIME: "video/mp4", StartedAt: time.Now()})
	w.must(err)
	cam := &camera{boot: "b", at: time.Now().Add(-time.Minute)}
	for i := range 8 {
		w.must(rec.Write(ctx, bytes.Repeat([]byte{byte(i)}, 1000+i), cam.next()))
	}
	if cut, err := h.CutRecordings(ctx); err != nil || len(cut) != 1 || cut[0] != rec.ID {
		t.Errorf("under way %v, %v", cut, err)
	}
	// Killed between two of the edits that announce it, it goes on at the next.
	file, err := sql.Open("sqlite", filepath.Join(h.cfg.Dir, "device.db"))
	w.must(err)
	defer file.Close()
	_, err = file.Exec(`CREATE TRIGGER killed BEFORE UPDATE OF told ON recordings WHEN NEW.told = 6 BEGIN SELECT RAISE(ABORT, 'killed'); END`)
	w.must(err)
	if err := rec.Stop(ctx); err == nil {
		t.Fatal("the second edit was not stopped")
	}
	_, err = file.Exec(`DROP TRIGGER killed`)
	w.must(err)
	h.restart()
	if all, err := h.Uploads(ctx); err != nil || len(all) != 0 {
		t.Errorf("the bytes may go before the segments: %v, %v", all, err)
	}
	w.must(h.StopRecording(ctx, rec.ID))
	for range 2 {
		w.must(h.Sync(ctx))
		w.must(h.Upload(ctx))
		w.promote()
	}
	w.must(h.Sync(ctx))
	got, err := h.Get(ctx, "evidence", rec.ID)
	w.must(err)
	custody, _ := got.Body["custody"].(record.Object)
	segments, _ := custody["segments"].(record.Object)
	if custody["state"] != "held" || segments["count"] != 8.0 || segments["flaws"] != 0.0 {
		t.Errorf("custody %v", custody)
	}
	if found, err := w.db.Lookup(ctx, "findings", "record", rec.ID); err != nil || len(found) > 0 {
		t.Errorf("%d findings: %v", len(found), err)
	}
	if cut, err := h.CutRecordings(ctx); err != nil || len(cut) != 0 {
		t.Errorf("under way %v, %v", cut, err)
	}
}

// TestARecordingCutOffAnywhere: whatever was killed, every segment that Write had returned for is announced with its octets, nothing that is in the
// file is lost, and the flaws are exactly the gaps: octets of segments that were not complete, and the time until recording went on.
func TestARecordingCutOffAnywhere(t *testing.T) {
	defer client.TellFew(4)()
	w := newWorld(t)
	h := w.handheld(w.street())
	dir, made := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		made++
		path := filepath.Join(dir, fmt.Sprint(made))
		rec, err := h.Record(ctx, client.Recording{Path: path, Kind: "video", MIME: "video/mp4", StartedAt: time.Now().Add(-time.Hour)})
		must(err)
		cam := &camera{boot: "b", at: time.Now().Add(-time.Hour)}
		var whole [][]byte
		torn, restarts := 0, 0
		open, resumed := false, false // octets that belong to no segment end the file; it was resumed since the last segment
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			octets := rapid.SliceOfN(rapid.Byte(), 1, 50).Draw(t, "octets")
			kill := rapid.SampledFrom([]string{"", "", "", "between", "inside", "behind the octets"}).Draw(t, "kill")
			if kill == "" {
				must(rec.Write(ctx, octets, cam.next()))
				if resumed && len(whole) > 0 {
					restarts++
				}
				whole, open, resumed = append(whole, octets), false, false
				continue
			}
			if kill != "between" {
				file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
				must(err)
				if kill == "inside" {
					octets = octets[:(len(octets)+1)/2]
				}
				_, err = file.Write(octets)
				must(err)
				must(file.Close())
				if !open {
					torn++
				}
				open = true
			}
			h.restart()
			cam.restart()
			rec, err = h.Resume(ctx, rec.ID)
			must(err)
			resumed = true
		}
		if rapid.Bool().Draw(t, "killed before it was stopped") {
			h.restart()
			must(h.StopRecording(ctx, rec.ID))
		} else {
			must(rec.Stop(ctx))
		}
		if len(whole) == 0 && torn == 0 {
			if _, err := os.Stat(path); err == nil {
				t.Fatal("a recording of nothing is still there")
			}
			return
		}
		got, err := h.Get(ctx, "evidence", rec.ID)
		must(err)
		text, err := os.ReadFile(path)
		must(err)
		if got.Body["length"] != float64(len(text)) {
			t.Fatalf("announced are %v octets of %d", got.Body["length"], len(text))
		}
		all, malformed := evidence.SegmentsOf(got.Body)
		if len(all) != len(whole) || len(malformed) > 0 {
			t.Fatalf("%d segments of %d: %v", len(all), len(whole), malformed)
		}
		for i, s := range all {
			if !bytes.Equal(text[s.Offset:s.Offset+s.Length], whole[i]) {
				t.Fatalf("segment %d has other octets", i)
			}
		}
		if last := len(all) - 1; last >= 0 && all[last].Signature == "" {
			t.Fatal("the last segment is not signed")
		}
		pieces := evidence.NewPieces(all)
		_, _ = pieces.Write(text) // never fails
		found := map[string]int{}
		for _, f := range append(evidence.CheckChain(rec.ID, int64(len(text)), all), pieces.Flaws()...) {
			found[f.Code]++
		}
		if len(whole) == 0 {
			torn = 0 // without any segment there is no chain to be torn
		}
		if found[evidence.FlawUncovered] != torn || found[evidence.FlawRestart] != restarts || len(found) > 2 {
			t.Fatalf("flaws %v, want %d torn and %d restarts", found, torn, restarts)
		}
	})
	if cut, err := h.CutRecordings(ctx); err != nil || len(cut) != 0 {
		t.Errorf("under way %v, %v", cut, err)
	}
}

// TestAFileThatIsThereIsNotRecordedOver.
func TestAFileThatIsThereIsNotRecordedOver(t *testing.T) {
	w := newWorld(t)
	h := w.handheld(w.street())
	path := film(t, 100)
	if _, err := h.Record(ctx, client.Recording{Path: path}); err == nil || !strings.Contains(err.Error(), "exist") {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(path); err != nil || len(text) != 100 {
		t.Errorf("%d octets: %v", len(text), err)
	}
}
