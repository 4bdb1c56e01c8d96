package document_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

const (
	decisionID = "01890000-0000-7000-8000-00000000d001"
	addressID  = "01890000-0000-7000-8000-00000000d002"
	receiptID  = "01890000-0000-7000-8000-00000000d003"
)

// served is a street with a decision of 2026-04-30, the Thursday before the days off of May, and the address that the party confirmed.
func served() facts {
	decision := paper("penalty-decision", "2026-04-30", "notice", ref(noticeID, "告知书"), "correction", "改正", "fine", 500.0)
	address := edit(signed(paper(document.ServiceAddress, "2026-04-01", "consent", "yes", "electronic", "li@example.cn"), "2026-04-01"), "signatures/p/name", "李某")
	return papers(map[string]record.Object{decisionID: decision, addressID: address})
}

// receiptBy is a receipt with which nothing is wrong, by a mode: served on 2026-05-07, the second working day.
func receiptBy(mode string) record.Object {
	sign := func(role, officer string) record.Object {
		s := record.Object{"role": role, "at": "2026-05-07T02:00:00Z", "image": picture(9, 9)}
		if officer != "" {
			s["officer"] = officer
		}
		return s
	}
	body := paper(document.ServiceReceipt, "2026-05-07", "addressee", "李某", "paper", ref(decisionID, "行政处罚决定书"), "mode", mode, "servedAt", "2026-05-07T02:00:00Z")
	body = edit(edit(body, "signatures/a", sign("officer", officerA)), "signatures/b", sign("officer", officerB))
	more := map[string]record.Object{
		document.ServedByLeaving:  {"refusal": "拒绝签收", "recordings": "执法记录仪 " + recordingID},
		document.ServedOnline:     {"confirmation": ref(addressID, "送达地址确认书"), "channel": "li@example.cn"},
		document.ServedByOthers:   {"through": "某县城市管理局", "slip": "回执1号", "slipOn": "2026-05-07"},
		document.ServedByMail:     {"slip": "EMS1", "slipOn": "2026-05-07"},
		document.ServedByTransfer: {"through": "某看守所", "slip": "回执2号", "slipOn": "2026-05-07"},
		document.ServedInPublic:   {"publishedOn": "2026-04-30", "course": "下落不明，其他方式无法送达", "servedAt": "2026-05-30T00:00:00+08:00"},
	}[mode]
	for key, value := range more {
		body = edit(body, "data/"+key, value)
	}
	if mode == document.ServedDirectly {
		body = edit(body, "signatures/p", sign("party", ""))
	}
	return body
}

// allModes are the modes there are, once each.
func allModes() []string {
	var keys []string
	for _, m := range document.Modes() {
		if !slices.Contains(keys, m.Key) {
			keys = append(keys, m.Key)
		}
	}
	return keys
}

