package document_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// What a paper names is what its fields of kind documentRef say, by its template; and nothing else in it looks so.
func TestWhatAPaperNames(t *testing.T) {
	names, err := fs.Glob(templates.Samples, "samples/*.json")
	if err != nil || len(names) < 80 {
		t.Fatal(names, err)
	}
	some := false
	for _, name := range names {
		text, err := templates.Samples.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var body record.Object
		if err := json.Unmarshal(text, &body); err != nil {
			t.Fatal(err)
		}
		kind := strings.TrimSuffix(path.Base(name), ".json")
		body["kind"], body["state"] = kind, document.Issued
		var want []string
		data, _ := body["data"].(record.Object)
		for _, f := range document.ReadTemplate(seed(t, kind)).Fields {
			if ref, ok := data[f.ID].(record.Object); ok && f.Kind == document.DocumentRef {
				want = append(want, ref["document"].(string))
			}
		}
		slices.Sort(want)
		got, issued := document.SheetOf("01890000-0000-7000-8000-0000000000ff", body)
		if !issued || got.Kind != kind || got.IssuedAt.IsZero() || !slices.Equal(got.Names, slices.Compact(want)) {
			t.Errorf("%s names %v, want %v", kind, got, want)
		}
		some = some || len(want) > 1
	}
	if _, issued := document.SheetOf("x", record.Object{"state": document.Draft}); issued || !some {
		t.Error("a draft is read as a paper, or no sample names two")
	}
}

// story makes the papers of an organ, and knows of each to which cases it belongs because it made it so.
type story struct {
	*rapid.T
	sheets map[string]document.Sheet
	of     map[string]map[int]bool // of a paper, the cases whose own it is
	shared map[string]string       // of another, the visit whose paper it is, or that its paper belongs to
	cases  []chapter
	stray  []string // papers of no case
	at     time.Time
	filed  time.Time // before this the visits have their papers, and no case has any
}

// chapter is a case.
type chapter struct {
	filings []string
	own     []string
	visits  map[string]bool
}

const consent = "consent" // the paper of kind service-address

// issue adds a paper.
func (s *story) issue(sheet document.Sheet) string {
	s.at = s.at.Add(time.Minute)
	if sheet.ID == "" {
		sheet.ID = fmt.Sprintf("%s %d", sheet.Kind, rapid.IntRange(0, 1<<40).Draw(s.T, "id"))
		for s.sheets[sheet.ID].ID != "" {
			sheet.ID += "'"
		}
	}
	sheet.IssuedAt = s.at
	s.sheets[sheet.ID] = sheet
	return sheet.ID
}

func (s *story) pick(label string, from []string) string {
	return rapid.SampledFrom(from).Draw(s.T, label)
}

// begin makes visits with their papers, and files cases that come of them.
func (s *story) begin() {
	var visits []string
	for i := range rapid.IntRange(1, 3).Draw(s.T, "visits") {
		visits = append(visits, fmt.Sprint("visit ", i))
		for range rapid.IntRange(1, 3).Draw(s.T, "papers of the visit") {
			s.shared[s.issue(document.Sheet{Kind: "inspection-record", Inspection: visits[i]})] = visits[i]
		}
	}
	s.stray = append(s.stray, s.issue(document.Sheet{Kind: "inspection-record", Inspection: "a visit without a case"}))
	before := rapid.Bool().Draw(s.T, "consent before the cases")
	consents := document.Sheet{ID: consent, Kind: "service-address", Inspection: s.pick("signed at", append(visits, "a visit without a case", ""))}
	if before {
		s.issue(consents)
	}
	s.filed = s.at
	for range rapid.IntRange(1, 3).Draw(s.T, "cases") {
		visit := s.pick("of", visits)
		filing := document.Sheet{Kind: document.CaseFiling, Inspection: visit}
		if rapid.Bool().Draw(s.T, "by a clue") {
			filing.Inspection, filing.Names = "", []string{s.pick("clue", s.ofVisit(visit))}
		}
		s.cases = append(s.cases, chapter{[]string{s.issue(filing)}, nil, map[string]bool{visit: true}})
	}
	if !before {
		s.issue(consents)
	}
}

func (s *story) ofVisit(visit string) (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(s.shared)) {
		if s.shared[id] == visit {
			ids = append(ids, id)
		}
	}
	return ids
}

// belongs gives a paper the place of another.
func (s *story) belongs(id, like string) {
	if visit, shared := s.shared[like]; shared {
		s.shared[id] = visit
	} else if own := s.of[like]; own != nil {
		s.of[id] = own
		for c := range own {
			s.cases[c].own = append(s.cases[c].own, id)
		}
	} else {
		s.stray = append(s.stray, id)
	}
}

