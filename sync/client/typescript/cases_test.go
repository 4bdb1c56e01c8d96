package typescript

import (
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/law/calendar"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func parseDay(s string) (time.Time, error) {
	return time.ParseInLocation(time.DateOnly, s, law.Beijing)
}

func dueBy(cal *calendar.Calendar) document.Due {
	return func(first time.Time, n int, unit document.PeriodUnit, roll bool) (time.Time, error) {
		due, err := law.Period{N: n, Unit: units[unit], Roll: roll}.Due(first, cal)
		return due.Day, err
	}
}

// missingYear is the year that an error says has no notice.
func missingYear(t testing.TB, err error) int {
	t.Helper()
	why := fault.Of(err)
	_, year, _ := strings.Cut(strings.TrimSuffix(why.Zh, " 日历未导入"), "请先导入：")
	n, bad := strconv.Atoi(year)
	if why.Code != fault.CalendarMissing || bad != nil {
		t.Fatal(err)
	}
	return n
}

// body reads one of the files that a district begins with.
func body(t testing.TB, files fs.FS, name string) record.Object {
	t.Helper()
	text, err := fs.ReadFile(files, name)
	if err != nil {
		t.Fatal(err)
	}
	read, err := wire.Object(text)
	if err != nil {
		t.Fatal(name, err)
	}
	return read
}

// pen is a signature of one line of the pen.
const pen = "1,600,200;10,20,0,3,-4,8,0,2,8"

// sample is a paper of a kind, signed.
func sample(t testing.TB, kind string) paper {
	t.Helper()
	p := paper{Kind: kind, Paper: body(t, templates.Samples, "samples/"+kind+".json")}
	p.Organ, _ = p.Paper["organ"].(string)
	signatures, _ := p.Paper["signatures"].(record.Object)
	for _, s := range signatures {
		if one := s.(record.Object); one["refused"] != true {
			one["strokes"] = pen
		}
	}
	return p
}

// said are the texts that a template prints.
func (p *paper) said(t testing.TB, template record.Object) {
	t.Helper()
	w := document.Words{Template: document.ReadTemplate(template), Instance: document.ReadInstance(p.Paper), Organ: p.Organ}
	p.Texts = []string{"{remedies}"}
	for _, b := range w.Template.Layout {
		p.Texts = append(p.Texts, b.Lines...)
		p.Texts = append(p.Texts, b.Text)
		for _, r := range b.Rows {
			for _, c := range r.Cells {
				p.Texts = append(p.Texts, c.Text)
				if c.Value != "" {
					p.Texts = append(p.Texts, "{"+c.Value+"}")
				}
			}
		}
	}
	p.Texts = slices.DeleteFunc(p.Texts, func(text string) bool { return !strings.Contains(text, "{") })
}