// Each mode with its proofs is found well; without one of them it is found by that proof's code, at its place.
func TestProofsOfService(t *testing.T) {
	if modes := allModes(); len(modes) != 7 {
		t.Fatalf("modes: %v", modes)
	}
	for _, mode := range allModes() {
		want := ""
		if mode == document.ServedInPublic {
			want = document.ServiceLate // thirty days are more than seven working days
		}
		if codes := strings.Join(judged(t, served(), receiptBy(mode), nil), " "); codes != want {
			t.Errorf("%s, well served: %s", mode, codes)
		}
	}
	lost := func(f facts) { delete(f["documents"], addressID) }
	for name, c := range map[string]struct {
		body   record.Object
		change func(facts)
		want   string
	}{
		"nobody signed for it":              {edit(receiptBy("direct"), "signatures/p", nil), nil, "service.date service.proof"},
		"a receiver without relation":       {edit(receiptBy("direct"), "data/receiver", "李某之妻"), nil, "service.proof"},
		"a receiver with relation":          {edit(edit(receiptBy("direct"), "data/receiver", "张某"), "data/relation", "同住成年家属"), nil, ""},
		"one server":                        {edit(receiptBy("direct"), "signatures/b", nil), nil, "service.proof"},
		"one server twice":                  {edit(receiptBy("direct"), "signatures/b/officer", officerA), nil, "service.proof"},
		"left without a reason":             {edit(receiptBy("left"), "data/refusal", nil), nil, "service.proof"},
		"left before nobody":                {edit(receiptBy("left"), "data/recordings", nil), nil, "service.proof"},
		"left, recording not on record":     {receiptBy("left"), func(f facts) { delete(f, "evidence") }, "service.proof"},
		"left before a witness":             {edit(edit(receiptBy("left"), "data/recordings", nil), "signatures/w", witness()), nil, ""},
		"left by one":                       {edit(receiptBy("left"), "signatures/b", nil), nil, "service.proof"},
		"electronic without a confirmation": {edit(receiptBy("electronic"), "data/confirmation", nil), nil, "G19.confirmation"},
		"electronic, confirmation unknown":  {receiptBy("electronic"), lost, "G19.confirmation"},
		"electronic without consent": {receiptBy("electronic"), func(f facts) {
			f["documents"][addressID] = edit(f["documents"][addressID], "data/consent", "no")
		}, "G19.confirmation"},
		"electronic, confirmation unsigned": {receiptBy("electronic"), func(f facts) {
			f["documents"][addressID] = edit(f["documents"][addressID], "signatures/p", nil)
		}, "G19.confirmation"},
		"electronic, confirmation refused": {receiptBy("electronic"), func(f facts) {
			f["documents"][addressID] = edit(f["documents"][addressID], "signatures/p", refusal("reason", "不同意"))
		}, "G19.confirmation"},
		"electronic, confirmation of another": {receiptBy("electronic"), func(f facts) {
			f["documents"][addressID] = edit(f["documents"][addressID], "data/party/name", "王某")
		}, "G19.confirmation"},
		"electronic, confirmed afterwards": {receiptBy("electronic"), func(f facts) {
			f["documents"][addressID] = edit(f["documents"][addressID], "issuedAt", "2026-05-08T00:00:00Z")
		}, "G19.confirmation"},
		"electronic, elsewhere":        {edit(receiptBy("electronic"), "data/channel", "other@example.cn"), nil, "G19.address"},
		"entrusted to nobody":          {edit(receiptBy("entrusted"), "data/through", nil), nil, "service.proof"},
		"entrusted without a slip":     {edit(receiptBy("entrusted"), "data/slip", nil), nil, "service.proof"},
		"mail without a slip":          {edit(receiptBy("mail"), "data/slip", nil), nil, "service.proof"},
		"mail, the slip without a day": {edit(receiptBy("mail"), "data/slipOn", nil), nil, "service.date service.proof"},
		"transfer through nobody":      {edit(receiptBy("transfer"), "data/through", nil), nil, "service.proof"},
		"transfer without a slip":      {edit(receiptBy("transfer"), "data/slip", nil), nil, "service.proof"},
		"in public without its course": {edit(receiptBy("announced"), "data/course", nil), nil, "G18.late service.proof"},
		"in public after 29 days":      {edit(receiptBy("announced"), "data/servedAt", "2026-05-29T00:00:00+08:00"), nil, "G18.late service.date"},
		"a day that is not the slip's": {edit(receiptBy("mail"), "data/slipOn", "2026-05-06"), nil, "service.date"},
		"before the paper was issued":  {edit(edit(receiptBy("mail"), "data/slipOn", "2026-04-29"), "data/servedAt", "2026-04-29T02:00:00Z"), nil, "service.order"},
		"on the seventh working day":   {edit(edit(edit(receiptBy("mail"), "data/slipOn", "2026-05-13"), "data/servedAt", "2026-05-13T02:00:00Z"), "issuedAt", "2026-05-13T03:00:00Z"), nil, ""},
		"on the eighth working day":    {edit(edit(edit(receiptBy("mail"), "data/slipOn", "2026-05-14"), "data/servedAt", "2026-05-14T02:00:00Z"), "issuedAt", "2026-05-14T03:00:00Z"), nil, "G18.late"},
		"after the receipt":            {edit(edit(receiptBy("mail"), "data/slipOn", "2026-05-08"), "data/servedAt", "2026-05-08T02:00:00Z"), nil, "service.date"},
		"by pigeon":                    {edit(receiptBy("mail"), "data/mode", "pigeon"), nil, "service.mode"},
		"of a paper nobody has":        {edit(receiptBy("mail"), "data/paper", ref(subjectID, "决定书")), nil, "service.paper"},
		"of a paper that is void":      {receiptBy("mail"), func(f facts) { f["documents"][decisionID] = edit(f["documents"][decisionID], "state", document.Voided) }, "service.paper"},
	} {
		f := served()
		if c.change != nil {
			c.change(f)
		}
		if codes := strings.Join(judged(t, f, c.body, nil), " "); codes != c.want {
			t.Errorf("%s: %q, want %q", name, codes, c.want)
		}
	}
}

