package papers_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// chief gives the first officer the role of a leader of the street, so that he may export.
func (w *world) chief() people.Caller {
	w.Helper()
	w.apply("officers", w.officers[0], record.Update, record.Object{"grants": record.Object{"l": record.Object{"role": "leader", "unit": street}}})
	c := w.caller()
	c.Grants = append(c.Grants, people.Grant{Role: people.RoleLeader, Unit: street})
	return c
}

// issued writes papers of an inspection, a day apart, and renders them.
func (w *world) issued(inspection string, n int) []string {
	w.Helper()
	var ids []string
	for i := range n {
		body := w.penalty(document.Issued)
		body["inspection"], body["issuedAt"] = inspection, time.Date(2026, 11, 1+i, 7, 0, 0, 0, time.UTC).Format(time.RFC3339)
		id := w.create(document.Documents.Name, body)
		w.render(id)
		ids = append(ids, id)
	}
	return ids
}

// exported makes an export and does its job.
func (w *world) exported(caller people.Caller, want papers.Wanted) (string, record.Object) {
	w.Helper()
	id, err := w.Export(context.Background(), caller, want)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.MakeExport(context.Background(), id); err != nil {
		w.Fatal(err)
	}
	body, err := w.Exported(context.Background(), caller, id)
	if err != nil {
		w.Fatal(err)
	}
	return id, body
}

func (w *world) exportedBytes(caller people.Caller, id string) []byte {
	w.Helper()
	f, err := w.ExportFile(context.Background(), caller, id)
	if err != nil {
		w.Fatal(err)
	}
	return w.stored(record.Object{"key": f.Key})
}

// acts counts the acts of custody on a paper that name the export.
func (w *world) acts(paper, export string) (n int) {
	w.Helper()
	found, err := w.db.Lookup(context.Background(), evidence.Custodies.Name, "evidence", paper)
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range found {
		body, _ := wire.Object(r.Body)
		if e := evidence.ReadEntry(body); e.Act == evidence.ActExport && e.Related == export && e.Actor == w.officers[0] && e.Reason == "归档" && strings.HasPrefix(e.Unit, street) {
			n++
		}
	}
	return n
}

// A ZIP holds the stored bytes, by the moment of issue, with a manifest that proves them; each paper has an act of custody.
func TestExportOfAnInspectionAsZIP(t *testing.T) {
	each(t, func(w *world) {
		queued, err := w.db.Lease(context.Background(), []string{document.ExportJob}, 10, time.Now().Add(time.Hour))
		if err != nil || len(queued) != 0 {
			w.Fatal(queued, err)
		}
		visit := w.create("inspections", record.Object{"unit": street, "state": "completed"})
		ids := w.issued(visit, 3)
		w.issued(newID(), 1) // of another visit
		w.apply(document.Documents.Name, ids[2], record.Update, record.Object{"state": document.Voided, "voidReason": "误填"})
		w.render(ids[2])
		draft := w.penalty(document.Draft)
		draft["inspection"] = visit
		w.create(document.Documents.Name, draft)
		id, body := w.exported(w.chief(), papers.Wanted{Form: papers.FormZIP, Reason: " 归档 ", Inspection: visit})
		if body["state"] != document.ExportDone || body["total"] != 3.0 || body["done"] != 3.0 || body["expiresAt"] != "2026-11-26T07:30:00Z" {
			w.Fatalf("%v", body)
		}
		if queued, err = w.db.Lease(context.Background(), []string{document.ExportJob}, 10, time.Now().Add(time.Hour)); err != nil || len(queued) != 1 || queued[0].Key != id {
			w.Errorf("the job was not queued: %v %v", queued, err)
		}
		file := w.exportedBytes(w.chief(), id)
		digest := sha256.Sum256(file)
		if body["sha256"] != hex.EncodeToString(digest[:]) || body["length"] != float64(len(file)) {
			w.Errorf("says %v of %d octets", body, len(file))
		}
		z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil || len(z.File) != 5 || z.File[0].Name != "0001 当场行政处罚决定书.pdf" || z.File[2].Name != "0003 当场行政处罚决定书（作废）.pdf" {
			w.Fatalf("%v %v", err, z.File)
		}
		for i, paper := range ids {
			inside, err := z.File[i].Open()
			if err != nil {
				w.Fatal(err)
			}
			content, _ := io.ReadAll(inside)
			if !bytes.Equal(content, w.stored(w.rendered(paper))) {
				w.Errorf("%s is not what is stored", z.File[i].Name)
			}
			if n := w.acts(paper, id); n != 1 {
				w.Errorf("%d acts on paper %d", n, i)
			}
		}
		told, _ := z.Open("manifest.json")
		text, _ := io.ReadAll(told)
		for _, want := range []string{w.rendered(ids[0])["sha256"].(string), ids[1], id, `"missing":{}`} {
			if !strings.Contains(string(text), want) {
				w.Errorf("the manifest does not tell %s: %s", want, text)
			}
		}
		if err := w.MakeExport(context.Background(), id); err != nil || w.acts(ids[0], id) != 1 {
			w.Errorf("the job done again: %v", err)
		}
	})
}