// odd are values that a field may be given by mistake or by malice.
func odd(dice *rand.Rand) any {
	long := strings.Repeat("堃", 1+dice.IntN(25_000))
	values := []any{nil, "", " ", "　", true, 3.0, -1.0, 12.345, 200.1, 1e15, "x", "2026-11-31", "2026-2-1", "2026-11-25", "2026-11-25T24:00:00Z", "2026-11-25T08:00:00+08:00",
		"2026-11-25T08:00:00.123456789Z", "91120102MA06ABCD1X", "12010219880302001X", "第一行\n第二行", "铃\u0007", "\u202e倒", "\u3164", "字\u2800", "\U00010900", "\U0001d173", "\uFFFB", "\uFDD0", 1e21, 1e-7, 0.000001, 1e12, math.Copysign(0, -1), "שלום", "制表\t", long, []any{"a"}, record.Object{},
		record.Object{"name": "甲"}, record.Object{"kind": "ghost", "name": "乙\u0000"}, record.Object{"law": " ", "article": "第一条"}, record.Object{"address": "某路1号"},
		record.Object{"law": long, "article": long, "text": "一\n二"}, record.Object{"address": "某路\u200b1号", "longitude": 117.2479125, "latitude": 39.1 * dice.Float64()},
		record.Object{"address": "某路1号", "longitude": -0.0078125, "latitude": 39.13, "datum": "GCJ-02"}, record.Object{"address": 1.0, "latitude": 91.0, "datum": "moon"},
		record.Object{"kind": "citizen", "name": "李\ue123", "idNumber": "120102198803020017", "idNo": "1"}, record.Object{"kind": "citizen", "name": "李𬭎", "idNumber": "120102198803020016"},
		record.Object{"kind": "enterprise", "name": long, "uscc": "91120102MA06ABCD1X", "phone": []any{}}, "葛\U000E0100", "\ufeff", "\U000F0001", "\ufffe", "a\u2028b",
		record.Object{"a": record.Object{"text": long, "value": "是\a", "note": 3.0, "order": 1.0}},
		record.Object{"n": 7.0, "unit": "workingDays", "last": "2026-12-04"}, record.Object{"n": 15.0, "unit": "days", "last": "2026-12-10"}, record.Object{"n": 0.5, "unit": "days"},
		record.Object{"n": 6.0, "unit": "months", "last": "2027-05-25"}, record.Object{"n": 1.0, "unit": "weeks", "last": "2026-12-02"},
		record.Object{"document": "01890000-0000-7000-8000-000000000001", "name": "责令改正通知书", "number": "津河东东新执责改字〔2026〕第3号"}, record.Object{"document": "x", "name": strings.Repeat("名", 101), "number": 3.0},
		record.Object{"a": record.Object{"order": 1.0, "question": "问", "answer": "答"}, "b": record.Object{"order": "x", "question": ""}}, record.Object{"坏": record.Object{}}, record.Object{"a": "row"},
		record.Object{"a": record.Object{"text": "问题", "value": ""}, "b": record.Object{"value": "是"}}, record.Object{"constructor": record.Object{"toString": "x"}},
		picturesOf(9.0), picturesOf(0.5), picturesOf(17_000_000.0), picturesOf(16_000_000.0), record.Object{"a": record.Object{"evidence": "x", "sha256": strings.Repeat("0A", 32), "length": "9"}}}
	return values[dice.IntN(len(values))]
}

// picturesOf are four pictures of so many octets each.
func picturesOf(octets float64) record.Object {
	set := record.Object{}
	for i, id := range []string{"a", "b", "c", "d"} {
		set[id] = record.Object{"order": float64(i), "evidence": "01890000-0000-7000-8000-0000000000e7", "sha256": strings.Repeat("0a", 32), "length": octets, "caption": "门前", "at": "2026-11-25T06:00:00Z", "place": "成林道", "by": "赵翀"}
	}
	return set
}

// edge is a value at the edge of what a field takes: a text that is just short enough or one character too long, a period that is just possible.
func edge(dice *rand.Rand, field, data record.Object) any {
	most, _ := field["maxLength"].(float64)
	from, _ := field["from"].(string)
	if begins, _ := data[from].(string); len(begins) >= len(time.DateOnly) {
		if first, err := parseDay(begins[:len(time.DateOnly)]); err == nil {
			n := 1 + dice.IntN(3)
			last := first.AddDate(0, 0, n*(1+2*dice.IntN(2))+15*dice.IntN(2)+dice.IntN(2))
			return record.Object{"n": float64(n), "unit": []string{"days", "workingDays"}[dice.IntN(2)], "last": last.Format(time.DateOnly)}
		}
	}
	return strings.Repeat("龑", int(most)+dice.IntN(2))
}

