package papers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func photo(t testing.TB, side int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, side, side)), nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func sumOf(raw []byte) string {
	digest := sha256.Sum256(raw)
	return hex.EncodeToString(digest[:])
}

// announced is a record of evidence whose octets are not there yet.
func (w *world) announced(unit string, raw []byte) string {
	return w.create(evidence.Evidence.Name, record.Object{"unit": unit, "kind": "photo", "officer": w.officers[0], "startedAt": "2026-11-25T06:00:00Z", "endedAt": "2026-11-25T06:00:00Z",
		"mime": "image/jpeg", "length": float64(len(raw)), "sha256": sumOf(raw)})
}

// brought is what the server writes once it holds the octets.
func (w *world) brought(id string, raw []byte) {
	w.Helper()
	key := evidence.Key(evidence.Recordings, sumOf(raw))
	if err := w.Blobs.Put(context.Background(), key, evidence.Digest{Length: int64(len(raw)), SHA256: sumOf(raw)}, bytes.NewReader(raw)); err != nil {
		w.Fatal(err)
	}
	w.apply(evidence.Evidence.Name, id, record.Update, record.Object{"custody": record.Object{"state": string(evidence.CustodyHeld), "key": key}})
}

// shows is an issued paper of the team that shows an evidence.
func (w *world) shows(id string, raw []byte) string {
	body := seed(w.T, "evidence-extraction")
	return w.create(document.Documents.Name, record.Object{"unit": team, "kind": "evidence-extraction", "template": w.create("templates", body), "templateVersion": 1.0, "state": document.Issued,
		"issuedAt": "2026-11-25T07:05:00Z", "data": record.Object{"photos": record.Object{"p1": record.Object{"order": 1.0, "evidence": id, "sha256": sumOf(raw), "length": float64(len(raw)),
			"caption": "东侧人行道", "at": "2026-11-25T06:00:00Z", "place": "成林道", "by": "赵翀"}}}})
}

// A paper waits for its picture: its rendering is tried again, its record says which one is missing, once, and in the end the page holds it, octet for octet.
func TestPaperWaitsForItsPicture(t *testing.T) {
	each(t, func(w *world) {
		raw := photo(w.T, 30)
		late := newID()
		id := w.shows(late, raw)
		pending, clock := fault.New(fault.PicturePending), now
		w.Now = func() time.Time { clock = clock.Add(time.Second); return clock }
		for range 2 {
			if err := w.Render(context.Background(), id); !errors.Is(err, pending) || fault.Of(err).Kind != fault.Unavailable {
				w.Fatalf("before its record is there: %v", err)
			}
		}
		said, version := w.body(document.Documents.Name, id)
		if rendered, _ := said["rendered"].(record.Object); rendered["waiting"] != late || rendered["sha256"] != nil || rendered["state"] != nil {
			w.Errorf("says %v", said["rendered"])
		}
		w.apply(evidence.Evidence.Name, late, record.Create, record.Object{"unit": team, "kind": "photo", "officer": w.officers[0], "startedAt": "2026-11-25T06:00:00Z",
			"endedAt": "2026-11-25T06:00:00Z", "mime": "image/jpeg", "length": float64(len(raw)), "sha256": sumOf(raw)})
		if err := w.Render(context.Background(), id); !errors.Is(err, pending) {
			w.Errorf("before its octets are there: %v", err)
		}
		if _, again := w.body(document.Documents.Name, id); again != version {
			w.Errorf("waiting was said %d times more", again-version)
		}
		if p, err := w.Public(context.Background(), id); err != nil || p.File != (papers.Print{}) {
			w.Errorf("the public page: %+v, %v", p, err)
		}
		w.brought(late, raw)
		w.render(id)
		rendered := w.rendered(id)
		if !bytes.Contains(w.stored(rendered), raw) || rendered["waiting"] != nil {
			w.Errorf("says %v", rendered)
		}
		w.printed(late, id)
		w.apply(document.Documents.Name, id, record.Update, record.Object{"state": document.Voided, "voidReason": "地点有误"})
		w.render(id)
		w.voided(id, rendered["sha256"])
		w.printed(late, id)
	})
}

// printed checks that the custody of an evidence tells once of the paper on which it was printed: by the server, and in the evidence's own unit.
func (w *world) printed(evidenceID, paper string) {
	w.Helper()
	found, err := w.db.Lookup(context.Background(), evidence.Custodies.Name, "evidence", evidenceID)
	if err != nil {
		w.Fatal(err)
	}
	var acts []evidence.Entry
	for _, r := range found {
		body, err := wire.Object(r.Body)
		if err != nil {
			w.Fatal(err)
		}
		if act := evidence.ReadEntry(body); act.Act == evidence.ActPrint {
			acts = append(acts, act)
		}
	}
	if len(acts) != 1 || acts[0].Related != paper || acts[0].Unit != team || acts[0].Actor != "" || !strings.Contains(acts[0].Reason, "提取说明") {
		w.Errorf("the acts are %+v", acts)
	}
}