// A month as one PDF: those of the unit and the teams below, issued in that month of Beijing, page behind page.
func TestExportOfAMonthAsPDF(t *testing.T) {
	each(t, func(w *world) {
		ids := w.issued(newID(), 2)
		for at, unit := range map[string]string{"2026-10-31T15:59:59Z": street, "2026-11-05T00:00:00Z": "120102012", "2026-10-31T16:00:00Z": team} {
			body := w.penalty(document.Issued)
			body["issuedAt"], body["unit"] = at, unit
			id := w.create(document.Documents.Name, body)
			w.render(id)
			if unit == team {
				ids = append(ids, id)
			}
		}
		id, body := w.exported(w.chief(), papers.Wanted{Form: papers.FormPDF, Reason: "归档", Unit: street, Month: "2026-11"})
		if body["state"] != document.ExportDone || body["total"] != 3.0 {
			w.Fatalf("%v", body)
		}
		file := w.exportedBytes(w.chief(), id)
		text := readable(w.T, file)
		pages := 0.0
		for _, paper := range ids {
			pages += w.rendered(paper)["pages"].(float64)
			if w.acts(paper, id) != 1 {
				w.Errorf("no act on %s", paper)
			}
		}
		if got := strings.Count(text, "\f"); float64(got) != pages+1 {
			w.Errorf("%d pages, want %v and one of contents", got, pages)
		}
		if dir := os.Getenv("FIELDWARDEN_LOOK"); dir != "" {
			_ = os.WriteFile(dir+"/month.pdf", file, 0o600)
		}
	})
}

// What cannot be read is told, foreign papers are as absent ones, and the rest goes on; of nothing nothing is made.
func TestExportTellsWhatIsMissing(t *testing.T) {
	each(t, func(w *world) {
		ids := w.issued(newID(), 4)
		foreign := w.penalty(document.Issued)
		foreign["unit"] = "120102012"
		theirs := w.create(document.Documents.Name, foreign)
		w.render(theirs)
		waiting := w.create(document.Documents.Name, w.penalty(document.Issued))
		draft := w.create(document.Documents.Name, w.penalty(document.Draft))
		absent := newID()
		if err := w.Blobs.Remove(context.Background(), w.rendered(ids[1])["key"].(string)); err != nil {
			w.Fatal(err)
		}
		w.apply(document.Documents.Name, ids[2], record.Update, record.Object{"rendered": record.Object{"sha256": strings.Repeat("0", 64)}})
		for _, form := range []string{papers.FormZIP, papers.FormPDF} {
			id, body := w.exported(w.chief(), papers.Wanted{Form: form, Reason: "归档", Documents: append([]string{theirs, waiting, draft, absent}, ids...)})
			want := record.Object{theirs: "request.not_found", draft: "request.not_found", absent: "request.not_found", waiting: "document.not_rendered", ids[1]: "request.not_found", ids[2]: "evidence.store_differs"}
			if body["state"] != document.ExportDone || !record.Equal(body["missing"], want) || body["total"] != 8.0 || body["done"] != 8.0 {
				w.Errorf("%s: %v", form, body)
			}
			if w.acts(ids[0], id) != 1 || w.acts(ids[3], id) != 1 || w.acts(theirs, id) != 0 || w.acts(ids[1], id) != 0 {
				w.Errorf("%s: the acts are not those of what went out", form)
			}
		}
		id, body := w.exported(w.chief(), papers.Wanted{Form: papers.FormPDF, Reason: "归档", Documents: []string{theirs}})
		if body["state"] != document.ExportFailed || body["failure"] != "export.empty" {
			w.Errorf("of nothing: %v", body)
		}
		if _, err := w.ExportFile(context.Background(), w.chief(), id); !errors.Is(err, fault.New(fault.ExportGone)) {
			w.Errorf("of nothing: %v", err)
		}
	})
}

