package document_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// samples reads the samples by kind.
func samples(t *testing.T) map[string]record.Object {
	t.Helper()
	all := map[string]record.Object{}
	for _, kind := range templates.Kinds() {
		text, err := templates.Samples.ReadFile("samples/" + kind + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if all[kind], err = wire.Object(text); err != nil {
			t.Fatal(kind, err)
		}
	}
	return all
}

// walk calls visit with every value below v and its path, objects before what is in them.
func walk(path string, v any, visit func(path string, v any)) {
	visit(path, v)
	switch v := v.(type) {
	case record.Object:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			walk(path+"/"+key, v[key], visit)
		}
	case []any:
		for _, one := range v {
			walk(path, one, visit)
		}
	}
}

// once remembers what goes with what, and tells when one thing goes with two.
type once map[string]string

func (o once) pair(t *testing.T, where, a, b string) {
	t.Helper()
	for _, p := range [][2]string{{a, b}, {b, a}} {
		if before, known := o[p[0]]; known && before != p[1] {
			t.Errorf("%s: %s goes with %s, elsewhere with %s", where, p[0], p[1], before)
			continue
		}
		o[p[0]] = p[1]
	}
}

// In the samples a number is of one person, company or officer, who has one number; somebody is born when his number says; and an officer belongs to one organ.
func TestSamplesNameEverybodyOnce(t *testing.T) {
	companies, people, officers, organs := once{}, once{}, once{}, map[string]string{}
	parties := 0
	for kind, body := range samples(t) {
		walk(kind, body["data"], func(path string, v any) {
			party, _ := v.(record.Object)
			name, _ := party["name"].(string)
			if credit, _ := party["uscc"].(string); credit != "" {
				companies.pair(t, path, credit, name)
				parties++
			}
			number, _ := party["idNumber"].(string)
			if number == "" {
				return
			}
			if representative, _ := party["representative"].(string); representative != "" {
				name = representative
			}
			people.pair(t, path, number, name)
			who, err := law.ParseIdentity(number)
			sex := map[bool]string{true: "女", false: "男"}[who.Female]
			if err != nil || party["birth"] != nil && party["birth"] != who.Born.Format("2006年1月2日") || party["sex"] != nil && party["sex"] != sex {
				t.Errorf("%s: %v %v, but %s: %v", path, party["sex"], party["birth"], number, err)
			}
			parties++
		})
		team, _ := body["officers"].(record.Object)
		for id, o := range team {
			name, _ := o.(record.Object)["name"].(string)
			certificate, _ := o.(record.Object)["certificate"].(string)
			officers.pair(t, kind+"/officers/"+id, certificate, name)
			if organ, known := organs[certificate]; known && organ != body["organ"] {
				t.Errorf("%s: %s is an officer of %v, elsewhere of %s", kind, name, body["organ"], organ)
			}
			organs[certificate], _ = body["organ"].(string)
		}
	}
	if parties < 50 || len(organs) < 20 {
		t.Errorf("only %d parties and %d officers: the samples are not read", parties, len(organs))
	}
}

// A paper that a sample names is of a kind that there is, with a number that its template writes, of the same organ unless organs supervise each other; one
// record is one paper; and nobody names a paper that is issued later.
func TestSamplesNameOtherPapersRightly(t *testing.T) {
	all, ids, refs := samples(t), once{}, 0
	byName, issued := map[string]document.Kind{}, map[string]document.Instance{}
	for _, k := range document.Kinds() {
		byName[k.Name] = k
		if in := document.ReadInstance(all[k.Key]); in.NumberText != "" {
			issued[in.NumberText] = in
		}
	}
	for kind, body := range all {
		tpl, in := document.ReadTemplate(seed(t, kind)), document.ReadInstance(body)
		for _, f := range tpl.Fields {
			ref, _ := in.Data[f.ID].(record.Object)
			if f.Kind != document.DocumentRef || ref == nil {
				continue
			}
			refs++
			where := kind + "/" + f.ID
			name, _ := ref["name"].(string)
			number, _ := ref["number"].(string)
			id, _ := ref["document"].(string)
			k, known := byName[name]
			if !known {
				t.Errorf("%s: there is no paper %s", where, name)
				continue
			}
			ids.pair(t, where, id, name+number+organOf(kind, body, number))
			of := document.ReadTemplate(seed(t, k.Key))
			if (of.Number == nil) != (number == "") {
				t.Errorf("%s: %s has the number %q", where, name, number)
				continue
			}
			if of.Number == nil {
				continue
			}
			form := strings.ReplaceAll(regexp.QuoteMeta(of.Number.Pattern("ORGAN", 2026)), `\{n\}`, `[1-9][0-9]*`)
			if !regexp.MustCompile("^" + strings.Replace(form, "ORGAN", `\p{Han}+`, 1) + "$").MatchString(number) {
				t.Errorf("%s: %s is no number of %s", where, number, name)
			}
			if in.NumberText != "" && !strings.HasPrefix(kind, "supervision-") && shortOf(in.NumberText) != shortOf(number) {
				t.Errorf("%s: %s is a number of another organ than %s", where, number, in.NumberText)
			}
			if other, here := issued[number]; here && other.IssuedAt.After(in.IssuedAt) {
				t.Errorf("%s: %s is issued %v, this paper %v", where, number, other.IssuedAt, in.IssuedAt)
			}
		}
	}
	if refs < 50 {
		t.Errorf("only %d papers are named", refs)
	}
}

