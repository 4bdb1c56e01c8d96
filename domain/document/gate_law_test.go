package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// formOf is a template of a kind with the fields that law gives it, none required, so that only the rules speak. Periods begin on "begins".
func formOf(kind string) record.Object {
	fields := record.Object{"begins": record.Object{"kind": "date", "label": "起算"}}
	for _, d := range document.Statutory() {
		switch form := d.Type; {
		case d.Kind != kind || slices.Contains([]document.FieldKind{document.Term, document.Phrase, document.Signing, document.RemediesDemand}, form):
		case form == document.Enum || form == document.List || form == document.QA:
			fields[d.Field] = record.Object{"kind": "text", "label": d.Name}
		case form == document.Period:
			fields[d.Field] = record.Object{"kind": "period", "label": d.Name, "from": "begins"}
		default:
			fields[d.Field] = record.Object{"kind": string(form), "label": d.Name}
		}
	}
	return record.Object{"kind": kind, "name": kind, "version": 1.0, "validFrom": "2012-01-01", "fields": fields}
}

// papers are papers on record by id, with their templates: a paper's kind is its template's id.
func papers(bodies map[string]record.Object) facts {
	f := facts{"templates": {}, "documents": bodies, "evidence": {recordingID: {}}, "inspections": {}}
	for _, k := range document.Kinds() {
		f["templates"][k.Key] = formOf(k.Key)
	}
	return f
}

// paper is an issued paper of a kind to 李某, with data in pairs.
func paper(kind, issued string, data ...any) record.Object {
	body := record.Object{"unit": street, "kind": kind, "template": kind, "templateVersion": 1.0, "state": document.Issued, "issuedAt": issued + "T02:00:00Z",
		"data": record.Object{"party": record.Object{"kind": document.Citizen, "name": "李某"}}, "signatures": record.Object{}}
	if slices.Contains([]string{document.ServiceReceipt, "enforcement-demand-list"}, kind) {
		delete(body["data"].(record.Object), "party")
	}
	for i := 0; i < len(data); i += 2 {
		body["data"].(record.Object)[data[i].(string)] = data[i+1]
	}
	return body
}

func ref(id, name string) record.Object { return record.Object{"document": id, "name": name} }

func span(n int, unit document.PeriodUnit, last string) record.Object {
	return record.Object{"n": float64(n), "unit": string(unit), "last": last}
}

// signed is a paper that the party signed for when it was handed over.
func signed(body record.Object, on string) record.Object {
	return edit(body, "signatures/p", record.Object{"role": "party", "at": on + "T02:00:00Z", "image": picture(9, 9)})
}

const (
	noticeID                                                       = "01890000-0000-7000-8000-00000000c001"
	hearingID                                                      = "01890000-0000-7000-8000-00000000c002"
	sealingID                                                      = "01890000-0000-7000-8000-00000000c003"
	demandID                                                       = "01890000-0000-7000-8000-00000000c004"
	unservedID, draftID, voidID, laterID, otherID, keepID, shownID = "01890000-0000-7000-8000-00000000c005", "01890000-0000-7000-8000-00000000c006",
		"01890000-0000-7000-8000-00000000c007", "01890000-0000-7000-8000-00000000c008", "01890000-0000-7000-8000-00000000c009",
		"01890000-0000-7000-8000-00000000c00a", "01890000-0000-7000-8000-00000000c00b"
)

