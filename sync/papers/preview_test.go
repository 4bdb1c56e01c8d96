package papers_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

// revised writes the second version of the decision on the spot: it begins in December and asks for one thing more.
func (w *world) revised() {
	w.Helper()
	w.apply(document.Templates.Name, w.template, record.Update, record.Object{"version": 2.0, "validFrom": "2026-12-01", "fields": record.Object{
		"weather": record.Object{"order": 500.0, "kind": "text", "required": true, "label": record.Object{"zh": "天气", "en": "weather"}}}})
}

// A kind that a district has made for itself is offered too, behind those of the list: whoever wrote it sees that it is there, or that its name is misspelt.
func TestAKindOfTheDistrictsOwnIsOffered(t *testing.T) {
	each(t, func(w *world) {
		own := record.Apply(seed(w.T, document.SummaryPenalty), record.Object{"kind": "street-notice", "name": "街道告知单", "number": record.Object{"word": "执告单字"}})
		id := w.create(document.Templates.Name, own)
		offers, err := w.Catalogue(context.Background(), w.caller(), team, "")
		if err != nil {
			w.Fatal(err)
		}
		last := offers[len(offers)-1]
		if last.ID != id || last.Kind.Key != "street-notice" || last.Kind.Number != "" || last.Pattern != "津河东东新执告单字〔2026〕第{n}号" {
			w.Errorf("%+v", last)
		}
	})
}

// Who has written a template for a day to come is told so, and can see it before by its version.
func TestATemplateIsSeenBeforeItBegins(t *testing.T) {
	each(t, func(w *world) {
		later := w.create(document.Templates.Name, record.Apply(seed(w.T, document.SummaryPenalty), record.Object{"version": 9.0, "validFrom": "2030-01-01"}))
		k := w.sketch()
		k.Which = papers.Which{ID: later}
		if _, err := w.Check(context.Background(), w.caller(), k); fault.Of(err).Code != fault.PaperTemplateAbsent || !strings.Contains(fault.Of(err).Zh, "第9版自2030-01-01起施行") {
			w.Errorf("before it begins: %v", err)
		}
		k.Which.Version = 9
		if _, err := w.Check(context.Background(), w.caller(), k); err != nil {
			w.Errorf("by its version: %v", err)
		}
	})
}

// For each day the version that has begun last, one of each kind; the versions before it can still be had.
func TestTemplatesOfADay(t *testing.T) {
	each(t, func(w *world) {
		w.revised()
		for on, want := range map[string]int{"2023-12-31": 0, "2024-01-01": 1, "2026-11-30": 1, "2026-12-01": 2, "": 1} {
			offers, err := w.Catalogue(context.Background(), w.caller(), team, on)
			if err != nil {
				w.Fatal(err)
			}
			i := slices.IndexFunc(offers, func(o papers.Offer) bool { return o.Kind.Key == document.SummaryPenalty })
			if i < 0 && want == 0 {
				continue
			}
			if i < 0 || offers[i].Version != want || offers[i].ID != w.template || len(offers[i].Versions) != 2 {
				w.Errorf("%s: %+v, want version %d", on, offers, want)
				continue
			}
			if year := on[:min(4, len(on))]; year != "2024" && offers[i].Pattern != "津河东东新执当罚决字〔2026〕第{n}号" {
				w.Errorf("%s: the numbers are %q", on, offers[i].Pattern)
			}
			if !slices.IsSortedFunc(offers, func(a, b papers.Offer) int { return strings.Compare(a.Kind.Number, b.Kind.Number) }) {
				w.Errorf("%s: not in the order of the list", on)
			}
		}
		for unit, on := range map[string]string{"120102012": "", "120102": "", "": "", team: "2026-13-01", street: "soon"} {
			if _, err := w.Catalogue(context.Background(), w.caller(), unit, on); !errors.Is(err, fault.New(fault.NotFound)) && !errors.Is(err, fault.New(fault.FieldInvalid)) {
				w.Errorf("unit %q on %q: %v", unit, on, err)
			}
		}
	})
}