// organOf tells apart papers without a number: those of one organ and party.
func organOf(kind string, body record.Object, number string) string {
	if number != "" {
		return ""
	}
	organ, _ := body["organ"].(string)
	return " of " + organ
}

// shortOf is the beginning of a number, up to the word that every paper of enforcement has.
func shortOf(number string) string {
	short, _, _ := strings.Cut(number, "执")
	return short
}

// ahead are the fields that speak of days to come, by their kind of paper or everywhere.
var ahead = []string{"deadline", "newDeadline", "promisedOn", "plannedOn", "endsOn", "registerBy", "schedule/dueOn", "hearing-notice/heldAt", "hearing-announcement/heldAt",
	"inquiry-notice/askedAt", "substitute-performance-decision/startsAt", "inspection-notice/startsAt"}

// What a sample tells of has happened by its day of issue; and in an approval the officers sign before the unit, and the unit before the head.
func TestSamplesTellOfWhatHasHappened(t *testing.T) {
	told := 0
	for kind, body := range samples(t) {
		tpl, in := document.ReadTemplate(seed(t, kind)), document.ReadInstance(body)
		day := in.IssuedAt.In(record.Beijing).Format(time.DateOnly)
		check := func(id string, f document.Field, data record.Object) {
			value, _ := data[f.ID].(string)
			if value == "" || slices.Contains(ahead, id) || slices.Contains(ahead, kind+"/"+id) {
				return
			}
			switch told++; f.Kind {
			case document.Date:
				if value > day {
					t.Errorf("%s: %s is on %s, after the issue on %s", kind, id, value, day)
				}
			case document.Time:
				if at, err := time.Parse(time.RFC3339, value); err != nil || at.After(in.IssuedAt) {
					t.Errorf("%s: %s is at %s, after the issue at %v: %v", kind, id, value, in.IssuedAt, err)
				}
			default:
				told--
			}
		}
		for _, f := range tpl.Fields {
			check(f.ID, f, in.Data)
			rows, _ := in.Data[f.ID].(record.Object)
			for _, c := range f.Columns {
				for _, row := range rows {
					check(f.ID+"/"+c.ID, c, row.(record.Object))
				}
			}
		}
		steps := []document.Role{document.ByOfficer, document.ByUnit, document.ByHead}
		last := -1
		for _, s := range in.Signatures { // by the moment of signing
			step := slices.Index(steps, s.Role)
			if step < last && step >= 0 {
				t.Errorf("%s: %s signs after %s", kind, s.Role, steps[last])
			}
			last = max(last, step)
			if on, told := in.Data["headOn"].(string); told && s.Role == document.ByHead && on != s.At.In(record.Beijing).Format(time.DateOnly) {
				t.Errorf("%s: approved on %s, and the head signs at %v", kind, on, s.At)
			}
		}
	}
	if told < 100 {
		t.Errorf("only %d days are told", told)
	}
}

