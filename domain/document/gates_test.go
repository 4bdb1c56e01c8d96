package document_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// facts is a server's state: bodies by collection and id.
type facts map[string]map[string]record.Object

func (f facts) Find(_ context.Context, collection, id string) (record.Object, bool, error) {
	body, ok := f[collection][id]
	return body, ok, nil
}

func (f facts) Match(_ context.Context, collection, field, value string) (map[string]record.Object, error) {
	out := map[string]record.Object{}
	for id, body := range f[collection] {
		if record.At(body, field) == value {
			out[id] = body
		}
	}
	return out, nil
}

// calendarOf is the calendar that the program brings.
func calendarOf(t testing.TB) document.Calendar {
	due := byLaw(t)
	return func(context.Context, record.Facts) document.Due { return due }
}

func state(t *testing.T) facts {
	block := func(from, to float64) record.Object {
		return record.Object{"device": deviceID, "series": series, "organ": street, "kind": document.SummaryPenalty, "year": 2026.0,
			"pattern": "津河东东新执当罚决字〔2026〕第{n}号", "from": from, "to": to, "leasedAt": "2026-11-01T00:00:00Z", "expiresAt": "2026-11-30T00:00:00Z"}
	}
	return facts{
		"templates": {templateID: seed(t, document.SummaryPenalty)},
		"subjects":  {subjectID: {"kind": document.Enterprise, "name": "某公司"}},
		"evidence":  {recordingID: {}},
		"blocks":    {"b1": block(1, 9), "b2": block(11, 20)},
	}
}

var issuedAt = time.Date(2026, 11, 25, 7, 5, 0, 0, time.UTC)