func (w *world) sketch() papers.Sketch {
	body := w.penalty(document.Draft)
	return papers.Sketch{Which: papers.Which{Kind: document.SummaryPenalty}, Subject: w.subject,
		Data: body["data"].(record.Object), Officers: body["officers"].(record.Object), Signatures: body["signatures"].(record.Object)}
}

// A draft is checked by the version it was begun on, whatever is in force now; each flaw has its place.
func TestASketchIsCheckedByItsVersion(t *testing.T) {
	each(t, func(w *world) {
		w.revised()
		for _, c := range []struct {
			name  string
			which papers.Which
			spoil func(*papers.Sketch)
			want  string // paths
		}{
			{"complete", papers.Which{Kind: document.SummaryPenalty}, nil, ""},
			{"by record and version", papers.Which{ID: w.template, Version: 1, On: "2026-12-24"}, nil, ""},
			{"by what is in force then", papers.Which{ID: w.template, On: "2026-12-24"}, nil, "data/weather"},
			{"by its later version", papers.Which{ID: w.template, Version: 2}, nil, "data/weather"},
			{"a fine that is none", papers.Which{Kind: document.SummaryPenalty}, func(k *papers.Sketch) { k.Data["fine"] = 0.001 }, "data/fine"},
			{"nothing", papers.Which{Kind: document.InspectionRecord}, func(k *papers.Sketch) { *k = papers.Sketch{Which: k.Which} }, "data/party data/startedAt data/endedAt data/place data/present data/presentRole data/certificateShown data/recusal data/findings data/opinion signatures signatures signatures"},
		} {
			k := w.sketch()
			k.Which = c.which
			if c.spoil != nil {
				c.spoil(&k)
			}
			found, err := w.Check(context.Background(), w.caller(), k)
			var got []string
			for _, f := range found.Flaws {
				got = append(got, f.Path)
			}
			if err != nil || strings.Join(got, " ") != c.want {
				w.Errorf("%s: %v %q, want %q", c.name, err, got, c.want)
			}
		}
	})
}

// A decision on the spot that was begun in December on the first version is finished in January, when the second is in force: checked, issued and
// rendered by the first. What is begun in January is of the second.
func TestADraftIsFinishedByTheVersionItWasBegunOn(t *testing.T) {
	each(t, func(w *world) {
		body := seed(w.T, document.SummaryPenalty+".2")
		copies := body["layout"].(record.Object)["copies"].(record.Object)
		copies["text"] = "第二版。" + copies["text"].(string) // the two say the same: a mark tells them apart
		second := w.create(document.Templates.Name, body)
		draft := w.penalty(document.Draft)
		maps.DeleteFunc(draft, func(key string, _ any) bool { return key == "issuedAt" || key == "signatures" })
		id := w.create(document.Documents.Name, draft)

		w.Service.Now = func() time.Time { return time.Date(2027, 1, 5, 2, 0, 0, 0, time.UTC) }
		inForce, err := w.Template(context.Background(), papers.Which{Kind: document.SummaryPenalty})
		if err != nil || inForce.ID != second || inForce.Version != 2 {
			w.Fatalf("in force: %s version %d, %v", inForce.ID, inForce.Version, err)
		}
		k := w.sketch()
		k.Which = papers.Which{ID: w.template, Version: 1}
		if found, err := w.Check(context.Background(), w.caller(), k); err != nil || len(found.Flaws) > 0 || found.Template.Version != 1 {
			w.Errorf("version %d: %v, %v", found.Template.Version, found.Flaws, err)
		}
		issued := w.penalty(document.Issued)
		w.apply(document.Documents.Name, id, record.Update, record.Object{"state": document.Issued, "issuedAt": "2027-01-05T02:00:00Z", "signatures": issued["signatures"],
			"number": record.Object{"series": street + "/" + document.SummaryPenalty + "/2027", "n": 1.0, "text": "津河东东新执当罚决字〔2027〕第1号"}})
		w.render(id)
		next := record.Apply(issued, record.Object{"template": inForce.ID, "templateVersion": 2.0, "issuedAt": "2027-01-05T02:00:00Z"})
		begun := w.create(document.Documents.Name, next)
		w.render(begun)
		for version, id := range map[int]string{1: id, 2: begun} {
			said := strings.Join(strings.Fields(readable(w.T, w.stored(w.rendered(id)))), "")
			if !strings.Contains(said, "自知道本决定之日起六十日内，先向天津市河东区人民政府申请行政复议") || !strings.Contains(said, "2027年1月5日") || strings.Contains(said, "第二版。") != (version == 2) {
				w.Errorf("begun on version %d: %s", version, said)
			}
		}
		if body, _ := w.body(document.Documents.Name, id); body["template"] != w.template || body["templateVersion"] != 1.0 {
			w.Errorf("the draft is of %v version %v", body["template"], body["templateVersion"])
		}
	})
}