// Sums of samples are what their parts add up to.
func TestSamplesAddUp(t *testing.T) {
	all := samples(t)
	sum := func(kind, list, column string) (total float64) {
		rows, _ := record.At(all[kind], "data/"+list).(record.Object)
		for _, row := range rows {
			n, _ := row.(record.Object)[column].(float64)
			total += n
		}
		return total
	}
	for _, kind := range []string{"payment-extension-application", "payment-extension-approval", "payment-extension-notice"} {
		if got := sum(kind, "schedule", "amount"); got != record.At(all[kind], "data/unpaid") {
			t.Errorf("%s: instalments of %v, unpaid %v", kind, got, record.At(all[kind], "data/unpaid"))
		}
	}
	if got := sum("file-assessment", "scores", "score"); got != record.At(all["file-assessment"], "data/total") || sum("file-assessment", "scores", "full") != 100 {
		t.Errorf("scores of %v, told %v", got, record.At(all["file-assessment"], "data/total"))
	}
	late := all["late-fine-decision"]["data"].(record.Object)
	fine, days := late["fine"].(float64), late["days"].(float64)
	if want := min(fine, fine*days*3/100); late["amount"] != want {
		t.Errorf("%v days late with %v: %v, told %v", days, fine, want, late["amount"])
	}
	names := func(kind string) map[string]float64 {
		count := map[string]float64{}
		rows, _ := record.At(all[kind], "data/things").(record.Object)
		for _, row := range rows {
			n, _ := row.(record.Object)["quantity"].(float64)
			count[row.(record.Object)["name"].(string)] += n
		}
		return count
	}
	if decided, back := names("seizure-decision"), names("seizure-release-list"); !maps.Equal(decided, back) || !maps.Equal(decided, names("seizure-approval")) || !maps.Equal(decided, names("seizure-release")) {
		t.Errorf("seized %v, given back %v", decided, back)
	}
	for _, thing := range []string{"电动自行车", "充电器"} {
		if decided, listed := names("seizure-decision")[thing], names("seizure-list")[thing]; decided != listed || decided == 0 {
			t.Errorf("%s: %v by the decision, %v by the list", thing, decided, listed)
		}
	}
}

var (
	halfWidth = regexp.MustCompile(`\p{Han}[,;:?!()"']|[,;:?!()"']\p{Han}|\p{Han}\.(\p{Han}|$)`)
	doubled   = regexp.MustCompile(`[，。；：、？！][，。；：、？]|（[，。；、]|[，；、]）|  |\p{Han} \p{Han}`)
)

// Chinese is written with the marks of Chinese, each pair closed, none doubled.
func TestChineseIsPunctuated(t *testing.T) {
	read := 0
	check := func(where, text string) {
		if !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x4e00 }) {
			return
		}
		read++
		for _, wrong := range []*regexp.Regexp{halfWidth, doubled} {
			if found := wrong.FindString(text); found != "" {
				t.Errorf("%s: %q in %s", where, found, text)
			}
		}
		for open, closed := range map[string]string{"（": "）", "《": "》", "“": "”", "〔": "〕"} {
			if strings.Count(text, open) != strings.Count(text, closed) {
				t.Errorf("%s: %s is not closed in %s", where, open, text)
			}
		}
	}
	visit := func(path string, v any) {
		if text, ok := v.(string); ok && !strings.HasSuffix(path, "/en") && !strings.Contains(path, "/when/") {
			check(path, text)
		}
	}
	for _, name := range templates.Names() {
		walk(name, seed(t, name), visit)
	}
	for kind, body := range samples(t) {
		walk(kind, body, visit)
	}
	for _, r := range document.Remedies() {
		check("remedies of "+r.Kind, r.Text+r.Basis)
	}
	for _, d := range document.Statutory() {
		check("statutory "+d.Kind+"."+d.Field, d.Name+d.Basis)
	}
	for _, k := range document.Kinds() {
		check("kinds", k.Name)
	}
	if read < 2000 {
		t.Errorf("only %d texts are read", read)
	}
}

// Whoever is told of remedies on a paper is told by the server until when: no paper says sixty days and has no last day.
func TestEveryRemedyHasItsLastDays(t *testing.T) {
	told := 0
	for _, kind := range templates.Kinds() {
		tells := slices.ContainsFunc(document.ReadTemplate(seed(t, kind)).Layout, func(b document.Block) bool { return strings.Contains(b.Text, "{remedies}") })
		if !tells && kind != document.SummaryPenalty {
			continue
		}
		told++
		var got []string
		for _, e := range document.Effects() {
			if slices.Contains(e.Kinds, kind) && (e.ID == "reconsiderBy" || e.ID == "suitBy") {
				got = append(got, e.ID)
			}
		}
		want := []string{"reconsiderBy", "suitBy"}
		if kind == document.SummaryPenalty {
			want = want[:1] // reconsideration comes first: 行政复议法第二十三条
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s tells remedies; last days: %v, want %v", kind, got, want)
		}
	}
	if told < 12 {
		t.Errorf("only %d kinds tell remedies", told)
	}
}