// judged are the codes of the breaches of a paper that is issued with the given body, sorted.
func judged(t *testing.T, f facts, body record.Object, change func(*record.Event)) []string {
	t.Helper()
	at := issuedAt
	if claimed, err := time.Parse(time.RFC3339, fmt.Sprint(body["issuedAt"])); err == nil {
		at = claimed // it was issued when it says, unless the change says otherwise
	}
	ev := record.Event{Op: record.Op{Record: "r"}, After: body, Earliest: at, Latest: at.Add(time.Second), Received: at, Device: deviceID}
	if change != nil {
		change(&ev)
	}
	var codes []string
	for _, g := range document.Gates(calendarOf(t)) {
		if g.Effect != record.Flag || g.Basis == "" {
			t.Errorf("%s: what was handed over is never refused, and a rule names its basis", g.Code)
		}
		breaches, err := g.Judge(context.Background(), ev, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range breaches {
			if b.Zh == "" || b.En == "" || b.Code == "" {
				t.Errorf("%s: a breach says nothing: %+v", g.Code, b)
			}
			codes = append(codes, b.Code)
		}
	}
	slices.Sort(codes)
	return codes
}

func TestGates(t *testing.T) {
	if codes := judged(t, state(t), penalty(), nil); len(codes) > 0 {
		t.Fatalf("the good paper is flagged: %v", codes)
	}
	type edits map[string]any
	for name, c := range map[string]struct {
		edits  edits
		change func(*record.Event)
		want   []string
	}{
		"fine of a citizen over 200":  {edits{"data/fine": 200.01}, nil, []string{document.OverLimit}},
		"fine of a citizen of 200":    {edits{"data/fine": 200.0}, nil, nil},
		"fine of a company of 3000":   {edits{"data/fine": 3000.0, "data/party/kind": document.Enterprise}, nil, nil},
		"fine of a company over 3000": {edits{"data/fine": 3001.0, "data/party/kind": document.Enterprise}, nil, []string{document.OverLimit}},
		"household as a citizen":      {edits{"data/fine": 201.0, "data/party/kind": document.Household}, nil, []string{document.OverLimit}},
		"party unknown":               {edits{"data/party": nil}, nil, []string{document.OverLimit, document.FormFlawed}},
		"party from the subject":      {edits{"data/party": nil, "subject": subjectID, "data/fine": 2000.0}, nil, nil},
		"neither warning nor fine":    {edits{"data/penalty": "closure"}, nil, []string{document.NotSummary, document.FormFlawed}},
		"warning":                     {edits{"data/penalty": "warning", "data/fine": nil, "data/collection": nil}, nil, nil},
		"cash of 100":                 {edits{"data/collection": "onsite", "data/fine": 100.0, "data/onsiteReason": "small", "data/receipt": "0012"}, nil, nil},
		"cash over 100 as small":      {edits{"data/collection": "onsite", "data/fine": 101.0, "data/onsiteReason": "small", "data/receipt": "0012"}, nil, []string{document.CashUnlawful}},
		"cash over 100, hard to get":  {edits{"data/collection": "onsite", "data/fine": 101.0, "data/onsiteReason": "hard", "data/receipt": "0012"}, nil, nil},
		"cash without a receipt":      {edits{"data/collection": "onsite", "data/fine": 20.0, "data/onsiteReason": "small"}, nil, []string{document.NoReceipt, document.FormFlawed}},
		"no number":                   {edits{"number": nil}, nil, []string{document.NumberMissing}},
		"number between the blocks":   {edits{"number/n": 10.0, "number/text": "津河东东新执当罚决字〔2026〕第10号"}, nil, []string{document.NotLeased}},
		"number of another device":    {nil, func(ev *record.Event) { ev.Device = subjectID }, []string{document.NotLeased}},
		"number of another series":    {edits{"number/series": "120102001/summary-penalty/2026"}, nil, []string{document.NotLeased}},
		"text is not the number's":    {edits{"number/text": "津河东东新执当罚决字〔2026〕第13号"}, nil, []string{document.WrongText}},
		"paper of another unit":       {edits{"unit": "120102001"}, nil, []string{document.WrongSeries}},
		"paper of another year":       {edits{"issuedAt": "2027-01-02T07:05:00Z"}, nil, []string{document.LeaseOver, document.WrongSeries}},
		"new year in Beijing":         {edits{"issuedAt": "2026-12-31T16:30:00Z"}, nil, []string{document.LeaseOver, document.WrongSeries}},
		"block expired":               {nil, func(ev *record.Event) { ev.Earliest, ev.Latest = days(6), days(7) }, []string{document.LeaseOver, document.WrongMoment}},
		"block expired meanwhile":     {nil, func(ev *record.Event) { ev.Latest = days(7) }, []string{document.LeaseDoubtful}},
		"one officer signed":          {edits{"signatures/b": nil}, nil, []string{document.Unsigned}},
		"refused without a reason":    {edits{"signatures/p": refusal("recording", recordingID)}, nil, []string{document.Unsigned}},
		"refused with a reason":       {edits{"signatures/p": refusal("reason", "不愿意", "recording", recordingID)}, nil, nil},
		"refused before nobody":       {edits{"signatures/p": refusal("reason", "不愿意")}, nil, []string{document.Unsigned}},
		"facts missing":               {edits{"data/facts": nil}, nil, []string{document.FormFlawed}},
		"template unknown":            {edits{"template": subjectID}, nil, []string{document.NoTemplate}},
		"template of another version": {edits{"templateVersion": 7.0, "data/facts": nil}, nil, []string{document.NoTemplate}},
		"a draft":                     {edits{"state": document.Draft, "data": nil, "signatures": nil}, nil, nil},
		"an edit of what was issued":  {edits{"data/facts": nil}, func(ev *record.Event) { ev.Before = penalty() }, nil},
		"a signature after the issue": {nil, func(ev *record.Event) { ev.Before = edit(penalty(), "signatures/b", nil) }, []string{document.SignedLate}},
		"a signature on a draft": {edits{"state": document.Draft}, func(ev *record.Event) {
			ev.Before = edit(edit(penalty(), "signatures/b", nil), "state", document.Draft)
		}, nil},
		"issued an hour before": {nil, func(ev *record.Event) { ev.Earliest, ev.Latest = ev.Earliest.Add(time.Hour), ev.Latest.Add(time.Hour) }, nil},
		"entered a day later": {nil, func(ev *record.Event) {
			ev.Earliest, ev.Latest = ev.Earliest.Add(24*time.Hour), ev.Latest.Add(24*time.Hour)
		}, []string{document.WrongMoment}},
		"whenever within two days":   {nil, func(ev *record.Event) { ev.Latest = ev.Latest.Add(48 * time.Hour) }, nil},
		"dated ahead":                {edits{"issuedAt": "2026-11-25T09:00:00Z"}, func(ev *record.Event) { ev.Earliest, ev.Latest = issuedAt, issuedAt }, []string{document.WrongMoment}},
		"made void without a reason": {edits{"state": document.Voided, "voidReason": " "}, func(ev *record.Event) { ev.Before = penalty() }, []string{document.VoidUnexplained}},
		"made void with a reason":    {edits{"state": document.Voided, "voidReason": "填写错误"}, func(ev *record.Event) { ev.Before = penalty() }, nil},
		"a draft made void":          {edits{"state": document.Voided}, func(ev *record.Event) { ev.Before = edit(penalty(), "state", document.Draft) }, nil},
		"a removed record":           {nil, func(ev *record.Event) { ev.After = nil }, nil},
	} {
		body := penalty()
		for path, value := range c.edits {
			body = edit(body, path, value)
		}
		codes := judged(t, state(t), body, c.change)
		slices.Sort(c.want)
		if !slices.Equal(codes, c.want) {
			t.Errorf("%s: %v, want %v", name, codes, c.want)
		}
	}
}

// A paper that is all wrong is told field by field, within bounds.
func TestGatesBound(t *testing.T) {
	data := record.Object{"penalty": "fine"}
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		data[string(c)] = "？"
	}
	codes := judged(t, state(t), edit(penalty(), "data", data), nil)
	if n := len(slices.DeleteFunc(codes, func(c string) bool { return c != document.FormFlawed })); n != 20 {
		t.Errorf("%d findings about the form", n)
	}
}