// spoil alters a paper in a few places.
func spoil(dice *rand.Rand, template record.Object, p paper) paper {
	fields, _ := template["fields"].(record.Object)
	ids := slices.Sorted(maps.Keys(fields))
	data, _ := p.Paper["data"].(record.Object)
	data = maps.Clone(data)
	for range 1 + dice.IntN(4) {
		id := ids[dice.IntN(len(ids))]
		switch inner, _ := data[id].(record.Object); {
		case dice.IntN(30) == 0:
			data[[]string{"unknown", "toString", "__proto", "𠮷", "～"}[dice.IntN(5)]] = odd(dice)
		case dice.IntN(4) == 0:
			delete(data, id)
		case dice.IntN(4) == 0:
			data[id] = edge(dice, fields[id].(record.Object), data)
		case len(inner) > 0 && dice.IntN(2) == 0:
			inner = maps.Clone(inner)
			keys := slices.Sorted(maps.Keys(inner))
			inner[keys[dice.IntN(len(keys))]] = odd(dice)
			data[id] = inner
		default:
			data[id] = odd(dice)
		}
	}
	out := maps.Clone(p.Paper)
	out["data"] = data
	out["signatures"] = spoilSignatures(dice, p.Paper)
	if dice.IntN(5) == 0 {
		out["issuedAt"] = []any{nil, "2026-11-25", "2023-12-31T15:59:59Z", "2023-12-31T16:00:00Z", "2031-01-01T00:00:00+08:00"}[dice.IntN(5)]
	}
	p.Paper = out
	return p
}

func spoilSignatures(dice *rand.Rand, from record.Object) record.Object {
	signatures, _ := from["signatures"].(record.Object)
	out := record.Object{}
	for _, id := range slices.Sorted(maps.Keys(signatures)) {
		one := maps.Clone(signatures[id].(record.Object))
		switch dice.IntN(10) {
		case 0:
			continue
		case 1:
			delete(one, "strokes")
		case 2:
			one["strokes"] = []string{"1,600,200;10,20", "2,1,1;0,0,0", "1,600,200;700,0,0", "1,600,200", "1,600,200,p;1,2,3,999", "1,+6,2;0,0,0", "1,600,200;10,20,9;10,20,8", "1,600,200;10,20,9,0,0,-1"}[dice.IntN(8)]
		case 3:
			one["refused"], one["reason"] = true, []any{nil, " ", "不愿签名"}[dice.IntN(3)]
			one["recording"] = []any{nil, "记录仪3号", "01890000-0000-7000-8000-0000000000e1"}[dice.IntN(3)]
		case 6:
			one["role"] = []string{"witness", "officer", "party", "unit", "head"}[dice.IntN(5)]
		case 4:
			one["image"] = []string{"no base64", "AAAA", strings.Repeat("A", 90_000)}[dice.IntN(3)]
		case 5:
			one["officer"] = []any{nil, "01890000-0000-7000-8000-000000000001"}[dice.IntN(2)]
		}
		out[id] = one
	}
	return out
}

// asking is a template with fields that are required when others are filled in, or left empty.
func asking(template record.Object) record.Object {
	fields, _ := template["fields"].(record.Object)
	more := record.Object{}
	for id, when := range map[string]record.Object{"whyCash": {"receipt": true}, "whyUnpaid": {"receipt": false, "paymentCode": false}, "reach": {"party.phone": false}, "visited": {"place": true, "party.kind": []any{"enterprise"}}} {
		more[id] = record.Object{"order": 900.0, "kind": "text", "label": record.Object{"zh": "说明", "en": "explanation"}, "requiredWhen": when}
	}
	return record.Apply(template, record.Object{"fields": record.Apply(fields, more)})
}

