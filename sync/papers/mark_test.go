package papers_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

// saidBy are the words of the forms of a paper that is rendered, without blanks.
func (w *world) saidBy(id string) map[string]string {
	w.Helper()
	body, _ := w.body(document.Documents.Name, id)
	kept, err := papers.KeptOf(body, true)
	if err != nil {
		w.Fatal(err)
	}
	said := map[string]string{"page": readable(w.T, w.stored(record.Object{"key": kept.Key}))}
	for _, form := range []string{"receipt", "docx"} {
		file, err := w.As(context.Background(), id, form)
		if err != nil {
			w.Fatal(form, err)
		}
		if said[form] = string(file.Bytes); form == "docx" {
			said[form] = words(w.T, file.Bytes)
			continue
		}
		said[form] = readable(w.T, file.Bytes)
	}
	for form, text := range said {
		said[form] = strings.Join(strings.Fields(text), "")
	}
	return said
}

// words is the text of a document that can be edited.
func words(t testing.TB, file []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	part, err := z.Open("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(part)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(text), "")
}

// Whatever becomes of an officer, his certificate, the party and the organ after the issue, all forms say what the page says that was frozen; so do those of
// papers of before it was kept what the records had said, and copies of papers that were made void.
func TestAllFormsSayWhatTheRecordsSaid(t *testing.T) {
	each(t, func(w *world) {
		clock := now
		w.push.Now = func() time.Time { return clock }
		w.Now = w.push.Now
		id := w.create(document.Documents.Name, w.penalty(document.Issued))
		clock = clock.Add(time.Minute)
		w.render(id)
		old := w.create(document.Documents.Name, w.penalty(document.Issued))
		w.render(old)
		w.apply(document.Documents.Name, old, record.Update, record.Object{"rendered": record.Object{"filling": nil}})
		waiting := w.create(document.Documents.Name, w.penalty(document.Issued))
		before := w.saidBy(id)

		clock = clock.Add(time.Hour)
		w.apply("officers", w.officers[0], record.Update, record.Object{"name": "赵改名"})
		w.apply("subjects", w.subject, record.Update, record.Object{"name": "改名有限公司", "phone": "13100000000"})
		cards, err := w.db.Lookup(context.Background(), people.Certificates.Name, "officer", w.officers[0])
		if err != nil {
			w.Fatal(err)
		}
		for _, card := range cards {
			w.apply("certificates", card.ID, record.Update, record.Object{"number": "99" + card.ID[:4]})
		}
		units, err := w.db.Lookup(context.Background(), "units", "code", street)
		if err != nil {
			w.Fatal(err)
		}
		w.apply("units", units[0].ID, record.Update, record.Object{"name": "改名街道办事处"})
		w.render(waiting)
		for name, paper := range map[string]string{"rendered": id, "of before": old} {
			for form, text := range w.saidBy(paper) {
				for _, want := range []string{"赵翀", "02010200011", "堃喆餐饮", "天津市河东区人民政府东新街道办事处"} {
					if !strings.Contains(text, want) {
						w.Errorf("%s, %s: lacks %s: %s", name, form, want, text)
					}
				}
				if strings.Contains(text, "改名") || strings.Contains(text, "13100000000") || text != before[form] {
					w.Errorf("%s, %s: says other than it did: %s", name, form, text)
				}
			}
		}
		for form, text := range w.saidBy(waiting) {
			if !strings.Contains(text, "赵改名") || !strings.Contains(text, "改名街道办事处") || strings.Contains(text, "赵翀") {
				w.Errorf("rendered later, %s: %s", form, text)
			}
		}
		for _, card := range cards { // what no lookup finds any more stands in the paper's own record
			w.apply("certificates", card.ID, record.Update, record.Object{"officer": newID()})
		}
		for form, text := range w.saidBy(id) {
			if text != before[form] {
				w.Errorf("without certificates, %s: %s", form, text)
			}
		}
		w.apply(document.Documents.Name, id, record.Update, record.Object{"state": document.Voided, "voidReason": "误填"})
		w.render(id)
		if text := readable(w.T, w.stored(w.rendered(id))); !strings.Contains(text, "赵翀") || strings.Contains(text, "改名") {
			w.Errorf("the copy with the mark: %s", text)
		}
		for form, text := range w.saidBy(id) {
			if strings.Contains(text, "改名") {
				w.Errorf("void, %s: %s", form, text)
			}
		}
	})
}

// corrected issues two papers, the second of which corrects the first.
func (w *world) corrected() (first, second string) {
	w.Helper()
	body := w.penalty(document.Issued)
	body["number"] = record.Object{"series": "s", "n": 11.0, "text": "津河东东新执当罚决字〔2026〕第11号"}
	first = w.create(document.Documents.Name, body)
	w.render(first)
	body = w.penalty(document.Issued)
	body["number"] = record.Object{"series": "s", "n": 12.0, "text": "津河东东新执当罚决字〔2026〕第12号"}
	body["issuedAt"] = "2026-11-25T07:20:00Z"
	body["corrects"] = record.Object{"document": first, "name": "当场行政处罚决定书", "number": "津河东东新执当罚决字〔2026〕第11号", "reason": "地点有误"}
	second = w.create(document.Documents.Name, body)
	w.render(second)
	if err := w.Effects(context.Background(), first); err != nil && !errors.Is(err, fault.New(fault.CalendarMissing)) {
		w.Fatal(err)
	}
	return first, second
}

// A paper that was corrected keeps its bytes; a copy with the mark can be had, which says on every page what it is, of which file, and by which paper it was
// corrected. Of a void one it is the copy that is kept, and one that is in force has none.
func TestMarkedCopies(t *testing.T) {
	each(t, func(w *world) {
		first, second := w.corrected()
		frozen := w.rendered(first)
		copied, err := w.As(context.Background(), first, "marked")
		if err != nil {
			w.Fatal(err)
		}
		again, err := w.As(context.Background(), first, "marked")
		if err != nil || again.SHA256 != copied.SHA256 || copied.SHA256 == frozen["sha256"] {
			w.Errorf("%v: %s, then %s", err, copied.SHA256, again.SHA256)
		}
		text := readable(w.T, copied.Bytes)
		pages := strings.Count(text, "\f")
		text = strings.Join(strings.Fields(text), "")
		for _, want := range []string{"本文书已被《当场行政处罚决定书》（津河东东新执当罚决字〔2026〕第12号）更正", "不是存档原件", frozen["sha256"].(string)} {
			if n := strings.Count(text, want); float64(pages) != frozen["pages"] || n != pages {
				w.Errorf("%q is %d times on %d pages", want, n, pages)
			}
		}
		if now := w.rendered(first); !record.Equal(now, frozen) {
			w.Errorf("what is kept is now %v", now)
		}
		if _, err := w.As(context.Background(), second, "marked"); !errors.Is(err, fault.New(fault.PaperInForce)) {
			w.Errorf("in force: %v", err)
		}
		w.apply(document.Documents.Name, second, record.Update, record.Object{"state": document.Voided, "voidReason": "地点仍有误"})
		w.render(second)
		copied, err = w.As(context.Background(), second, "marked")
		if err != nil || copied.SHA256 != w.rendered(second)["sha256"] || !strings.Contains(readable(w.T, copied.Bytes), "本文书已作废。地点仍有误") {
			w.Errorf("void: %v, %s", err, copied.SHA256)
		}
		if err := w.Blobs.Remove(context.Background(), frozen["key"].(string)); err != nil {
			w.Fatal(err)
		}
		if _, err := w.As(context.Background(), first, "marked"); err == nil {
			w.Error("a copy of a file that is not there")
		}
	})
}