// step is one thing that happens after the cases were filed.
func (s *story) step() {
	c := rapid.IntRange(0, len(s.cases)-1).Draw(s.T, "case")
	chapter := &s.cases[c]
	anchors := slices.Concat(chapter.filings, chapter.own)
	own := func(sheet document.Sheet) string {
		if place := s.pick("bears", []string{"", "the first", "its own"}); sheet.Inspection == "" && place != "" {
			sheet.Inspection = fmt.Sprint("visit of case ", c)
			if place == "the first" {
				sheet.Inspection = slices.Min(slices.Collect(maps.Keys(chapter.visits)))
			}
		}
		if sheet.Inspection != "" && !sheet.Void {
			chapter.visits[sheet.Inspection] = true
		}
		id := s.issue(sheet)
		s.of[id] = map[int]bool{c: true}
		chapter.own = append(chapter.own, id)
		return id
	}
	all := slices.Sorted(maps.Keys(s.sheets))
	all = slices.DeleteFunc(all, func(id string) bool { return s.sheets[id].Kind == document.CaseFiling || id == consent })
	switch s.pick("step", []string{"own", "notice", "receipt", "correction", "filing corrected", "void", "stray"}) {
	case "own":
		names := []string{s.pick("rests on", anchors)}
		if rapid.Bool().Draw(s.T, "about what was there before") { // the extension of a seizure: the seizure is the visit's all the same
			first := slices.Min(slices.Collect(maps.Keys(chapter.visits)))
			names = append(names, s.pick("original", slices.DeleteFunc(s.ofVisit(first), func(id string) bool { return s.sheets[id].IssuedAt.After(s.filed) })))
		}
		own(document.Sheet{Kind: "investigation-report", Names: names})
	case "notice": // names nothing, and is named by what rests on the filing
		notice := own(document.Sheet{Kind: "penalty-notice"})
		own(document.Sheet{Kind: "penalty-approval", Names: []string{s.pick("filing", chapter.filings), notice}})
	case "receipt":
		of := s.pick("served", all)
		receipt := document.Sheet{Kind: document.ServiceReceipt, Names: []string{of}}
		if rapid.Bool().Draw(s.T, "electronic") {
			receipt.Names = append(receipt.Names, consent)
		}
		s.belongs(s.issue(receipt), of)
	case "correction":
		of := s.pick("corrected", all)
		s.belongs(s.issue(document.Sheet{Kind: s.sheets[of].Kind, Corrects: of}), of)
	case "filing corrected":
		chapter.filings = append(chapter.filings, s.issue(document.Sheet{Kind: document.CaseFiling, Corrects: s.pick("filing", chapter.filings)}))
	case "void": // it names one that it should not have named, and bears a visit that it should not bear
		own(document.Sheet{Kind: "evidence-demand-list", Void: true, Inspection: "a visit without a case", Names: []string{s.pick("rests on", anchors), s.pick("wrongly", s.stray)}})
	case "stray":
		s.stray = append(s.stray, s.issue(document.Sheet{Kind: "rectification-order", Inspection: s.pick("of", []string{"", "a visit without a case"}), Names: []string{s.pick("names", s.stray)}}))
	}
}

// papers are those that the story knows to belong to a case.
func (s *story) papers(c int) map[string]bool {
	in := map[string]bool{}
	for _, id := range slices.Concat(s.cases[c].filings, s.cases[c].own) {
		in[id] = true
	}
	for id, visit := range s.shared {
		in[id] = in[id] || s.cases[c].visits[visit]
	}
	maps.DeleteFunc(in, func(_ string, is bool) bool { return !is })
	for id := range maps.Clone(in) {
		if sheet := s.sheets[id]; !sheet.Void && slices.Contains(sheet.Names, consent) {
			in[consent] = true
		}
	}
	if s.cases[c].visits[s.sheets[consent].Inspection] {
		in[consent] = true
	}
	return in
}

func tell(t *rapid.T) *story {
	s := &story{T: t, sheets: map[string]document.Sheet{}, of: map[string]map[int]bool{}, shared: map[string]string{}, at: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}
	s.begin()
	for range rapid.IntRange(0, 25).Draw(t, "steps") {
		s.step()
	}
	return s
}

// Of any course of visits, cases, receipts, corrections and slips, a case is what the story knows to be of it: all of its own, the papers of its visits, and nothing of another's.
func TestACaseIsWhatIsOfIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tell(t)
		for c, chapter := range s.cases {
			want := s.papers(c)
			for _, filing := range chapter.filings {
				got, ok := document.CaseOf(filing, s.sheets)
				if !ok || got.Filing != filing {
					t.Fatalf("no case: %v", got)
				}
				for _, id := range got.Papers {
					if !want[id] {
						t.Fatalf("case %d has %s, which is not of it: %+v", c, id, s.sheets[id])
					}
				}
				for id := range want {
					if !slices.Contains(got.Papers, id) {
						t.Fatalf("case %d lacks %s: %+v", c, id, s.sheets[id])
					}
				}
				if !slices.Equal(got.Inspections, slices.Sorted(maps.Keys(chapter.visits))) {
					t.Fatalf("case %d is of %v, want %v", c, got.Inspections, chapter.visits)
				}
				if !slices.IsSortedFunc(got.Papers, func(a, b string) int { return s.sheets[a].IssuedAt.Compare(s.sheets[b].IssuedAt) }) || len(got.Papers) != len(want) {
					t.Fatalf("not in order, or twice: %v", got.Papers)
				}
			}
		}
	})
}