func earlier() facts {
	notice := signed(paper("penalty-notice", "2026-09-21", "begins", "2026-09-21", "period", span(3, document.WorkingDays, "2026-09-24")), "2026-09-21")
	f := papers(map[string]record.Object{
		noticeID:   notice,
		hearingID:  signed(paper("hearing-right-notice", "2026-09-29", "begins", "2026-09-29", "period", span(5, document.WorkingDays, "2026-10-12")), "2026-09-29"),
		sealingID:  paper("sealing-decision", "2026-09-03", "begins", "2026-09-03", "period", span(30, document.Days, "2026-10-03")),
		demandID:   signed(paper("performance-demand", "2026-09-24"), "2026-09-24"),
		unservedID: paper("penalty-notice", "2026-09-21"),
		draftID:    edit(notice, "state", document.Draft),
		voidID:     edit(notice, "state", document.Voided),
		laterID:    signed(paper("penalty-notice", "2026-09-21"), "2026-11-26"),
		otherID:    edit(notice, "data/party/name", "王某"),
		keepID:     paper("evidence-preservation-notice", "2026-09-28", "begins", "2026-09-28", "period", span(7, document.WorkingDays, "2026-10-13")),
	})
	for id, kind := range map[string]string{keptID: "evidence-preservation-approval", extendedID: "seizure-extension-approval", seizedID: "seizure-approval"} {
		f["documents"][id] = paper(kind, "2026-09-02", "headDecision", "approved")
	}
	f["documents"][deniedID] = paper("seizure-approval", "2026-09-02", "headDecision", "refused")
	f["documents"][oldID] = paper("seizure-approval", "2026-09-02") // of a form that does not ask for the decision
	f["documents"][agreedID] = paper("legal-review-opinion", "2026-09-23", "result", "agree")
	f["documents"][amendID] = paper("legal-review-opinion", "2026-09-23", "result", "amend")
	f["documents"][discussedID] = paper("collective-discussion", "2026-09-24")
	f["documents"][heardID] = edit(paper("hearing-record", "2026-09-23"), "inspection", heardVisit)
	f["documents"][againID] = edit(paper("hearing-record", "2026-09-24"), "inspection", againVisit)
	f["inspections"][shownID] = record.Object{"certificatesShown": record.Object{"at": "2026-11-25T01:30:00Z"}}
	return f
}

