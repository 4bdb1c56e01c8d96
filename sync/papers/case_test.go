package papers_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/cases"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// casework writes papers out of the samples, each a day after the one before.
type casework struct {
	*world
	forms map[string]string // templates by kind
	ids   map[string]string // papers by a name of the test's own
	day   int
}

// put writes and renders the sample of a kind with something else in it.
func (c *casework) put(name, kind string, more ...record.Object) string {
	c.Helper()
	text, err := templates.Samples.ReadFile("samples/" + kind + ".json")
	if err != nil {
		c.Fatal(err)
	}
	body, err := wire.Object(text)
	if err != nil {
		c.Fatal(err)
	}
	form := seed(c.T, kind)
	if c.forms[kind] == "" {
		c.forms[kind] = c.create("templates", form)
	}
	c.day++
	body = record.Apply(body, record.Object{"unit": street, "organ": nil, "kind": kind, "template": c.forms[kind], "templateVersion": form["version"], "state": document.Issued,
		"issuedAt": time.Date(2026, 10, c.day, 2, 0, 0, 0, time.UTC).Format(time.RFC3339), "number": nil})
	for _, m := range append(more, record.Object{"data": record.Object{"sketch": nil}}) { // a drawing would have to be brought first
		body = record.Apply(body, m)
	}
	c.ids[name] = c.create(document.Documents.Name, body)
	c.render(c.ids[name])
	return c.ids[name]
}

// names is a value of data that names another paper of the test.
func (c *casework) names(field, paper string) record.Object {
	return record.Object{field: record.Object{"document": c.ids[paper], "name": "某文书"}}
}

// file writes the papers of two visits out of which two cases came: the first is over both of them.
func (c *casework) file() {
	first, second := c.create("inspections", record.Object{"unit": street, "state": "completed"}), c.create("inspections", record.Object{"unit": team, "state": "completed"})
	at := func(visit string) record.Object { return record.Object{"inspection": visit} }
	data := func(d record.Object) record.Object { return record.Object{"data": d} }
	c.put("record", "inspection-record", at(first), data(record.Object{"notice": nil}))
	c.put("filing", "case-filing", at(first), data(record.Object{"clue": nil}), record.Object{"number": record.Object{"series": "s", "n": 27.0, "text": "津河东东新执立字〔2026〕第27号"}})
	c.put("other filing", "case-filing", at(first), data(record.Object{"clue": nil}))
	c.put("inquiry", "inquiry-record", at(second))
	c.put("report", "investigation-report", at(second), data(c.names("filing", "filing")))
	c.put("notice", "penalty-notice", at(first))
	c.put("approval", "penalty-approval", data(c.names("filing", "filing")), data(c.names("notice", "notice")))
	c.put("other notice", "penalty-notice", at(first))
	c.put("other approval", "penalty-approval", at(first), data(c.names("filing", "other filing")), data(c.names("notice", "other notice")))
	c.put("notice again", "penalty-notice", record.Object{"corrects": record.Object{"document": c.ids["notice"], "name": "行政处罚事先告知书", "reason": "日期有误"}})
	c.put("receipt", document.ServiceReceipt, record.Object{"unit": team}, data(c.names("paper", "notice again")))
	c.put("foreign receipt", document.ServiceReceipt, record.Object{"unit": "120102012", "inspection": first}, data(c.names("paper", "notice")))
	c.put("void", "evidence-preservation-approval", data(c.names("filing", "filing")))
	c.apply(document.Documents.Name, c.ids["void"], record.Update, record.Object{"state": document.Voided, "voidReason": "误填"})
	c.render(c.ids["void"])
	c.apply(document.Documents.Name, c.ids["notice"], record.Update, record.Object{"correctedBy": record.Object{"document": c.ids["notice again"], "name": "行政处罚事先告知书", "at": "2026-10-10T02:00:00Z"}})
	c.put("stray", "inspection-record", at(newID()))
}

func (c *casework) listed(names ...string) (ids []string) {
	for _, n := range names {
		ids = append(ids, c.ids[n])
	}
	return ids
}

