package api_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// event is one server-sent event; a heartbeat has no name.
type event struct {
	name, id string
	data     struct {
		Feed   string
		Head   uint64
		Heads  map[string]uint64
		Reason string
	}
}

// listener is an open stream of events.
type listener struct {
	w    *world
	res  *http.Response
	scan *bufio.Scanner
	stop context.CancelFunc
}

// listen opens the person's stream of events.
func (p *person) listen(lastID string) *listener {
	p.w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	p.w.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.w.address+"/v1/sync/events", nil)
	p.w.must(err)
	req.Header = p.credentials("GET", "/v1/sync/events")
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	res, err := client.Do(req)
	p.w.must(err)
	p.w.t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		text, _ := io.ReadAll(res.Body)
		p.w.t.Fatalf("status %d, %v: %s", res.StatusCode, res.Header, text)
	}
	return &listener{w: p.w, res: res, scan: bufio.NewScanner(res.Body), stop: cancel}
}

// next reads the next event, heartbeats included; nil when the stream has ended well.
func (l *listener) next() *event {
	l.w.t.Helper()
	var e event
	for l.scan.Scan() {
		name, value, _ := strings.Cut(l.scan.Text(), ": ")
		switch name {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			l.w.must(json.Unmarshal([]byte(value), &e.data, json.MatchCaseInsensitiveNames(true)))
		case "":
			return &e
		}
	}
	l.w.must(l.scan.Err())
	return nil
}

// said reads the next event that is no heartbeat.
func (l *listener) said() *event {
	l.w.t.Helper()
	for {
		e := l.next()
		if e == nil {
			l.w.t.Fatal("the stream has ended without a word")
		}
		if e.name != "" {
			return e
		}
	}
}

// want reads the next event that is no heartbeat and expects its name.
func (l *listener) want(name string) *event {
	l.w.t.Helper()
	e := l.said()
	if e.name != name {
		l.w.t.Fatalf("event %+v; want %s", e, name)
	}
	return e
}

// ends expects the stream to end for a reason.
func (l *listener) ends(reason string) {
	l.w.t.Helper()
	if e := l.want("end"); e.data.Reason != reason {
		l.w.t.Errorf("it ends because %q, want %q", e.data.Reason, reason)
	}
	if e := l.next(); e != nil {
		l.w.t.Errorf("after its end: %+v", e)
	}
}

func (w *world) visit(unit string) {
	w.put("subjects", record.Object{"kind": "household", "name": "户", "unit": unit})
}

func TestADeviceHearsWhenItsFeedsMove(t *testing.T) {
	w := newWorld(t)
	l := w.officer.listen("")
	first := l.want("heads")
	ref, unit := "ref/"+district, "unit/"+street
	if len(first.data.Heads) != 3 || first.data.Heads[ref] == 0 || first.data.Heads["device/"+w.officer.device] != 0 || first.id == "" {
		t.Fatalf("the first event is %+v", first)
	}
	w.visit(foreign)
	w.visit(street)
	poke := l.want("poke")
	if poke.data.Feed != unit || poke.data.Head != first.data.Heads[unit]+1 || poke.id == "" || poke.id == first.id {
		t.Errorf("the poke is %+v, after %+v", poke, first)
	}

	for name, c := range map[string]struct {
		id   string
		want map[string]uint64
	}{
		"with what was told":       {poke.id, map[string]uint64{}},
		"with what was told first": {first.id, map[string]uint64{unit: poke.data.Head}},
		"with nonsense":            {"nonsense!", map[string]uint64{unit: poke.data.Head, ref: first.data.Heads[ref], "device/" + w.officer.device: 0}},
		"with far too much":        {strings.Repeat("A", 10_000), map[string]uint64{unit: poke.data.Head, ref: first.data.Heads[ref], "device/" + w.officer.device: 0}},
	} {
		if got := w.officer.listen(c.id).want("heads"); fmt.Sprint(got.data.Heads) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", name, got.data.Heads, c.want)
		}
	}
}

func TestADeviceHasOneStream(t *testing.T) {
	w := newWorld(t)
	first := w.officer.listen("")
	first.want("heads")
	second := w.officer.listen("")
	second.want("heads")
	first.ends("replaced")
	w.visit(street)
	second.want("poke")
	if n := w.streams(); n != "1" {
		t.Errorf("%s streams are counted", n)
	}
}

// streams is what the metrics say about open streams.
func (w *world) streams() string {
	w.t.Helper()
	_, rest, _ := strings.Cut(string(w.send("GET", "/metrics", nil, nil).want(200).body), "\nfieldwarden_event_streams ")
	n, _, _ := strings.Cut(rest, "\n")
	return n
}