// A paper that was made void while it waited is rendered in both forms in the end.
func TestVoidWhileItWaits(t *testing.T) {
	each(t, func(w *world) {
		raw := photo(w.T, 31)
		late := w.announced(team, raw)
		id := w.shows(late, raw)
		_ = w.Render(context.Background(), id)
		w.apply(document.Documents.Name, id, record.Update, record.Object{"state": document.Voided})
		if err := w.Render(context.Background(), id); !errors.Is(err, fault.New(fault.PicturePending)) {
			w.Fatal(err)
		}
		w.brought(late, raw)
		w.render(id)
		w.voided(id, nil)
	})
}

// What can never be printed is said once, by its place and reason: another organ's evidence, other octets than the paper names, what was disposed of, what is no picture.
func TestPicturesThatNeverCome(t *testing.T) {
	each(t, func(w *world) {
		good, text := photo(w.T, 32), []byte("no picture at all")
		ours, foreign, shared, gone, other, words := w.announced(team, good), w.announced("120102012", good), w.announced("120102012", good), w.announced(team, good), w.announced(team, text), w.announced(team, text)
		for id, raw := range map[string][]byte{ours: good, foreign: good, shared: good, gone: good, other: text, words: text} {
			w.brought(id, raw)
		}
		w.apply(evidence.Evidence.Name, shared, record.Update, record.Object{"partners": record.Object{team: record.Object{}}})
		w.apply(evidence.Evidence.Name, gone, record.Update, record.Object{"custody": record.Object{"state": string(evidence.CustodyDisposed)}})
		of := w.announced(street, good)
		w.brought(of, good)
		for name, c := range map[string]struct {
			evidence string
			raw      []byte
			why      string
		}{
			"ours": {ours, good, ""}, "our organ's": {of, good, ""}, "shared with us": {shared, good, ""}, "another organ's": {foreign, good, "不是本机关的证据"}, "disposed of": {gone, good, "已经处置"},
			"other octets": {other, good, "不一致"}, "no picture": {words, text, "不是JPEG或者PNG"}, "no record": {"nobody", good, "未指明证据记录"},
		} {
			id := w.shows(c.evidence, c.raw)
			w.render(id)
			rendered := w.rendered(id)
			reason, _ := rendered["reason"].(record.Object)
			why, _ := reason["zh"].(string)
			if c.why == "" {
				if rendered["failure"] != nil || !bytes.Contains(w.stored(rendered), good) {
					w.Errorf("%s: %v", name, rendered)
				}
				continue
			}
			if rendered["failure"] != string(fault.PictureUnfit) || rendered["failureAt"] != "data/photos/p1" || !strings.Contains(why, c.why) || rendered["sha256"] != nil {
				w.Errorf("%s: %v", name, rendered)
			}
			_, before := w.body(document.Documents.Name, id)
			w.render(id)
			if _, after := w.body(document.Documents.Name, id); after != before {
				w.Errorf("%s: said again", name)
			}
		}
	})
}

// One paper with pictures is rendered at a time; who waits for his turn beyond his deadline gets the context's error, and papers without pictures wait for nobody.
func TestAlbumsTakeTurns(t *testing.T) {
	each(t, func(w *world) {
		raw := photo(w.T, 33)
		id := w.announced(team, raw)
		w.brought(id, raw)
		reached, leave := make(chan struct{}), make(chan struct{})
		slow := w.Service
		slow.Blobs = &halting{Blobs: w.Blobs, reached: reached, leave: leave}
		done := make(chan error)
		go func() { done <- slow.Render(context.Background(), w.shows(id, raw)) }()
		<-reached
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := w.Render(ctx, w.shows(id, raw)); !errors.Is(err, context.DeadlineExceeded) {
			w.Errorf("beside another: %v", err)
		}
		w.render(w.create(document.Documents.Name, w.penalty(document.Issued)))
		close(leave)
		if err := <-done; err != nil {
			w.Error(err)
		}
	})
}

// halting is a store that answers the first question when it is told to.
type halting struct {
	evidence.Blobs
	reached, leave chan struct{}
	once           sync.Once
}

func (h *halting) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	h.once.Do(func() { close(h.reached); <-h.leave })
	return h.Blobs.OpenRange(ctx, key, from, n)
}
