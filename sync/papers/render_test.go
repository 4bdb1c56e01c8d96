package papers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Issuing queues the rendering in the same transaction; the job keeps the bytes and then says so, once.
func TestIssuedPaperIsRendered(t *testing.T) {
	each(t, func(w *world) {
		id := w.create(document.Documents.Name, w.penalty(document.Issued))
		queued, err := w.db.Lease(context.Background(), []string{document.RenderJob}, 10, time.Now().Add(time.Hour))
		if err != nil || len(queued) != 1 || queued[0].Key != id {
			w.Fatalf("queued %v, %v", queued, err)
		}
		w.render(queued[0].Key)
		said := w.rendered(id)
		text := w.stored(said)
		digest := sha256.Sum256(text)
		if said["sha256"] != hex.EncodeToString(digest[:]) || said["length"] != float64(len(text)) || said["pages"] != 2.0 || said["state"] != document.Issued {
			w.Errorf("says %v of %d bytes", said, len(text))
		}
		if !bytes.HasPrefix(text, []byte("%PDF-")) || said["renderer"] == "" || said["at"] != "2026-11-25T07:30:00Z" || said["missing"] != nil {
			w.Errorf("says %v", said)
		}
		_, before := w.body(document.Documents.Name, id)
		w.render(id)
		if _, after := w.body(document.Documents.Name, id); after != before {
			w.Errorf("rendering again made version %d out of %d", after, before)
		}
	})
}

// What the records say completes the paper: another name of the officer or the party, another certificate makes other bytes.
func TestRecordsCompleteThePaper(t *testing.T) {
	each(t, func(w *world) {
		id := w.create(document.Documents.Name, w.penalty(document.Issued))
		first := w.draw(id)
		if again := w.draw(id); again != first {
			w.Fatalf("the same records gave %s and %s", first, again)
		}
		for _, c := range []struct{ collection, id string }{{"officers", w.officers[1]}, {"subjects", w.subject}} {
			w.apply(c.collection, c.id, record.Update, record.Object{"name": "改名"})
			second := w.draw(id)
			if second == first {
				w.Errorf("%s: the paper does not name it", c.collection)
			}
			first = second
		}
		named := w.penalty(document.Issued)
		named["officers"] = record.Object{w.officers[0]: record.Object{"role": "officer", "name": "赵翀", "certificate": "02010200011"},
			w.officers[1]: record.Object{"role": "officer", "name": "改名", "certificate": "02010200012"}}
		// the same words, given by the author: the certificates are those in force, not those that ran out in 2023
		w.apply(document.Documents.Name, id, record.Update, record.Object{"officers": named["officers"]})
		if got := w.draw(id); got != first {
			w.Errorf("the records' certificates are others than the author's")
		}
	})
}

// draw renders a paper aside: into a store of its own, and telling nobody.
func (w *world) draw(id string) string {
	w.Helper()
	aside := w.Service
	kept := &trouble{Blobs: w.Blobs}
	aside.Records, aside.Blobs = nobody{}, kept
	if err := aside.Render(context.Background(), id); err != nil {
		w.Fatal(err)
	}
	return kept.last
}

type nobody struct{}

func (nobody) ApplyOwn(context.Context, []push.ServerOp) error { return nil }

// A paper is rendered by the template as it was when it was made.
func TestTemplateOfItsTime(t *testing.T) {
	each(t, func(w *world) {
		id := w.create(document.Documents.Name, w.penalty(document.Issued))
		before := w.draw(id)
		w.apply("templates", w.template, record.Update, record.Object{"version": 2.0, "name": "新版当场行政处罚决定书"})
		if after := w.draw(id); after != before {
			w.Error("a later version of the template changed an issued paper")
		}
		next := w.penalty(document.Issued)
		next["templateVersion"] = 2.0
		if w.draw(w.create(document.Documents.Name, next)) == before {
			w.Error("the new version is not used")
		}
	})
}