// The last day of a period is that of the calendar of working days: seven of them from before the National Day end on the 13th.
func TestPeriodsAreCheckedByTheCalendar(t *testing.T) {
	each(t, func(w *world) {
		w.apply(document.Templates.Name, w.template, record.Update, record.Object{"version": 2.0, "fields": record.Object{
			"within": record.Object{"order": 500.0, "kind": "period", "from": "occurredAt", "label": record.Object{"zh": "期限", "en": "period"}}}})
		for last, want := range map[string]int{"2026-10-13": 0, "2026-10-12": 1} {
			k := w.sketch()
			k.Data = record.Apply(k.Data, record.Object{"occurredAt": "2026-09-28T02:00:00Z", "within": record.Object{"n": 7.0, "unit": "workingDays", "last": last}})
			found, err := w.Check(context.Background(), w.caller(), k)
			flaws := found.Flaws
			if err != nil || len(flaws) != want || want == 1 && (flaws[0].Path != "data/within/last" || !strings.Contains(flaws[0].Zh, "2026年10月13日")) {
				w.Errorf("%s: %v %v", last, flaws, err)
			}
		}
	})
}

// readable is the text of a PDF.
func readable(t *testing.T, file []byte) string {
	t.Helper()
	return readAs(t, "-layout", file)
}