// A notice of a hearing is served seven working days before it, or that is found with the receipt.
func TestServiceOfAHearing(t *testing.T) {
	f := served()
	f["documents"][decisionID] = paper("hearing-notice", "2026-04-30", "heldAt", "2026-05-14T01:00:00Z")
	if codes := judged(t, f, receiptBy("mail"), nil); !slices.Equal(codes, []string{"G14.ahead"}) {
		t.Errorf("served six working days before: %v", codes)
	}
	f["documents"][decisionID] = edit(f["documents"][decisionID], "data/heldAt", "2026-05-15T01:00:00Z")
	if codes := judged(t, f, receiptBy("mail"), nil); len(codes) > 0 {
		t.Errorf("served seven working days before: %v", codes)
	}
}

// The day of public notice is that of its time: sixty days before 2022, thirty since.
func TestPublicNoticeOfItsTime(t *testing.T) {
	for published, want := range map[string]string{"2026-11-23": "2026-12-23", "2022-01-01": "2022-01-31", "2021-12-31": "2022-03-01"} {
		f := served()
		f["documents"][decisionID] = edit(f["documents"][decisionID], "issuedAt", "2021-01-01T00:00:00Z")
		f["documents"][receiptID] = edit(receiptBy("announced"), "data/publishedOn", published)
		s, known, err := document.ServiceOf(t.Context(), f, decisionID, f["documents"][decisionID], byLaw(t))
		if err != nil || !known || s.On.Format(time.DateOnly) != want {
			t.Errorf("published %s: %v, %v, %v; want %s", published, s, known, err, want)
		}
	}
}

// A receipt that tells no day names the article of its own time, and not that of the first row of the table.
func TestBasisOfAReceiptWithoutADay(t *testing.T) {
	body := edit(receiptBy("announced"), "data/publishedOn", nil)
	ev := record.Event{Op: record.Op{Record: receiptID}, After: body}
	for _, g := range document.Gates(calendarOf(t)) {
		if g.Code != "service" {
			continue
		}
		breaches, err := g.Judge(t.Context(), ev, served())
		if err != nil || len(breaches) != 1 || breaches[0].Code != document.ServiceDate || breaches[0].BasisOf(g) != "《民事诉讼法》第九十五条" {
			t.Errorf("%+v, %v", breaches, err)
		}
	}
}

// A refusal on the paper itself is service when a witness signed, or when the recording that it names is on record.
func TestRefusalsAreShown(t *testing.T) {
	body := edit(penalty(), "signatures/p", refusal("reason", "不愿意", "recording", recordingID))
	proven := func(f facts, body record.Object) bool {
		s, known, err := document.ServiceOf(t.Context(), f, decisionID, body, byLaw(t))
		if err != nil || !known || s.Mode != document.ServedByLeaving {
			t.Fatalf("%+v, %v", s, err)
		}
		return s.Proven
	}
	f := served()
	if !proven(f, body) {
		t.Error("the recording is on record")
	}
	delete(f, "evidence")
	if proven(f, body) {
		t.Error("nobody has the recording")
	}
	if !proven(f, edit(body, "signatures/w", witness())) {
		t.Error("a witness has signed")
	}
}

// A paper that was signed for before the day of its issue is served on that day: the party's time is not shortened.
func TestNothingIsServedBeforeItIsIssued(t *testing.T) {
	body := paper("rectification-order", "2026-11-25")
	for signed, want := range map[string]string{"2026-10-01T02:00:00Z": "2026-11-25", "2026-11-25T01:00:00Z": "2026-11-25", "2026-11-26T02:00:00Z": "2026-11-26"} {
		body = edit(body, "signatures/p", record.Object{"role": "party", "at": signed, "image": picture(9, 9)})
		s, known, err := document.ServiceOf(t.Context(), served(), decisionID, body, byLaw(t))
		if err != nil || !known || s.On.Format(time.DateOnly) != want {
			t.Errorf("signed %s: served %v, %v; want %s", signed, s.On, err, want)
		}
	}
}