// The file begins with its contents: each paper with its page and what has become of it, and what is missing, of which nothing is told that is not for the eyes of
// who asked. On the pages of a paper that was corrected or made void stands so; a ZIP holds the bytes as they are, and its manifest tells it.
func TestExportTellsWhatHasBecomeOfPapers(t *testing.T) {
	each(t, func(w *world) {
		first, second := w.corrected()
		void := w.issued(newID(), 1)[0]
		w.apply(document.Documents.Name, void, record.Update, record.Object{"state": document.Voided, "voidReason": "误填"})
		w.render(void)
		waiting := w.penalty(document.Issued)
		waiting["number"] = record.Object{"series": "s", "n": 13.0, "text": "津河东东新执当罚决字〔2026〕第13号"}
		late := w.create(document.Documents.Name, waiting)
		foreign := w.penalty(document.Issued)
		foreign["unit"], foreign["number"] = "120102012", record.Object{"series": "t", "n": 99.0, "text": "津河东绝密〔2026〕第99号"}
		theirs := w.create(document.Documents.Name, foreign)
		want := papers.Wanted{Form: papers.FormPDF, Reason: "归档", Documents: []string{first, second, void, late, theirs}}
		id, _ := w.exported(w.chief(), want)
		pages := strings.Split(readAs(w.T, "-raw", w.exportedBytes(w.chief(), id)), "\f")
		for i := range pages {
			pages[i] = strings.Join(strings.Fields(pages[i]), "")
		}
		if len(pages) != 8 { // one of contents, two of each paper, and nothing behind the last
			w.Fatalf("%d pages", len(pages))
		}
		for _, say := range []string{"文书合订本目录", "用途：归档", "收入文书3份，共6页", "津河东东新执当罚决字〔2026〕第12号", "D10", "2026-11-25", "已更正", "作废", "已签发", "第13号", "电子文书尚未生成", theirs, "不存在或无权查看"} {
			if !strings.Contains(pages[0], say) {
				w.Errorf("the contents lack %q: %s", say, pages[0])
			}
		}
		if strings.Contains(pages[0], "绝密") {
			w.Errorf("the contents tell of a foreign paper: %s", pages[0])
		}
		for i, marked := range []string{1: "第12号）更正，", 2: "第12号）更正，", 3: "", 4: "", 5: "已作废。误填", 6: "已作废。误填"} {
			if i > 0 && (marked == "") == strings.Contains(pages[i], "不是存档原件") || !strings.Contains(pages[i], marked) {
				w.Errorf("page %d, %q: %s", i+1, marked, pages[i])
			}
		}
		want.Form = papers.FormZIP
		id, _ = w.exported(w.chief(), want)
		file := w.exportedBytes(w.chief(), id)
		z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil || z.File[0].Name != "0001 当场行政处罚决定书 津河东东新执当罚决字〔2026〕第11号（已更正）.pdf" {
			w.Fatalf("%v %v", err, z.File[0].Name)
		}
		told, err := z.Open("manifest.json")
		if err != nil {
			w.Fatal(err)
		}
		text, _ := io.ReadAll(told)
		for _, say := range []string{`"correctedBy":{`, `"document":"` + second + `","name"`, `"issued":"` + w.rendered(void)["issued"].(record.Object)["sha256"].(string) + `"`, `"sha256":"` + w.rendered(first)["sha256"].(string) + `"`} {
			if strings.Count(string(text), say) != 1 {
				w.Errorf("the manifest tells %d times %s: %s", strings.Count(string(text), say), say, text)
			}
		}
	})
}

// A month with more papers than a file may have is not cut: the export says so and fails.
func TestAMonthThatIsTooLongIsNotCut(t *testing.T) {
	defer papers.LimitPapers(2)()
	each(t, func(w *world) {
		w.issued(newID(), 3)
		_, body := w.exported(w.chief(), papers.Wanted{Form: papers.FormZIP, Reason: "归档", Unit: street, Month: "2026-11"})
		if body["state"] != document.ExportFailed || body["failure"] != "export.too_many" {
			w.Errorf("%v", body)
		}
	})
}