// Each rule, with what it lets pass and what it finds. The days are those of LAW's calendar of 2026.
func TestRulesOfLaw(t *testing.T) {
	decision := func(notice, issued string) record.Object {
		return paper("penalty-decision", issued, "notice", ref(notice, "告知书"), "correction", "三日内改正", "reviewGround", "exempt", "discussionGround", "exempt")
	}
	visit := func(shown string, began string) record.Object {
		return edit(paper("inspection-record", "2026-11-25", "certificateShown", shown, "startedAt", began), "inspection", shownID)
	}
	extension := func(issued, begins, last string, n int) record.Object {
		return paper("seizure-extension", issued, "approval", ref(extendedID, "审批表"), "original", ref(sealingID, "查封决定书"), "begins", begins, "period", span(n, document.Days, last))
	}
	keep := func(last string, n int) record.Object {
		return paper("evidence-preservation-notice", "2026-09-28", "approval", ref(keptID, "审批表"), "begins", "2026-09-28", "period", span(n, document.WorkingDays, last))
	}
	for name, c := range map[string]struct {
		body record.Object
		want string
	}{
		"after the notice":                       {decision(noticeID, "2026-09-25"), ""},
		"on the last day of the defence":         {decision(noticeID, "2026-09-24"), "G12.early"},
		"without a notice":                       {edit(decision(noticeID, "2026-09-25"), "data/notice", nil), "G12.missing"},
		"a notice that nobody has":               {decision(subjectID, "2026-09-25"), "G12.unknown"},
		"an order to correct for a notice":       {decision(demandID, "2026-10-25"), "G12.unknown"},
		"a notice that was not served":           {decision(unservedID, "2026-09-25"), "G12.unserved"},
		"a draft of a notice":                    {decision(draftID, "2026-09-25"), "G12.unissued"},
		"a void notice":                          {decision(voidID, "2026-09-25"), "G12.unissued"},
		"a notice served later":                  {decision(laterID, "2026-11-25"), "G12.order"},
		"a notice issued later":                  {decision(noticeID, "2026-09-20"), "G12.early G12.order"},
		"a notice to another":                    {decision(otherID, "2026-09-25"), "G12.party"},
		"after the time to ask for a hearing":    {decision(hearingID, "2026-10-13"), ""},
		"within the time to ask for a hearing":   {decision(hearingID, "2026-10-12"), "G12.early G14.early"},
		"no order to correct":                    {edit(decision(noticeID, "2026-09-25"), "data/correction", nil), "G24.missing"},
		"a hearing in time":                      {paper("hearing-notice", "2026-09-28", "heldAt", "2026-10-13T01:00:00Z"), ""},
		"a hearing a day too soon":               {paper("hearing-notice", "2026-09-28", "heldAt", "2026-10-12T01:00:00Z"), "G14.ahead"},
		"a hearing in a year without calendar":   {paper("hearing-notice", "2026-12-30", "heldAt", "2027-02-12T01:00:00Z"), "G14.calendar"},
		"five days to ask for a hearing":         {paper("hearing-right-notice", "2026-09-29", "begins", "2026-09-29", "period", span(5, document.WorkingDays, "2026-10-12")), ""},
		"three days to ask for a hearing":        {paper("hearing-right-notice", "2026-09-29", "begins", "2026-09-29", "period", span(3, document.WorkingDays, "2026-10-09")), "G14.short"},
		"kept for seven days":                    {keep("2026-10-13", 7), ""},
		"kept for eight days":                    {keep("2026-10-14", 8), "G09.long"},
		"a last day that is a day early":         {keep("2026-10-12", 7), "paper.period"},
		"decided on the last day":                {paper("preserved-evidence-decision", "2026-10-13", "original", ref(keepID, "通知书")), ""},
		"decided a day late":                     {paper("preserved-evidence-decision", "2026-10-14", "original", ref(keepID, "通知书")), "G09.over"},
		"sealed for thirty days":                 {paper("sealing-decision", "2026-09-03", "begins", "2026-09-03", "period", span(30, document.Days, "2026-10-03")), ""},
		"sealed for longer":                      {paper("sealing-decision", "2026-09-03", "begins", "2026-09-03", "period", span(31, document.Days, "2026-10-04")), "G10.long"},
		"a period that no calendar gives":        {paper("sealing-decision", "2026-09-03", "begins", "2026-09-03", "period", span(30, document.Days, "2026-10-02")), "paper.form"},
		"extended for thirty days":               {extension("2026-09-30", "2026-10-03", "2026-11-02", 30), ""},
		"extended for too long":                  {extension("2026-09-30", "2026-10-03", "2026-11-03", 31), "G10.long G10.long"},
		"extended beyond sixty days in all":      {extension("2026-09-30", "2026-10-10", "2026-11-09", 30), "G10.long"},
		"extended when it was over":              {extension("2026-10-04", "2026-10-03", "2026-11-02", 30), "G10.over"},
		"to court eleven working days later":     {paper("enforcement-application", "2026-10-16", "demand", ref(demandID, "催告书")), ""},
		"to court on the tenth working day":      {paper("enforcement-application", "2026-10-15", "demand", ref(demandID, "催告书")), "G26.early"},
		"to court without a demand":              {paper("enforcement-application", "2026-10-16"), "G26.missing"},
		"certificates shown":                     {visit("shown", "2026-11-25T01:40:00Z"), ""},
		"certificates shown, not confirmed":      {visit("unconfirmed", "2026-11-25T01:40:00Z"), ""},
		"certificates not shown":                 {visit("no", "2026-11-25T01:40:00Z"), "G02.not_shown"},
		"certificates not spoken of":             {visit("", "2026-11-25T01:40:00Z"), "G02.not_shown"},
		"certificates shown after the beginning": {visit("shown", "2026-11-25T01:20:00Z"), "G02.late"},
	} {
		codes := judged(t, earlier(), c.body, nil)
		if got := strings.Join(codes, " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// What each finding names as its article is that of its own row, not of all that the gate stands for.
func TestAFindingNamesItsArticle(t *testing.T) {
	body := paper("seizure-record", "2026-11-25", "certificateShown", "no")
	for _, g := range document.Gates(calendarOf(t)) {
		breaches, err := g.Judge(t.Context(), record.Event{Op: record.Op{Record: subjectID}, After: body}, earlier())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range breaches {
			if b.BasisOf(g) != "行政强制法第十八条" || !strings.Contains(g.Basis, "行政处罚法第五十五条") {
				t.Errorf("%s by %q of %q", b.Code, b.BasisOf(g), g.Basis)
			}
		}
	}
}

func TestOfficersNeeded(t *testing.T) {
	for kind, want := range map[string]int{document.SummaryPenalty: 2, document.InspectionRecord: 2, "guidance-record": 1, "penalty-decision": 0, "case-filing": 2, "a-new-kind": 2} {
		if got := document.OfficersNeeded(kind, nil); got != want {
			t.Errorf("%s: %d, want %d", kind, got, want)
		}
	}
	if document.OfficersNeeded("penalty-decision", record.Object{"officersNeeded": 1.0}) != 1 {
		t.Error("a template says otherwise, and is not heard")
	}
}

// Every kind is bound by exactly one count of officers, and a table that contradicts itself is refused.
func TestRulesTable(t *testing.T) {
	named := map[string]int{}
	for _, r := range document.GateRules() {
		for _, kind := range r.Kinds {
			if r.Gate == "G01" {
				named[kind]++
			}
		}
	}
	for kind, n := range named {
		if n != 1 {
			t.Errorf("%s has %d counts of officers", kind, n)
		}
	}
	const head = "kind,gate,rule,field,kinds,n,unit,effect,basis,confirmed,when,says\n"
	for row, ok := range map[string]bool{
		"hearing-notice,G14,ahead,heldAt,,7,workingDays,flag,某法,yes":                                        true,
		"hearing-notice,G14,ahead,heldAt,,7,workingDays,refuse,某法,yes":                                      true,
		"hearing-notice,G14,ahead,nowhere,,7,workingDays,flag,某法,yes":                                       false,
		"hearing-tea,G14,ahead,heldAt,,7,workingDays,flag,某法,yes":                                           false,
		"hearing-notice,G14,dance,heldAt,,7,workingDays,flag,某法,yes":                                        false,
		"hearing-notice,G14,ahead,heldAt,,7,,flag,某法,yes":                                                   false,
		"hearing-notice,G14,ahead,heldAt,,,workingDays,flag,某法,yes":                                         false,
		"hearing-notice,G14,ahead,heldAt,,-1,workingDays,flag,某法,yes":                                       false,
		"hearing-notice,G14,ahead,heldAt,,7,moons,flag,某法,yes":                                              false,
		"hearing-notice,G14,ahead,heldAt,,7,workingDays,ignore,某法,yes":                                      false,
		"hearing-notice,G14,ahead,heldAt,,7,workingDays,flag,,yes":                                          false,
		"hearing-notice,G14,ahead,heldAt,,7,workingDays,flag,某法,maybe":                                      false,
		"penalty-decision,G12,preceded,notice,penalty-tea,,,flag,某法,yes":                                    false,
		"penalty-decision,,preceded,notice,penalty-notice,,,flag,某法,yes":                                    false,
		"penalty-decision,G12,preceded,notice,penalty-notice,,,flag,某法,yes":                                 true,
		"penalty-decision|guidance-record,G24,stated,facts,,,,flag,某法,yes":                                  true,
		"penalty-decision|guidance-record,G24,stated,penalty,,,,flag,某法,yes":                                false,
		"seizure-decision,G10,upon,approval,seizure-approval,,,flag,某法,yes,urgent=no,headDecision=approved": true,
		"seizure-decision,G10,upon,approval,seizure-approval,,,flag,某法,yes,urgent,":                         false,
		"seizure-decision,G10,upon,approval,seizure-approval,,,flag,某法,yes,,headDecision=":                  false,
		"seizure-approval,G10,reported,reportedAt,,24,hours,flag,某法,yes":                                    true,
		"seizure-approval,G10,reported,reportedAt,,24,days,flag,某法,yes":                                     false,
		"seizure-approval,G10,ahead,reportedAt,,24,hours,flag,某法,yes":                                       false,
		"hearing-record,G14,apart,host,,,,flag,某法,yes":                                                      true,
		"hearing-record,G14,apart,head,,,,flag,某法,yes":                                                      false,
	} {
		if _, err := document.ReadGateRules([]byte(head + row + map[bool]string{true: ",,", false: ""}[strings.Count(row, ",") == 9] + "\n")); (err == nil) != ok {
			t.Errorf("%s: %v", row, err)
		}
	}
}