// A paper that no page count can hold is said to be so in its record, once, and is not tried for ever; the public page tells it, and an export leaves it out.
func TestAPaperTooLongIsSaidOnce(t *testing.T) {
	each(t, func(w *world) {
		layout := record.Object{}
		for i := range 50 {
			layout[fmt.Sprintf("p%d", i)] = record.Object{"kind": "paragraph", "text": "{facts}"}
		}
		w.apply("templates", w.template, record.Update, record.Object{"version": 2.0, "layout": layout})
		body := w.penalty(document.Issued)
		body["templateVersion"] = 2.0
		body["data"].(record.Object)["facts"] = strings.Repeat("长", 20_000)
		id := w.create(document.Documents.Name, body)
		w.render(id)
		said, version := w.body(document.Documents.Name, id)
		if rendered, _ := said["rendered"].(record.Object); rendered["failure"] != "paper.too_large" || rendered["sha256"] != nil {
			w.Fatalf("says %v", said["rendered"])
		}
		w.render(id)
		if _, again := w.body(document.Documents.Name, id); again != version {
			w.Errorf("rendering again made version %d out of %d", again, version)
		}
		for _, issued := range []bool{true, false} {
			if _, err := papers.KeptOf(said, issued); !errors.Is(err, fault.New(fault.PaperTooLarge)) || !strings.Contains(err.Error(), "更正文书") {
				w.Errorf("its file: %v", err)
			}
		}
		for _, form := range []string{"receipt", "docx"} {
			if _, err := w.As(context.Background(), id, form); fault.Of(err).Code != fault.PaperTooLarge {
				w.Errorf("%s: %v", form, err)
			}
		}
		sketch := papers.Sketch{Which: papers.Which{ID: w.template, Version: 2}, Unit: street, Data: body["data"].(record.Object)}
		if _, err := w.Preview(context.Background(), w.caller(), sketch); fault.Of(err).Code != fault.PaperTooLarge {
			w.Errorf("preview: %v", err)
		}
		if p, err := w.Public(context.Background(), id); err != nil || !p.File.Failed {
			w.Errorf("the public page: %+v, %v", p, err)
		}
		if _, export := w.exported(w.chief(), papers.Wanted{Form: papers.FormZIP, Reason: "归档", Documents: []string{id}}); !record.Equal(export["missing"], record.Object{id: "paper.too_large"}) {
			w.Errorf("the export: %v", export)
		}
	})
}

func TestVoidPaperIsMarked(t *testing.T) {
	each(t, func(w *world) {
		id := w.create(document.Documents.Name, w.penalty(document.Issued))
		w.render(id)
		issued := w.rendered(id)
		w.apply(document.Documents.Name, id, record.Update, record.Object{"state": document.Voided, "voidReason": "姓名有误"})
		w.render(id)
		w.voided(id, issued["sha256"])

		// made void before anybody rendered it: what was handed over is rendered and kept all the same
		late := w.create(document.Documents.Name, w.penalty(document.Issued))
		w.apply(document.Documents.Name, late, record.Update, record.Object{"state": document.Voided})
		w.render(late)
		w.voided(late, nil)
		_, before := w.body(document.Documents.Name, late)
		w.render(late)
		if _, after := w.body(document.Documents.Name, late); after != before {
			w.Errorf("rendering again made version %d out of %d", after, before)
		}
	})
}

// voided checks that a void paper has its marked copy, and still names what was handed over.
func (w *world) voided(id string, issued any) {
	w.Helper()
	said := w.rendered(id)
	handed, _ := said["issued"].(record.Object)
	if said["state"] != document.Voided || handed["state"] != document.Issued || handed["sha256"] == said["sha256"] {
		w.Errorf("says %v", said)
	}
	if issued != nil && handed["sha256"] != issued {
		w.Errorf("what was handed over is %v, not %v", handed["sha256"], issued)
	}
	w.stored(said)
	w.stored(handed)
}

