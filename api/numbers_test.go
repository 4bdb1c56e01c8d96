package api_test

import (
	"encoding/csv"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// numbered brings in a kind of papers that have numbers, and leases some of them to the officer.
func (w *world) numbered(count int) (block, series string) {
	w.t.Helper()
	w.put("templates", record.Object{"kind": "penalty", "name": "处罚决定书", "version": 1.0, "validFrom": "2020-01-01", "fields": record.Object{}, "layout": record.Object{},
		"number": record.Object{"token": "{organ}罚〔{year}〕{n}号"}})
	var b struct{ ID, Series string }
	w.officer.send("POST", "/v1/number-blocks", map[string]any{"kind": "penalty", "count": count}).want(201).into(&b)
	return b.ID, b.Series
}

// A leader moves what is left of a lost handheld's block; the account tells what has become of every number, by page, in totals that add up, and as
// a table.
func TestTheLifeOfABlockOverHTTP(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		block, series := w.numbered(10)
		edit := func(p *person, patch map[string]any) string {
			var done struct {
				Outcomes []struct{ Status, Code string }
			}
			version := 0
			rec := w.leader.send("GET", "/v1/records/blocks/"+block, nil).want(200)
			var at struct{ Version int }
			rec.into(&at)
			version = at.Version
			p.send("POST", "/v1/ops", map[string]any{"ops": []any{map[string]any{"id": newID(), "collection": "blocks", "record": block, "action": "update", "base": version, "patch": patch}}}).want(200).into(&done)
			return done.Outcomes[0].Status + done.Outcomes[0].Code
		}
		spoilt := map[string]any{"reason": "=卡纸", "at": "2026-11-25T08:00:00Z", "officer": w.officer.officer}
		if got := edit(w.officer, map[string]any{"voids": map[string]any{"1": spoilt}}); got != "applied" {
			t.Errorf("void on the device: %s", got)
		}
		if got := edit(w.stranger, map[string]any{"voids": map[string]any{"2": spoilt}}); got != "rejectedop.out_of_scope" {
			t.Errorf("void by a stranger: %s", got)
		}
		w.own(push.ServerOp{Collection: "documents", Record: newID(), Action: record.Create, Patch: record.Object{"unit": street, "kind": "penalty", "template": newID(), "templateVersion": 1.0,
			"state": "issued", "issuedAt": "2026-11-25T08:00:00Z", "number": record.Object{"series": series, "n": 2.0, "text": "第2号"}}})
		var lost api.LostBlock
		w.leader.send("POST", "/v1/number-blocks/"+block+"/loss", map[string]any{"reason": "执法终端遗失", "device": w.leader.device, "from": 6}).want(200).into(&lost)
		if lost.Moved["from"] != 6.0 || lost.Moved["device"] != w.leader.device || lost.Block["id"] != block || lost.Moved["movedFrom"] != block {
			t.Errorf("%+v", lost)
		}
		w.leader.send("POST", "/v1/number-blocks/"+block+"/loss", map[string]any{"reason": "x", "device": w.leader.device, "from": 5}).fails(409, "paper.block_moved")
		w.leader.send("POST", "/v1/number-blocks/"+block+"/loss", map[string]any{"reason": ""}).fails(400, "request.field_invalid")
		w.numbersOf(t, series)
	})
}