// Of several receipts the first that is proven counts; void ones and drafts do not.
func TestWhichServiceCounts(t *testing.T) {
	at := func(f facts) (document.Service, bool) {
		s, known, err := document.ServiceOf(t.Context(), f, decisionID, f["documents"][decisionID], byLaw(t))
		if err != nil {
			t.Fatal(err)
		}
		return s, known
	}
	f := served()
	if _, known := at(f); known {
		t.Error("served by nothing")
	}
	f["documents"][receiptID] = edit(receiptBy("left"), "data/refusal", nil)
	if s, known := at(f); !known || s.Proven || s.Receipt != receiptID || s.Mode != document.ServedByLeaving {
		t.Errorf("unproven: %+v", s)
	}
	f["documents"][otherID] = edit(receiptBy("mail"), "unit", "120102001")
	if s, _ := at(f); s.Receipt != receiptID {
		t.Errorf("another organ's receipt counts: %+v", s)
	}
	if codes := strings.Join(judged(t, f, f["documents"][otherID], nil), " "); codes != document.ServicePaper {
		t.Errorf("another organ's receipt: %s", codes)
	}
	f["documents"][otherID] = receiptBy("announced")
	if s, _ := at(f); !s.Proven || s.Receipt != otherID || s.On.Format(time.DateOnly) != "2026-05-30" {
		t.Errorf("the proven one is later, and counts: %+v", s)
	}
	f["documents"][otherID] = edit(f["documents"][otherID], "state", document.Voided)
	f["documents"][receiptID] = edit(f["documents"][receiptID], "state", document.Draft)
	if s, known := at(f); known {
		t.Errorf("void and draft: %+v", s)
	}
	f["documents"][decisionID] = signed(f["documents"][decisionID], "2026-04-30")
	if s, known := at(f); !known || !s.Proven || s.Receipt != "" || s.Mode != document.ServedDirectly || s.On.Format(time.DateOnly) != "2026-04-30" {
		t.Errorf("signed for on itself: %+v", s)
	}
	f["documents"][decisionID] = edit(f["documents"][decisionID], "signatures/p", refusal("reason", "不服"))
	if s, known := at(f); !known || s.Proven || s.Mode != document.ServedByLeaving {
		t.Errorf("refused before nobody: %+v", s)
	}
}

// Whatever the mode and the days, a service that is found well is not before the issue, and what runs from it ends later the later it was.
func TestDaysOfService(t *testing.T) {
	first := time.Date(2026, 1, 5, 0, 0, 0, 0, record.Beijing)
	rapid.Check(t, func(r *rapid.T) {
		issued := first.AddDate(0, 0, rapid.IntRange(0, 120).Draw(r, "issued"))
		told := first.AddDate(0, 0, rapid.IntRange(0, 120).Draw(r, "told"))
		mode := rapid.SampledFrom([]string{"left", "entrusted", "mail", "transfer", "electronic"}).Draw(r, "mode")
		f := served()
		f["documents"][decisionID] = edit(f["documents"][decisionID], "issuedAt", issued.Add(time.Hour).UTC().Format(time.RFC3339))
		body := edit(edit(edit(receiptBy(mode), "data/servedAt", told.Add(2*time.Hour).UTC().Format(time.RFC3339)), "data/slipOn", told.Format(time.DateOnly)), "issuedAt", told.Add(3*time.Hour).UTC().Format(time.RFC3339))
		early := slices.Contains(judged(t, f, body, nil), document.ServiceEarly)
		if early != told.Before(issued) {
			r.Fatalf("%s issued %s, served %s: early %v", mode, issued, told, early)
		}
		in := document.ReadInstance(f["documents"][decisionID])
		a, err := document.Deadlines(in, told, byLaw(t))
		if err != nil {
			r.Fatal(err)
		}
		b, _ := document.Deadlines(in, told.AddDate(0, 0, 1), byLaw(t))
		for i := range a {
			if a[i].On.After(b[i].On) || a[i].Served && !a[i].On.After(told) {
				r.Fatalf("%s: %s from %s, %s a day later", a[i].ID, a[i].On, told, b[i].On)
			}
		}
	})
}