// A case over two inspections as a ZIP and as a PDF: its papers by the moment of issue, with a correction, a receipt of service by the team and a void paper; none of another
// organ's, and none of the other case's that came of the same visit.
func TestExportOfACase(t *testing.T) {
	each(t, func(w *world) {
		c := &casework{world: w, forms: map[string]string{}, ids: map[string]string{}}
		c.file()
		for filing, want := range map[string][]string{"filing": {"record", "filing", "inquiry", "report", "notice", "approval", "notice again", "receipt", "void"},
			"other filing": {"record", "other filing", "other notice", "other approval"}} {
			id, body := w.exported(w.chief(), papers.Wanted{Form: papers.FormZIP, Reason: "归档", Case: c.ids[filing]})
			if body["state"] != document.ExportDone || body["total"] != float64(len(want)) || len(body["missing"].(record.Object)) > 0 {
				w.Fatalf("%s: %v", filing, body)
			}
			if got := w.inArchive(w.exportedBytes(w.chief(), id), c.ids[filing]); !slices.Equal(got, c.listed(want...)) {
				w.Errorf("%s: %v, want %v", filing, got, c.listed(want...))
			}
			for _, paper := range want {
				if w.acts(c.ids[paper], id) != 1 {
					w.Errorf("no act on %s", paper)
				}
			}
		}
		id, body := w.exported(w.chief(), papers.Wanted{Form: papers.FormPDF, Reason: "归档", Case: c.ids["filing"]})
		if body["state"] != document.ExportDone {
			w.Fatalf("%v", body)
		}
		file := w.exportedBytes(w.chief(), id)
		contents := strings.Join(strings.Fields(strings.SplitN(readAs(w.T, "-raw", file), "\f", 2)[0]), "")
		at := -1
		for _, name := range []string{"本册收入依《立案审批表》（津河东东新执立字〔2026〕第27号）所立案件的文书", "现场检查（勘验）笔录D04", "立案审批表D12", "询问（调查）笔录", "调查终结报告", "已更正", "审批", "送达回证", "作废"} {
			next := strings.Index(contents[at+1:], name)
			if next < 0 {
				w.Fatalf("the contents lack %q behind the others: %s", name, contents)
			}
			at += 1 + next
		}
		if dir := os.Getenv("FIELDWARDEN_LOOK"); dir != "" {
			_ = os.WriteFile(dir+"/case.pdf", file, 0o600)
		}
	})
}

// inArchive lists the papers of a ZIP by its manifest, which says which case it is.
func (w *world) inArchive(file []byte, filing string) (ids []string) {
	w.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		w.Fatal(err)
	}
	told, err := z.Open("manifest.json")
	if err != nil {
		w.Fatal(err)
	}
	text, _ := io.ReadAll(told)
	manifest, err := wire.Object(text)
	if err != nil || manifest["case"] != filing {
		w.Fatalf("%v: %s", err, text)
	}
	for _, p := range manifest["papers"].([]any) {
		ids = append(ids, p.(record.Object)["document"].(string))
	}
	return ids
}

// What is no case, whose is another's, or would be too wide.
func TestCasesThatAreNotExported(t *testing.T) {
	defer func(most int) { cases.Most = most }(cases.Most)
	each(t, func(w *world) {
		c := &casework{world: w, forms: map[string]string{}, ids: map[string]string{}}
		filing := c.put("filing", "case-filing", record.Object{"data": record.Object{"clue": nil}})
		foreign := c.put("foreign", "case-filing", record.Object{"unit": "120102012"})
		draft := c.put("draft", "case-filing", record.Object{"state": document.Draft})
		notice := c.put("notice", "penalty-notice")
		for id, code := range map[string]fault.Code{foreign: fault.NotFound, newID(): fault.NotFound, "x": fault.NotFound, draft: fault.CaseNotFiling, notice: fault.CaseNotFiling} {
			if _, err := w.Export(context.Background(), w.chief(), papers.Wanted{Form: papers.FormPDF, Reason: "归档", Case: id}); !errors.Is(err, fault.New(code)) || fault.Of(err).Field != "case" {
				w.Errorf("%v, want %s", err, code)
			}
		}
		for _, two := range []papers.Wanted{{Case: filing, Inspection: newID()}, {Case: filing, Month: "2026-10"}, {Case: filing, Documents: []string{filing}}, {Case: filing, Unit: street}} {
			two.Form, two.Reason = papers.FormPDF, "归档"
			if _, err := w.Export(context.Background(), w.chief(), two); !errors.Is(err, fault.New(fault.FieldInvalid)) {
				w.Errorf("two at once: %v", err)
			}
		}
		cases.Most = 1
		if _, body := w.exported(w.chief(), papers.Wanted{Form: papers.FormPDF, Reason: "归档", Case: filing}); body["state"] != document.ExportFailed || body["failure"] != "case.too_wide" {
			w.Errorf("too wide: %v", body)
		}
		cases.Most = 20_000
		caller := w.chief()
		id, err := w.Export(context.Background(), caller, papers.Wanted{Form: papers.FormPDF, Reason: "归档", Case: filing})
		if err != nil {
			w.Fatal(err)
		}
		w.apply(document.Documents.Name, filing, record.Update, record.Object{"unit": "120102012"})
		if err := w.MakeExport(context.Background(), id); err != nil {
			w.Fatal(err)
		}
		if body, _ := w.body(document.Exports.Name, id); body["state"] != document.ExportFailed || body["failure"] != "export.empty" {
			w.Errorf("whose filing has gone to another organ: %v", body)
		}
	})
}