// meddling does something when the n-th paper is read.
type meddling struct {
	evidence.Blobs
	n  int
	do func() error
}

func (m *meddling) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	if m.n--; m.n == 0 {
		if err := m.do(); err != nil {
			return nil, err
		}
	}
	return m.Blobs.OpenRange(ctx, key, from, n)
}

func (m *meddling) Put(ctx context.Context, key string, want evidence.Digest, body io.Reader) error {
	if err := m.Blobs.Put(ctx, key, want, body); err != nil {
		return err
	}
	if m.n--; m.n == 0 {
		return m.do()
	}
	return nil
}

// Cancelled in the middle, or in the moment it is done, nothing is left: no file, no act, nothing on the disk.
func TestCancelledExportsLeaveNothing(t *testing.T) {
	each(t, func(w *world) {
		ids := w.issued(newID(), 3)
		caller := w.chief()
		for step := 1; step <= 4; step++ { // three reads and the putting of the file
			id, err := w.Export(context.Background(), caller, papers.Wanted{Form: papers.FormZIP, Reason: "归档", Documents: ids})
			if err != nil {
				w.Fatal(err)
			}
			folder := w.TempDir()
			broken := w.Service
			broken.Temp = folder
			broken.Blobs = &meddling{Blobs: w.Blobs, n: step, do: func() error { return w.CancelExport(context.Background(), caller, id) }}
			if err := broken.MakeExport(context.Background(), id); err != nil {
				w.Errorf("step %d: %v", step, err)
			}
			body, _ := w.body(document.Exports.Name, id)
			if body["state"] != document.ExportCancelled || body["key"] != nil || w.acts(ids[0], id) != 0 {
				w.Errorf("step %d: %v", step, body)
			}
			if left, _ := os.ReadDir(folder); len(left) > 0 {
				w.Errorf("step %d: %v is left", step, left)
			}
			if _, err := w.ExportFile(context.Background(), caller, id); !errors.Is(err, fault.New(fault.ExportGone)) {
				w.Errorf("step %d: %v", step, err)
			}
			if err := w.MakeExport(context.Background(), id); err != nil {
				w.Errorf("step %d, again: %v", step, err)
			}
		}
		id, body := w.exported(caller, papers.Wanted{Form: papers.FormZIP, Reason: "归档", Documents: ids})
		key := body["key"].(string)
		if err := w.CancelExport(context.Background(), caller, id); err != nil {
			w.Error(err)
		}
		if _, err := w.Blobs.Stat(context.Background(), key); err == nil {
			w.Error("the file of an export that was cancelled when it was done is there")
		}
		if err := w.CancelExport(context.Background(), caller, id); err != nil {
			w.Errorf("cancelled twice: %v", err)
		}
	})
}

// A store that is down fails the job and no paper; the next try ends well, with one act for each.
func TestExportWaitsForTheStore(t *testing.T) {
	each(t, func(w *world) {
		ids := w.issued(newID(), 2)
		id, err := w.Export(context.Background(), w.chief(), papers.Wanted{Form: papers.FormPDF, Reason: "归档", Documents: ids})
		if err != nil {
			w.Fatal(err)
		}
		for step := 1; step <= 3; step++ {
			broken := w.Service
			broken.Blobs = &meddling{Blobs: w.Blobs, n: step, do: func() error { return fault.New(fault.TemporarilyDown) }}
			if err := broken.MakeExport(context.Background(), id); fault.Of(err).Kind != fault.Unavailable {
				w.Errorf("step %d: %v is not what makes a job wait", step, err)
			}
			if _, err := w.ExportFile(context.Background(), w.chief(), id); !errors.Is(err, fault.New(fault.ExportPending)) {
				w.Errorf("step %d: %v", step, err)
			}
		}
		if err := w.MakeExport(context.Background(), id); err != nil || w.acts(ids[0], id) != 1 || w.acts(ids[1], id) != 1 {
			w.Errorf("in the end: %v", err)
		}
	})
}