// What runs from papers, on the days of LAW's vectors.
func TestDeadlines(t *testing.T) {
	day := func(text string) time.Time {
		d, _ := time.ParseInLocation(time.DateOnly, text, record.Beijing)
		return d
	}
	for name, c := range map[string]struct {
		body   record.Object
		served time.Time
		want   string
	}{
		"a decision that is served": {paper("penalty-decision", "2026-04-30", "fine", 500.0), day("2026-09-20"),
			"payBy 2026-10-08, reconsiderBy 2026-11-19, serveBy 2026-05-13, suitBy ?"},
		"a decision that is not":     {paper("penalty-decision", "2026-04-30", "fine", 500.0), time.Time{}, "serveBy 2026-05-13"},
		"a decision without a fine":  {paper("penalty-decision", "2026-01-05"), day("2026-01-05"), "reconsiderBy 2026-03-06, serveBy 2026-01-14, suitBy 2026-07-06"},
		"the right to a hearing":     {paper("hearing-right-notice", "2026-09-29"), day("2026-09-29"), "hearingBy 2026-10-12"},
		"a fine that the bank takes": {paper(document.SummaryPenalty, "2026-09-20", "collection", "bank"), day("2026-09-20"), "payBy 2026-10-08, reconsiderBy 2026-11-19"},
		"a fine that was paid":       {paper(document.SummaryPenalty, "2026-09-20", "collection", "onsite"), day("2026-09-20"), "reconsiderBy 2026-11-19"},
		"things kept as evidence":    {paper("evidence-preservation-notice", "2026-09-28"), time.Time{}, "disposeBy 2026-10-13"},
		"a record of inspection":     {paper(document.InspectionRecord, "2026-09-28"), day("2026-09-28"), ""},
	} {
		deadlines, err := document.Deadlines(document.ReadInstance(c.body), c.served, byLaw(t))
		var got []string
		open := false
		for _, d := range deadlines {
			on := "?"
			if !d.On.IsZero() {
				on = d.On.Format(time.DateOnly)
			}
			open = open || d.On.IsZero()
			got = append(got, d.ID+" "+on)
		}
		slices.Sort(got)
		if strings.Join(got, ", ") != c.want || (err != nil) != open {
			t.Errorf("%s: %v, %v; want %s", name, got, err, c.want)
		}
	}
}

// Tables that contradict themselves are refused.
func TestServiceTables(t *testing.T) {
	for text, ok := range map[string]bool{
		"a,甲,2013-01-01,,slip,,,某法,yes":                                                true,
		"a,甲,2013-01-01,2021-12-31,slip,,,某法,yes":                                      false,
		"a,甲,2013-01-01,2021-12-31,slip,,,某法,yes\na,甲,2022-01-02,,slip,,,某法,yes":       false,
		"a,甲,2013-01-01,2021-12-31,slip,,,某法,yes\na,甲,2022-01-01,,slip,30,days,某法,yes": true,
		"a,甲,2013-01-01,2021-12-31,slip,,,某法,yes\na,甲,2022-01-01,,claimed,,,某法,yes":    false,
		"a,甲,2013-01-01,,rumour,,,某法,yes":                                              false,
		"a,甲,2013-01-01,,slip,30,,某法,yes":                                              false,
		"a,甲,2013-01-01,,slip,,,,yes":                                                  false,
	} {
		if _, err := document.ReadModes([]byte("mode,name,from,to,dated,n,unit,basis,confirmed\n" + text + "\n")); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, ok := range map[string]bool{"mail,slip,某法,yes": true, "pigeon,slip,某法,yes": false, "mail,feather,某法,yes": false, "mail,slip,,yes": false} {
		if _, err := document.ReadProofs([]byte("mode,proof,basis,confirmed\n" + text + "\n")); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, ok := range map[string]bool{
		"penalty-decision,payBy,缴纳,15,days,yes,served,,某法,yes":                                                                      true,
		"penalty-decision,payBy,缴纳,15,days,yes,served,,某法,yes\npenalty-decision|penalty-notice,payBy,缴纳,15,days,yes,served,,某法,yes": false,
		"penalty-tea,payBy,缴纳,15,days,yes,served,,某法,yes":                                                                           false,
		"penalty-decision,payBy,缴纳,0,days,yes,served,,某法,yes":                                                                       false,
		"penalty-decision,payBy,缴纳,15,days,yes,heard,,某法,yes":                                                                       false,
	} {
		if _, err := document.ReadEffects([]byte("kind,id,name,n,unit,roll,from,when,basis,confirmed\n" + text + "\n")); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