func days(n int) time.Time { return issuedAt.AddDate(0, 0, n) }

// A paper made offline with the template that was in force is fine when a newer one begins only later.
func TestGateOfLaterTemplate(t *testing.T) {
	f := state(t)
	f["templates"][templateID] = edit(edit(f["templates"][templateID], "version", 2.0), "validFrom", "2027-01-01")
	if codes := judged(t, f, penalty(), nil); len(codes) > 0 {
		t.Errorf("flagged: %v", codes)
	}
}

// Limits are data: a district that counts households as organisations says so.
func TestLimitsComeFromTheTemplate(t *testing.T) {
	f := state(t)
	f["templates"][templateID] = edit(f["templates"][templateID], "limits/household", 3000.0)
	body := edit(edit(penalty(), "data/party/kind", document.Household), "data/fine", 1000.0)
	if codes := judged(t, f, body, nil); len(codes) > 0 {
		t.Errorf("flagged: %v", codes)
	}
	f["templates"][templateID] = edit(f["templates"][templateID], "limits", nil)
	if codes := judged(t, f, body, nil); !slices.Equal(codes, []string{document.OverLimit}) {
		t.Errorf("without limits of its own the law's hold: %v", codes)
	}
}

func TestTemplateGates(t *testing.T) {
	judge := func(body record.Object) int {
		n := 0
		for _, g := range document.TemplateGates() {
			if g.Effect != record.Refuse {
				t.Error("writing a template waits for the server")
			}
			breaches, err := g.Judge(context.Background(), record.Event{After: body}, state(t))
			if err != nil {
				t.Fatal(err)
			}
			n += len(breaches)
		}
		return n
	}
	if n := judge(seed(t, document.InspectionRecord)); n > 0 {
		t.Errorf("%d breaches of a good template", n)
	}
	if judge(edit(seed(t, document.InspectionRecord), "fields/recusal", nil)) == 0 {
		t.Error("a record of inspection asks about recusal")
	}
	if judge(nil) != 0 {
		t.Error("removing is judged elsewhere")
	}
}

// What the collection queues and claims: rendering on issue, and once more when an issued paper is made void; the number on
// issue only.
func TestDocumentsQueueAndClaim(t *testing.T) {
	event := func(from, to string) record.Event {
		ev := record.Event{Op: record.Op{Record: subjectID}, After: edit(penalty(), "state", to)}
		if from != "" {
			ev.Before = edit(penalty(), "state", from)
		}
		return ev
	}
	for _, c := range []struct {
		from, to     string
		jobs, claims int
	}{{"", document.Draft, 0, 0}, {"", document.Issued, 2, 1}, {document.Draft, document.Issued, 2, 1}, {document.Issued, document.Voided, 2, 0},
		{document.Draft, document.Voided, 0, 0}, {document.Issued, document.Issued, 0, 0}} {
		ev := event(c.from, c.to)
		if jobs, claims := document.Documents.Jobs(ev), document.Documents.Claims(ev); len(jobs) != c.jobs || len(claims) != c.claims {
			t.Errorf("%q to %q: %v, %v", c.from, c.to, jobs, claims)
		}
	}
}