// numbersOf checks the account of the series of the test above.
func (w *world) numbersOf(t *testing.T, series string) {
	path := "/v1/numbers/" + series
	var totals api.NumberTotals
	w.supervisor.send("GET", path, nil).want(200).into(&totals)
	if totals.Last != 10 || totals.Issued != 1 || totals.Void != 1 || totals.Doubt != 3 || totals.Leased != 5 || totals.Unexplained+totals.Doubles != 0 || time.Since(totals.At) > time.Minute {
		t.Errorf("totals %+v", totals)
	}
	var page api.NumberPage
	w.leader.send("GET", path+"/account?limit=1", nil).want(200).into(&page)
	states := ""
	for _, e := range page.Entries {
		states += e.State + " " + strconv.FormatUint(e.From, 10) + "-" + strconv.FormatUint(e.To, 10) + " "
	}
	if states != "void 1-1 issued 2-2 doubt 3-5 leased 6-10 " || page.Next != 0 || page.Entries[1].Paper == "" || page.Entries[3].Until == nil {
		t.Errorf("%s %+v", states, page)
	}
	file := w.leader.send("GET", path+"/account.csv", nil).want(200)
	if head := file.header.Get("Content-Type") + file.header.Get("Content-Disposition"); !strings.HasPrefix(head, "text/csv") || !strings.Contains(head, ".csv") {
		t.Error(head)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(file.body), "\uFEFF"))).ReadAll()
	if err != nil || len(rows) != 1+4+9+2 || rows[1][10] != "'=卡纸" || rows[1][4] != "已作废" || rows[1][8] != "赵一" || rows[1][9] != "赵一" || rows[3][10] != "设备遗失" || rows[3][9] != "钱二" || rows[len(rows)-2][2] != "10" || rows[len(rows)-1][2] != "0" {
		t.Errorf("%v %q", err, rows)
	}
	w.leader.send("HEAD", path+"/account.csv", nil).want(200)
	var list api.NumberSeriesPage
	w.leader.send("GET", "/v1/numbers", nil).want(200).into(&list)
	if len(list.Series) != 1 || list.Series[0].Organ+"/"+list.Series[0].Kind+"/"+strconv.Itoa(list.Series[0].Year) != series || list.Series[0].Last != 10 || list.Next != "" {
		t.Errorf("%+v", list)
	}
	w.supervisor.send("GET", "/v1/numbers?limit=1", nil).want(200).into(&list)
	if len(list.Series) != 1 || list.Next != series {
		t.Errorf("the district's: %+v", list)
	}
}

// Who may see what became of numbers, and say that a block is lost: every role in its own unit, and nobody in another's, where all is as if it were not
// there.
func TestWhoAccountsForNumbers(t *testing.T) {
	w := newWorld(t)
	block, series := w.numbered(3)
	hired := map[string]*person{"officer": w.officer, "leader": w.leader, "supervisor": w.supervisor, "sysadmin": w.sysadmin, "secadmin": w.secadmin}
	for name, unit := range map[string]string{"auxiliary": street, "chief": street, "reviewer": street, "auditadmin": district} {
		hired[name] = w.hire(name, name, unit)
	}
	reads, settles := map[string]bool{"leader": true, "chief": true, "supervisor": true}, map[string]bool{"leader": true, "supervisor": true}
	for role, p := range hired {
		for _, path := range []string{"/v1/numbers?unit=" + street, "/v1/numbers/" + series, "/v1/numbers/" + series + "/account", "/v1/numbers/" + series + "/account.csv"} {
			if got := p.send("GET", path, nil).status; got != map[bool]int{true: 200, false: 403}[reads[role]] {
				t.Errorf("%s: GET %s answers %d", role, path, got)
			}
		}
		got := p.send("POST", "/v1/number-blocks/"+block+"/loss", map[string]any{"reason": "遗失"}).status
		if got != map[bool]int{true: 200, false: 403}[settles[role]] {
			t.Errorf("%s: loss answers %d", role, got)
		}
	}
	far := w.hire("远队长", "leader", foreign)
	absent := strings.Replace(series, "penalty", "nothing", 1)
	for _, tail := range []string{"", "/account", "/account.csv"} {
		far.send("GET", "/v1/numbers/"+series+tail, nil).alike(far.send("GET", "/v1/numbers/"+absent+tail, nil))
		w.leader.send("GET", "/v1/numbers/"+absent+tail, nil).fails(404, "request.not_found")
	}
	far.send("POST", "/v1/number-blocks/"+block+"/loss", map[string]any{"reason": "遗失"}).alike(far.send("POST", "/v1/number-blocks/"+newID()+"/loss", map[string]any{"reason": "遗失"}))
	far.send("GET", "/v1/records/blocks/"+block, nil).alike(far.send("GET", "/v1/records/blocks/"+newID(), nil))
	far.send("GET", "/v1/numbers?unit="+street, nil).fails(404, "request.not_found")
	for _, bad := range []string{"/v1/numbers/a/b/year", "/v1/numbers/%00/b/2026", "/v1/numbers/" + foreign + "/penalty/2026"} {
		w.leader.send("GET", bad, nil).fails(404, "request.not_found")
	}
	for _, bad := range []string{"?after=-1", "?after=x", "?limit=0", "?limit=51", "?after=99999999999999999999"} {
		w.leader.send("GET", "/v1/numbers/"+series+"/account"+bad, nil).fails(400, "request.field_invalid")
	}
}
