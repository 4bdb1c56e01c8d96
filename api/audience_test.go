package api_test

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Who looked at a recording is told to no handheld: not by pull, snapshot, digest or the protocols that others wrote, whatever its person is. It is read
// online, record by record and as the trail, by those who have the right, and by nobody else.
func TestNoHandheldHearsWhoLooked(t *testing.T) {
	w := newWorld(t)
	id := w.hold(street, []byte("0123456789"))
	w.put("holds", record.Object{"unit": street, "evidence": id, "reason": "行政复议", "state": "on"})
	w.officer.send("GET", "/v1/evidence/"+id+"/content?reason=x", nil).want(200)
	w.acts(id)
	found, err := w.db.Lookup(t.Context(), "custody", "evidence", id)
	w.must(err)
	if len(found) != 3 {
		t.Fatalf("acts: %d", len(found))
	}
	hired := map[string]*person{"officer": w.officer, "leader": w.leader, "supervisor": w.supervisor, "sysadmin": w.sysadmin, "secadmin": w.secadmin}
	for name, unit := range map[string]string{"auxiliary": street, "chief": street, "reviewer": street, "auditadmin": district} {
		hired[name] = w.hire(name, name, unit)
	}
	reads := map[string]bool{"leader": true, "chief": true, "reviewer": true, "supervisor": true, "auditadmin": true}
	for role, p := range hired {
		p.hearsNoActs(role)
		trail := p.send("GET", "/v1/evidence/"+id+"/custody", nil)
		if trail.status != map[bool]int{true: 200, false: 403}[reads[role]] {
			t.Errorf("%s: the trail answers %d", role, trail.status)
		}
		pdf := p.send("GET", "/v1/evidence/"+id+"/custody.pdf", nil)
		if pdf.status != trail.status {
			t.Errorf("%s: the report answers %d", role, pdf.status)
		}
		for _, path := range []string{"", "/history"} {
			want := 403 // administrators read no records at all
			switch {
			case role == "officer":
				want = 404
			case reads[role] && role != "auditadmin":
				want = 200
			}
			if got := p.send("GET", "/v1/records/custody/"+found[0].ID+path, nil).status; got != want {
				t.Errorf("%s: the act%s answers %d, want %d", role, path, got, want)
			}
		}
	}
	for role, p := range hired { // the acts of the unit, a page at a time
		var ids []string
		for after := ""; ; {
			page := p.send("GET", "/v1/custody?limit=2&unit="+street+"&after="+after, nil)
			if page.status != map[bool]int{true: 200, false: 403}[reads[role]] {
				t.Errorf("%s: the acts of the unit answer %d", role, page.status)
			}
			var got api.CustodyPage
			if page.status == 200 {
				page.into(&got)
			}
			for _, a := range got.Acts {
				if ids = append(ids, a.ID); a.Evidence != id {
					t.Errorf("%s: %+v", role, a)
				}
			}
			if after = got.Next; after == "" {
				break
			}
		}
		if want := map[bool]int{true: len(found), false: 0}[reads[role]]; len(ids) != want {
			t.Errorf("%s: %d acts of the unit, want %d", role, len(ids), want)
		}
	}
	w.leader.send("GET", "/v1/custody?unit="+foreign, nil).alike(w.leader.send("GET", "/v1/custody?unit=120102999", nil))
	w.leader.send("GET", "/v1/custody?unit="+foreign, nil).fails(404, "request.not_found")
	w.leader.send("GET", "/v1/custody?unit=a/b", nil).fails(404, "request.not_found")
	w.leader.send("GET", "/v1/custody?after=x", nil).fails(400, "request.field_invalid")
	for _, p := range []*person{w.stranger, w.hire("外街", "leader", foreign)} {
		p.send("GET", "/v1/records/custody/"+found[0].ID, nil).fails(404, "request.not_found")
	}
	// The recording goes to another street, and what was done with it goes along, as quietly.
	w.own(push.ServerOp{Collection: "evidence", Record: id, Action: record.Update, Patch: record.Object{"unit": foreign}})
	if r, err := w.db.Record(t.Context(), "custody", found[0].ID); err != nil || r.Feed != "audit/"+foreign {
		t.Errorf("the act is in %s, %v", r.Feed, err)
	}
	w.leader.send("GET", "/v1/records/custody/"+found[0].ID, nil).fails(404, "request.not_found")
	w.leader.hearsNoActs("leader")
	w.stranger.hearsNoActs("stranger")
}

// hearsNoActs goes through everything that a device can be told.
func (p *person) hearsNoActs(role string) {
	t := p.w.t
	t.Helper()
	for _, feed := range []string{"audit/" + street, "audit/" + foreign, "audit/" + district} {
		p.send("GET", "/v1/sync/snapshot/"+feed, nil).fails(404, "pull.feed_not_found")
	}
	var page struct {
		Changes []struct{ Feed, Collection string }
		UpTo    map[string]uint64
		More    bool
	}
	p.send("POST", "/v1/sync/pull", map[string]any{}).want(200).into(&page)
	if page.More {
		t.Fatalf("%s: more than a page", role)
	}
	for _, c := range page.Changes {
		if c.Collection == "custody" {
			t.Errorf("%s pulls an act from %s", role, c.Feed)
		}
	}
	for feed := range page.UpTo {
		if strings.HasPrefix(feed, "audit/") {
			t.Errorf("%s pulls %s", role, feed)
		}
		if text := p.send("GET", "/v1/sync/snapshot/"+feed, nil).want(200).body; strings.Contains(string(text), `"custody","id"`) || strings.Contains(string(text), `"collection":"custody"`) {
			t.Errorf("%s: the snapshot of %s holds acts", role, feed)
		}
	}
	if rx := p.send("GET", "/v1/rxdb/custody/0/pull?id=&lwt=0&limit=10", nil); rx.status == 200 && !strings.Contains(string(rx.body), `"documents":[]`) {
		t.Errorf("%s: by RxDB: %s", role, rx.body)
	}
}
