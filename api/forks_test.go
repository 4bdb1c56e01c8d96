package api_test

import (
	"strings"
	"testing"
)

type forkPage struct {
	SetAsideAt string
	Forks      []struct {
		Hash, Op       string
		Text           map[string]any
		Seq            uint64
		Adopted, Taken bool
	}
	Next      string
	Decisions []struct{ Officer, Decision, Reason string }
}

// A device that forks is set aside; its leader and the security administrator see what it sent and decide, each within their own
// rights. A foreign unit's device answers like one that is not there, and nothing is done.
func TestDecidingAboutADevice(t *testing.T) {
	w := newWorld(t)
	o := w.officer
	o.send("POST", "/v1/sync/push", o.ops(street, 1)).want(200)
	o.seq, o.head = 0, ""
	o.send("POST", "/v1/sync/push", o.ops(street, 2)).fails(409, "push.replay_differs")
	o.seq, o.head = 1, ""
	o.send("POST", "/v1/sync/push", o.ops(street, 1)).fails(409, "device.set_aside")

	var page forkPage
	path := "/v1/devices/" + o.device + "/forks"
	w.leader.send("GET", path+"?limit=2", nil).want(200).into(&page)
	if len(page.Forks) != 2 || page.Next == "" || page.SetAsideAt == "" {
		t.Fatalf("%+v", page)
	}
	hashes := []string{page.Forks[0].Hash, page.Forks[1].Hash}
	text := w.leader.send("GET", path+"?after="+page.Next, nil).want(200)
	text.into(&page)
	if len(page.Forks) != 1 || !strings.Contains(string(text.body), "某某超市") {
		t.Errorf("the second page: %s", text.body)
	}
	if seen := w.secadmin.send("GET", path, nil).want(200); strings.Contains(string(seen.body), "某某超市") {
		t.Errorf("an administrator reads a case: %s", seen.body)
	}
	adopt, release := map[string]any{"forks": hashes}, map[string]any{"reason": "副本已收回"}
	for _, foreign := range []*person{w.officer, w.stranger} {
		for _, r := range []*reply{foreign.send("GET", path, nil), foreign.send("POST", path+"/adopt", adopt),
			foreign.send("POST", "/v1/devices/"+o.device+"/release", release)} {
			if r.status != 403 && r.status != 404 {
				t.Errorf("%s: %d %s", r.what, r.status, r.body)
			}
		}
	}
	absent := "/v1/devices/" + newID()
	w.leader.send("GET", absent+"/forks", nil).fails(404, "request.not_found")
	w.leader.send("POST", absent+"/release", release).fails(404, "request.not_found")
	for _, bad := range []string{"x", "1", "1.zz", "-1.aa", "9999999999999999999.aa", "1.aa%00"} {
		w.leader.send("GET", path+"?after="+bad, nil).fails(400, "request.field_invalid")
	}
	w.leader.send("GET", path+"?limit=0", nil).fails(400, "request.field_invalid")
	w.leader.send("GET", "/v1/devices?after=x", nil).fails(400, "request.field_invalid")
	w.leader.send("POST", "/v1/devices/"+o.device+"/release", map[string]any{"reason": " "}).fails(400, "request.field_invalid")
	w.leader.send("POST", path+"/adopt", map[string]any{"forks": []string{"00"}}).fails(404, "request.not_found")

	var done struct {
		Outcomes []struct{ Status, Code string }
	}
	w.secadmin.send("POST", path+"/adopt", map[string]any{"forks": hashes[:1]}).fails(403, "access.denied")
	w.leader.send("POST", path+"/adopt", map[string]any{"forks": hashes[1:]}).want(200).into(&done)
	if len(done.Outcomes) != 1 || done.Outcomes[0].Status != "applied" {
		t.Errorf("%+v", done)
	}
	for range 2 { // asked again it is done
		w.leader.send("POST", "/v1/devices/"+o.device+"/release", release).want(204)
	}
	page = forkPage{}
	w.leader.send("GET", path, nil).want(200).into(&page)
	if page.SetAsideAt != "" || len(page.Decisions) != 1 || page.Decisions[0].Reason != "副本已收回" || page.Decisions[0].Officer != w.leader.officer {
		t.Errorf("after the release: %+v", page)
	}
	var devices struct {
		Devices []struct{ ID string }
		Next    string
	}
	seen := map[string]bool{}
	for after := ""; ; after = devices.Next {
		devices.Next, devices.Devices = "", nil
		w.secadmin.send("GET", "/v1/devices?unit="+street+"&limit=1&after="+after, nil).want(200).into(&devices)
		for _, d := range devices.Devices {
			if seen[d.ID] {
				t.Errorf("device %s is listed twice", d.ID)
			}
			seen[d.ID] = true
		}
		if devices.Next == "" {
			break
		}
	}
	if len(seen) < 2 || !seen[o.device] {
		t.Errorf("listed %v", seen)
	}
}