func TestASilentStreamShowsThatItLives(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Heartbeat = 20 * time.Millisecond })
	l := w.officer.listen("")
	l.want("heads")
	for range 3 {
		if e := l.next(); e == nil || e.name != "" {
			t.Errorf("want a heartbeat, got %+v", e)
		}
	}
	l.stop() // the client vanishes: a heartbeat that cannot be sent tells
	for range 1000 {
		if w.streams() == "0" {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the server keeps the stream of a client that has gone")
}

// The end of a sign-in reaches streams that are open already; a role that changes changes the feeds.
func TestAStreamFollowsTheSignIn(t *testing.T) {
	w := newWorld(t)
	for name, end := range map[string]func(p *person){
		"signed out":     func(p *person) { p.send("DELETE", "/v1/sessions/current", nil).want(204) },
		"device revoked": func(p *person) { w.leader.send("DELETE", "/v1/devices/"+p.device, nil).want(204) },
		"account disabled": func(p *person) {
			w.must(w.db.DisableAccount(context.Background(), w.accountOf(p), "server", time.Now()))
		},
		"officer has left": func(p *person) { w.change(p.officer, record.Object{"state": "left"}) },
	} {
		t.Run(name, func(t *testing.T) {
			p := w.hire("人"+name, "officer", street)
			l := p.listen("")
			l.want("heads")
			began := time.Now()
			end(p)
			for {
				e := l.said()
				if e.name == "end" {
					if e.data.Reason != "signed_out" {
						t.Errorf("%+v", e)
					}
					break
				}
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// Who has no role left goes on listening, to nothing: he must hear that his feeds are gone, and that he has some again.
func TestAStreamOutlivesTheLastRole(t *testing.T) {
	w := newWorld(t)
	p := w.hire("褚九", "officer", street)
	l := p.listen("")
	l.want("heads")
	w.change(p.officer, record.Object{"grants": record.Object{"g": nil}})
	l.want("poke")
	if scope := l.want("scope"); len(scope.data.Heads) != 0 {
		t.Errorf("the scope is %v", scope.data.Heads)
	}
	var page struct {
		Changes []struct{ Gone string }
		UpTo    map[string]uint64
	}
	p.send("POST", "/v1/sync/pull", map[string]any{}).want(200).into(&page)
	if len(page.Changes) != 0 || len(page.UpTo) != 0 {
		t.Errorf("pulled %+v", page)
	}
	w.change(p.officer, record.Object{"grants": record.Object{"g": record.Object{"role": "officer", "unit": street}}})
	if scope := l.want("scope"); len(scope.data.Heads) != 3 {
		t.Errorf("the scope is %v", scope.data.Heads)
	}
}

// change edits an officer's record by the server.
func (w *world) change(officer string, patch record.Object) {
	w.t.Helper()
	w.own(push.ServerOp{Collection: "officers", Record: officer, Action: record.Update, Patch: patch})
}

func (w *world) accountOf(p *person) string {
	w.t.Helper()
	a, err := w.db.AccountByName(context.Background(), p.account)
	w.must(err)
	return a.ID
}

func TestAnotherRoleIsAnotherScope(t *testing.T) {
	w := newWorld(t)
	l := w.officer.listen("")
	l.want("heads")
	w.visit(foreign)
	w.change(w.officer.officer, record.Object{"grants": record.Object{"second": record.Object{"role": "officer", "unit": foreign}}})
	if e := l.want("poke"); e.data.Feed != "ref/"+district {
		t.Errorf("%+v", e)
	}
	scope := l.want("scope")
	if len(scope.data.Heads) != 4 || scope.data.Heads["unit/"+foreign] == 0 {
		t.Errorf("the scope is %v", scope.data.Heads)
	}
	w.visit(foreign)
	if e := l.want("poke"); e.data.Feed != "unit/"+foreign || e.data.Head != scope.data.Heads["unit/"+foreign]+1 {
		t.Errorf("%+v", e)
	}
	w.change(w.officer.officer, record.Object{"grants": record.Object{"second": nil}})
	l.want("poke")
	if scope := l.want("scope"); len(scope.data.Heads) != 3 {
		t.Errorf("the scope is %v", scope.data.Heads)
	}
	w.visit(foreign)
	w.visit(street)
	if e := l.want("poke"); e.data.Feed != "unit/"+street {
		t.Errorf("a feed that was taken away still pokes: %+v", e)
	}
}

func TestAStoppingServerEndsItsStreams(t *testing.T) {
	w := newWorld(t)
	l := w.officer.listen("")
	l.want("heads")
	w.deps.Live.Close()
	l.ends("stopping")
	w.officer.send("GET", "/v1/sync/events", nil).fails(503, "service.unavailable")
}

func TestEventsAreForThoseWhoPull(t *testing.T) {
	w := newWorld(t)
	if heads := w.hire("郑七", "auditadmin", district).listen("").want("heads"); len(heads.data.Heads) != 0 {
		t.Errorf("an administrator of audits, who touches no case, listens to %v", heads.data.Heads)
	}
	w.send("GET", "/v1/sync/events", nil, nil).fails(401, "token.missing")
	w.officer.send("HEAD", "/v1/sync/events", nil).want(200)
	without := newWorld(t, func(d *api.Deps) { d.Live = nil })
	without.officer.send("GET", "/v1/sync/events", nil).fails(404, "request.not_found")
}