// readAs reads a file as it is laid out, or as it was written: "-raw".
func readAs(t *testing.T, how string, file []byte) string {
	t.Helper()
	program := services.Program(t, "pdftotext", "install poppler, on Debian: apt-get install poppler-utils")
	path := filepath.Join(t.TempDir(), "paper.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, how, path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// A preview is marked and has no number; it needs no paper on record and leaves nothing behind.
func TestPreview(t *testing.T) {
	each(t, func(w *world) {
		head := func() map[string]uint64 {
			heads, err := w.db.Heads(context.Background(), []string{"unit/" + street, "ref/" + district})
			if err != nil {
				w.Fatal(err)
			}
			return heads
		}
		before := head()
		k := w.sketch()
		k.Data["facts"], k.On = "在成林道占道经营", "2026-11-28"
		file, err := w.Preview(context.Background(), w.caller(), k)
		if err != nil {
			w.Fatal(err)
		}
		text := strings.Join(strings.Fields(readable(w.T, file)), "")
		for _, want := range []string{"草稿，仅供预览，未签发，不具有法律效力。", "（未编号）", "在成林道占道经营", "堃喆餐饮", "2026年11月28日", "东新街道办事处"} {
			if !strings.Contains(text, want) {
				w.Errorf("it does not say %q:\n%s", want, text)
			}
		}
		if strings.Contains(text, "扫码核验") || strings.Contains(text, "〔2026〕") {
			w.Error("it has a code or a number")
		}
		k.Which, k.Data = papers.Which{Kind: document.InspectionRecord}, nil
		if file, err = w.Preview(context.Background(), w.caller(), k); err != nil || !strings.Contains(strings.Join(strings.Fields(readable(w.T, file)), ""), "赵翀（执法证号02010200011）") {
			w.Errorf("the officers are not named: %v", err)
		}
		if after := head(); !maps.Equal(after, before) {
			w.Errorf("something was written: %v, before %v", after, before)
		}
	})
}

// What is too much, foreign or unknown is refused before anything is rendered.
func TestSketchesThatAreRefused(t *testing.T) {
	each(t, func(w *world) {
		foreign := w.create("subjects", record.Object{"kind": document.Citizen, "name": "某某", "unit": "120102012"})
		for name, c := range map[string]struct {
			spoil func(*papers.Sketch)
			want  fault.Code
		}{
			"unknown kind":      {func(k *papers.Sketch) { k.Kind = "poem" }, fault.PaperTemplateAbsent},
			"unknown template":  {func(k *papers.Sketch) { k.Which = papers.Which{ID: newID()} }, fault.PaperTemplateAbsent},
			"no template":       {func(k *papers.Sketch) { k.Which = papers.Which{ID: w.subject} }, fault.PaperTemplateAbsent},
			"unknown version":   {func(k *papers.Sketch) { k.Which = papers.Which{ID: w.template, Version: 9} }, fault.PaperTemplateAbsent},
			"before there were": {func(k *papers.Sketch) { k.On = "1999-01-01" }, fault.PaperTemplateAbsent},
			"no day":            {func(k *papers.Sketch) { k.On = "2026-02-30" }, fault.FieldInvalid},
			"another's unit":    {func(k *papers.Sketch) { k.Unit = "120102012" }, fault.NotFound},
			"another's subject": {func(k *papers.Sketch) { k.Subject = foreign }, fault.NotFound},
			"absent subject":    {func(k *papers.Sketch) { k.Subject = newID() }, fault.NotFound},
			"no subject's id":   {func(k *papers.Sketch) { k.Subject = "'; --" }, fault.NotFound},
			"a book":            {func(k *papers.Sketch) { k.Data["facts"] = strings.Repeat("长", 100_001) }, fault.PaperTooLarge},
			"no officer's id":   {func(k *papers.Sketch) { k.Officers = record.Object{"x": record.Object{}} }, fault.FieldInvalid},
			"a crowd": {func(k *papers.Sketch) {
				for range 21 {
					k.Officers[newID()] = record.Object{}
				}
			}, fault.PaperTooLarge},
			"signatures": {func(k *papers.Sketch) {
				for range 51 {
					k.Signatures[newID()] = record.Object{}
				}
			}, fault.PaperTooLarge},
		} {
			k := w.sketch()
			c.spoil(&k)
			if _, err := w.Check(context.Background(), w.caller(), k); !errors.Is(err, fault.New(c.want)) {
				w.Errorf("%s: check: %v, want %s", name, err, c.want)
			}
			_, err := w.Preview(context.Background(), w.caller(), k)
			if !errors.Is(err, fault.New(c.want)) {
				w.Errorf("%s: preview: %v, want %s", name, err, c.want)
			}
			if why := fault.Of(err); c.want == fault.PaperTooLarge && (why.Field == "" || !strings.Contains(why.Zh, "最多")) {
				w.Errorf("%s: %s at %q: of what there may be how much is not said", name, why.Zh, why.Field)
			}
		}
	})
}

// The most that a sketch may hold is rendered, and is no larger than a device takes. How long it takes is for the benchmarks to say.
func TestTheLargestPreviewIsBounded(t *testing.T) {
	each(t, func(w *world) {
		k := w.sketch()
		k.Data["facts"] = strings.Repeat("长\n", 45_000)
		if file, err := w.Preview(context.Background(), w.caller(), k); err != nil || len(file) < 1<<19 || len(file) > 16<<20 {
			w.Errorf("%d octets: %v", len(file), err)
		}
	})
}