// Whatever papers name, in circles and across cases: nothing is missed that is named or names, no paper of filing of another case comes in, and what has nothing to do with a case
// changes nothing.
func TestCasesOfPapersThatNameAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sheets := map[string]document.Sheet{}
		n := rapid.IntRange(1, 12).Draw(t, "papers")
		id := func(label string) string { return fmt.Sprint("p", rapid.IntRange(0, n).Draw(t, label)) }
		for i := range n {
			s := document.Sheet{ID: fmt.Sprint("p", i), Void: rapid.Bool().Draw(t, "void"), Kind: rapid.SampledFrom([]string{document.CaseFiling, "penalty-notice", "service-address", "x"}).Draw(t, "kind"),
				IssuedAt: time.Unix(int64(rapid.IntRange(0, 5).Draw(t, "at")), 0)}
			for range rapid.IntRange(0, 2).Draw(t, "names") {
				s.Names = append(s.Names, id("named"))
			}
			if rapid.Bool().Draw(t, "corrects") {
				s.Corrects = id("corrected")
			}
			if rapid.Bool().Draw(t, "visit") {
				s.Inspection = fmt.Sprint("v", rapid.IntRange(0, 2).Draw(t, "inspection"))
			}
			sheets[s.ID] = s
		}
		more := maps.Clone(sheets)
		more["else"] = document.Sheet{ID: "else", Kind: document.CaseFiling, Inspection: "elsewhere", Names: []string{"other"}}
		more["other"] = document.Sheet{ID: "other", Kind: "x", Names: []string{"else"}}
		rests := map[string]map[string]bool{}
		var down func(from, id string, seen map[string]bool)
		down = func(from, id string, seen map[string]bool) {
			if seen[id] {
				return
			}
			seen[id] = true
			for _, named := range sheets[id].Names {
				if sheets[named].Kind == document.CaseFiling {
					if rests[from] == nil {
						rests[from] = map[string]bool{}
					}
					rests[from][named] = true
				} else {
					down(from, named, seen)
				}
			}
		}
		for id := range sheets {
			down(id, id, map[string]bool{})
		}
		for filing, s := range sheets {
			c, ok := document.CaseOf(filing, sheets)
			if ok != (s.Kind == document.CaseFiling) {
				t.Fatalf("%+v: %v", s, ok)
			}
			if !ok {
				continue
			}
			if again, _ := document.CaseOf(filing, more); !slices.Equal(again.Papers, c.Papers) {
				t.Fatalf("%v became %v by papers that have nothing to do with it", c.Papers, again.Papers)
			}
			family := func(id string) bool { return sheets[id].Kind == document.CaseFiling && slices.Contains(c.Papers, id) }
			for _, id := range c.Papers {
				foreign := len(rests[id]) > 0
				for f := range rests[id] {
					foreign = foreign && !family(f)
				}
				if foreign && !family(id) {
					t.Fatalf("%s rests on %v alone and is in the case of %s", id, rests[id], filing)
				}
				if family(id) {
					if other, _ := document.CaseOf(id, sheets); !slices.Equal(other.Papers, c.Papers) {
						t.Fatalf("%s and %s are one case: %v, %v", filing, id, c.Papers, other.Papers)
					}
				}
			}
			for id, other := range sheets { // what names the filing is always of the case
				if slices.Contains(other.Names, filing) && other.Kind != document.CaseFiling && !slices.Contains(c.Papers, id) {
					t.Fatalf("%s names %s and is not of its case", id, filing)
				}
			}
		}
	})
}

// A decision about two cases is of both, and what only it names too.
func TestAPaperOfTwoCases(t *testing.T) {
	at := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	sheets := map[string]document.Sheet{}
	for i, s := range []document.Sheet{{ID: "f1", Kind: document.CaseFiling}, {ID: "f2", Kind: document.CaseFiling}, {ID: "notice", Kind: "penalty-notice"},
		{ID: "report1", Kind: "investigation-report", Names: []string{"f1"}}, {ID: "report2", Kind: "investigation-report", Names: []string{"f2"}},
		{ID: "decision", Kind: "penalty-decision", Names: []string{"report1", "report2", "notice"}}} {
		s.IssuedAt = at.Add(time.Duration(i) * time.Hour)
		sheets[s.ID] = s
	}
	for filing, want := range map[string][]string{"f1": {"f1", "notice", "report1", "decision"}, "f2": {"f2", "notice", "report2", "decision"}} {
		if got, _ := document.CaseOf(filing, sheets); !slices.Equal(got.Papers, want) {
			t.Errorf("%s: %v, want %v", filing, got.Papers, want)
		}
	}
}