// After a day the file is gone; what it was is still told.
func TestExportsExpire(t *testing.T) {
	each(t, func(w *world) {
		ids := w.issued(newID(), 1)
		id, body := w.exported(w.chief(), papers.Wanted{Form: papers.FormZIP, Reason: "归档", Documents: ids})
		for hours, there := range map[int]bool{23: true, 24: false} {
			w.Now = func() time.Time { return now.Add(time.Duration(hours) * time.Hour) }
			_, err := w.ExportFile(context.Background(), w.chief(), id)
			if there != (err == nil) || !there && !errors.Is(err, fault.New(fault.ExportGone)) {
				w.Errorf("after %d hours: %v", hours, err)
			}
		}
		for range 2 {
			w.Now = func() time.Time { return now.Add(25 * time.Hour) }
			if err := w.ExpireExports(context.Background()); err != nil {
				w.Error(err)
			}
		}
		after, _ := w.body(document.Exports.Name, id)
		if _, err := w.Blobs.Stat(context.Background(), body["key"].(string)); err == nil || after["state"] != document.ExportExpired || after["sha256"] != body["sha256"] {
			w.Errorf("%v %v", err, after)
		}
	})
}

// Wishes that are none, and exports of others.
func TestExportsThatAreRefused(t *testing.T) {
	each(t, func(w *world) {
		visit := w.create("inspections", record.Object{"unit": "120102012", "state": "completed"})
		for name, c := range map[string]struct {
			want papers.Wanted
			code fault.Code
		}{
			"no form":           {papers.Wanted{Form: "doc", Reason: "归档", Month: "2026-11"}, fault.FieldInvalid},
			"no reason":         {papers.Wanted{Form: "pdf", Reason: "  ", Month: "2026-11"}, fault.ReasonNeeded},
			"a reason in lines": {papers.Wanted{Form: "pdf", Reason: "归\n档", Month: "2026-11"}, fault.ReasonNeeded},
			"nothing":           {papers.Wanted{Form: "pdf", Reason: "归档"}, fault.FieldInvalid},
			"two at once":       {papers.Wanted{Form: "pdf", Reason: "归档", Month: "2026-11", Inspection: visit}, fault.FieldInvalid},
			"no month":          {papers.Wanted{Form: "pdf", Reason: "归档", Month: "2026-13"}, fault.FieldInvalid},
			"another's unit":    {papers.Wanted{Form: "pdf", Reason: "归档", Month: "2026-11", Unit: "120102012"}, fault.NotFound},
			"another's visit":   {papers.Wanted{Form: "pdf", Reason: "归档", Inspection: visit}, fault.NotFound},
			"no visit":          {papers.Wanted{Form: "pdf", Reason: "归档", Inspection: newID()}, fault.NotFound},
			"no paper's id":     {papers.Wanted{Form: "pdf", Reason: "归档", Documents: []string{"x"}}, fault.FieldInvalid},
			"too many":          {papers.Wanted{Form: "pdf", Reason: "归档", Documents: make([]string, 501)}, fault.FieldInvalid},
		} {
			if _, err := w.Export(context.Background(), w.chief(), c.want); !errors.Is(err, fault.New(c.code)) {
				w.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
		id, _ := w.exported(w.chief(), papers.Wanted{Form: papers.FormZIP, Reason: "归档", Documents: w.issued(newID(), 1)})
		for name, spoil := range map[string]func(*people.Caller){"another device": func(c *people.Caller) { c.Device = newID() }, "another officer": func(c *people.Caller) { c.Officer = w.officers[1] }} {
			caller := w.chief()
			spoil(&caller)
			_, err := w.Exported(context.Background(), caller, id)
			_, fileErr := w.ExportFile(context.Background(), caller, id)
			cancelErr := w.CancelExport(context.Background(), caller, id)
			for _, err := range []error{err, fileErr, cancelErr} {
				if !errors.Is(err, fault.New(fault.NotFound)) {
					w.Errorf("%s: %v", name, err)
				}
			}
		}
	})
}

// Whoever loses his role while the job waits exports nothing.
func TestExportAsksForRightsWhenItWorks(t *testing.T) {
	each(t, func(w *world) {
		ids := w.issued(newID(), 1)
		id, err := w.Export(context.Background(), w.chief(), papers.Wanted{Form: papers.FormZIP, Reason: "归档", Documents: ids})
		if err != nil {
			w.Fatal(err)
		}
		w.apply("officers", w.officers[0], record.Update, record.Object{"grants": record.Object{"l": nil}})
		if err := w.MakeExport(context.Background(), id); err != nil {
			w.Fatal(err)
		}
		if body, _ := w.body(document.Exports.Name, id); body["state"] != document.ExportFailed || w.acts(ids[0], id) != 0 {
			w.Errorf("%v", body)
		}
	})
}