// draw makes cases of all the kinds there are: samples as they are, and spoilt.
func draw(t testing.TB, kinds []string, spoilt int, seed uint64) cases {
	t.Helper()
	dice := rand.New(rand.NewPCG(seed, 1))
	rows, _ := document.PublishedRemedies()["remedies"].([]any)
	c := cases{Remedies: rows, Templates: map[string]record.Object{}, Numbers: []number{{"津河东东新执责改字〔2026〕第{n}号", 3}, {"津河东东新执责改字〔2026〕{n:4}号", 3}, {"第{n:2}号", 12345}, {"没有", 1}, {"{n}{n:9}", 7}}}
	notices, err := calendar.Notices()
	if err != nil {
		t.Fatal(err)
	}
	for _, year := range slices.Sorted(maps.Keys(notices)) {
		c.Notices = append(c.Notices, notices[year])
	}
	for _, yuan := range []float64{0, 0.01, 0.1, 1, 1.01, 10, 20, 50, 107000.53, 200, 1000.1, 10001, 16409.02, 3000, 100000, 1e8, 100000001, 1e12, 1e12 + 1, -1, 0.001, 12.345} {
		c.Money = append(c.Money, money{yuan})
	}
	for range 20 * spoilt {
		c.Money = append(c.Money, money{float64(dice.Int64N(1_0000_0000_0000)) / 100})
	}
	c.Periods = []period{{"2026-09-28", 7, document.WorkingDays, false}, {"2026-09-29", 5, document.WorkingDays, false}, {"2026-02-13", 2, document.WorkingDays, false},
		{"2026-09-20", 15, document.Days, true}, {"2026-09-03", 30, document.Days, false}, {"2026-08-31", 6, document.Months, false}, {"2026-12-25", 7, document.WorkingDays, false}}
	for range 20 * spoilt {
		day := time.Date(2026, 1, 1+dice.IntN(365), 0, 0, 0, 0, law.Beijing)
		unit := []document.PeriodUnit{document.Days, document.WorkingDays, document.Months}[dice.IntN(3)]
		c.Periods = append(c.Periods, period{day.Format(time.DateOnly), 1 + dice.IntN(40), unit, dice.IntN(2) == 0})
	}
	for _, kind := range kinds {
		template := body(t, templates.Files, kind+".json")
		if kind == document.SummaryPenalty {
			template = asking(template)
		}
		c.Templates[kind] = template
		for i := range spoilt + 1 {
			p := sample(t, kind)
			if i > 0 {
				p = spoil(dice, template, p)
			}
			p.said(t, template)
			c.Papers = append(c.Papers, p)
		}
	}
	return c
}

// Of every kind of paper the client says what the server says, in the same words, of samples and of many that are spoilt.
func TestAlike(t *testing.T) {
	c := draw(t, templates.Kinds(), 30, 5)
	want := askGo(t, c)
	flawed := 0
	for _, p := range want.Papers {
		if len(p.Flaws) > 0 {
			flawed++
		}
	}
	if flawed < len(want.Papers)/2 {
		t.Fatalf("only %d of %d papers are flawed", flawed, len(want.Papers))
	}
	differ(t, c, want, askTypeScript(t, c))
}

// The vectors are what the server says, and what the client says.
func TestVectors(t *testing.T) {
	name := filepath.Join("..", "..", "..", "docs", "protocol", "vectors", "papers.json")
	if *update {
		c := draw(t, []string{document.SummaryPenalty, "evidence-extraction", "seizure-approval"}, 12, 7)
		c.About = "Papers offline (papers.md): notices on days off, templates, and what a client must say of amounts, numbers, periods and papers: flaws by path in Chinese and English, how far signing is, and the texts with their tokens filled."
		said := askGo(t, c)
		c.Answers = &said
		out, err := json.Marshal(c, json.Deterministic(true), jsontext.WithIndent(" "))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(out, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var c cases
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	if c.Answers == nil {
		t.Fatal("no answers")
	}
	differ(t, c, *c.Answers, askGo(t, c))
	differ(t, c, *c.Answers, askTypeScript(t, c))
}

// A client that is wrong is caught: the comparison is not empty.
func TestDifferSeesWhatDiffers(t *testing.T) {
	c := draw(t, []string{document.SummaryPenalty}, 3, 9)
	want := askGo(t, c)
	for name, alter := range map[string]func(*answers){
		"an amount": func(a *answers) { a.Money[3].Capitals = "壹圆整" }, "a number": func(a *answers) { a.Numbers[1].Text = "x" },
		"a day": func(a *answers) { a.Periods[0].Last = "2026-10-12" }, "a flaw": func(a *answers) { a.Papers[1].Flaws = append(a.Papers[1].Flaws, flaw{"data", "多", "more"}) },
		"a text": func(a *answers) { a.Papers[0].Texts[2] += "。" },
	} {
		got := askGo(t, c)
		alter(&got)
		seen := &witness{TB: t}
		differ(seen, c, want, got)
		if seen.errors != 1 {
			t.Errorf("%s: %d differences are told", name, seen.errors)
		}
	}
}

// witness counts errors in place of failing.
type witness struct {
	testing.TB
	errors int
}

func (w *witness) Errorf(string, ...any) { w.errors++ }
func (w *witness) Helper()               {}