func TestNothingToRender(t *testing.T) {
	each(t, func(w *world) {
		draft := w.create(document.Documents.Name, w.penalty(document.Draft))
		w.render(draft)
		if w.rendered(draft) != nil {
			w.Error("a draft was rendered")
		}
		if err := w.Render(context.Background(), newID()); !errors.Is(err, fault.New(fault.NotFound)) {
			w.Errorf("an unknown paper: %v", err)
		}
		orphan := w.penalty(document.Issued)
		orphan["template"] = newID()
		if err := w.Render(context.Background(), w.create(document.Documents.Name, orphan)); !errors.Is(err, fault.New(fault.PaperTemplateAbsent)) {
			w.Errorf("no template: %v", err)
		}
	})
}

// trouble is a store that can be down, before or after it has done what it was asked, and remembers the last key.
type trouble struct {
	evidence.Blobs
	before, after error
	last          string
}

func (s *trouble) Put(ctx context.Context, key string, want evidence.Digest, body io.Reader) error {
	s.last = key
	if s.before != nil {
		return s.before
	}
	if err := s.Blobs.Put(ctx, key, want, body); err != nil {
		return err
	}
	return s.after
}

// deaf is a write path whose answer is lost, or that does nothing.
type deaf struct {
	papers.Records
	refuse bool
}

func (d deaf) ApplyOwn(ctx context.Context, ops []push.ServerOp) error {
	if !d.refuse {
		if err := d.Records.ApplyOwn(ctx, ops); err != nil {
			return err
		}
	}
	return errors.New("the answer is lost")
}

// asleep is a watch that nothing can be given to.
type asleep struct{}

func (asleep) KeepCheck(context.Context, custody.Item, bool, time.Time) error {
	return errors.New("no watch")
}

// Every remote step is broken twice: not done, and done but unanswered. The job fails, nothing is said that is not so, and
// the next try ends well, with the same bytes and one op.
func TestBrokenSteps(t *testing.T) {
	down := fault.New(fault.TemporarilyDown)
	each(t, func(w *world) {
		sound := w.Service
		for name, c := range map[string]struct {
			spoil func(*papers.Service)
			said  bool // the failed try has its effect
		}{
			"store is down":           {func(s *papers.Service) { s.Blobs = &trouble{Blobs: sound.Blobs, before: down} }, false},
			"store does not answer":   {func(s *papers.Service) { s.Blobs = &trouble{Blobs: sound.Blobs, after: down} }, false},
			"record is not written":   {func(s *papers.Service) { s.Records = deaf{sound.Records, true} }, false},
			"record's answer is lost": {func(s *papers.Service) { s.Records = deaf{sound.Records, false} }, true},
			"watch is not begun":      {func(s *papers.Service) { s.Watch = asleep{} }, true},
		} {
			id := w.create(document.Documents.Name, w.penalty(document.Issued))
			_, created := w.body(document.Documents.Name, id)
			want := w.draw(id)
			broken := sound
			c.spoil(&broken)
			if err := broken.Render(context.Background(), id); err == nil {
				w.Errorf("%s: no error", name)
			} else if name == "store is down" && fault.Of(err).Kind != fault.Unavailable {
				w.Errorf("%s: %v is not what makes a job wait", name, err)
			}
			if said := w.rendered(id) != nil; said != c.said {
				w.Errorf("%s: the record says it is rendered: %v", name, said)
			}
			w.render(id)
			if got := w.rendered(id)["key"]; got != want {
				w.Errorf("%s: ended with %v, not %v", name, got, want)
			}
			if _, watched, err := w.db.LastCheck(context.Background(), custody.Paper(id)); err != nil || !watched {
				w.Errorf("%s: it is not read again at night, %v", name, err)
			}
			if _, version := w.body(document.Documents.Name, id); version != created+1 {
				w.Errorf("%s: %d ops", name, version-created)
			}
		}
	})
}
