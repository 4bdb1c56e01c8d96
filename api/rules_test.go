package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// puppet is a history whose reading of subjects does what a test says.
type puppet struct {
	pull.History
	do func(context.Context) error
}

func (p *puppet) Record(ctx context.Context, collection, id string) (pull.Record, error) {
	if collection == "subjects" {
		if err := p.do(ctx); err != nil {
			return pull.Record{}, err
		}
	}
	return p.History.Record(ctx, collection, id)
}

// handle lets reading a subject do something, and returns the path to ask for one that is there.
func handle(do func(context.Context) error) (func(*api.Deps), func(*world) string) {
	p := &puppet{do: do}
	return func(d *api.Deps) {
			p.History = d.History
			d.History = p
		}, func(w *world) string {
			return "/v1/records/subjects/" + w.put("subjects", record.Object{"name": "某某超市", "unit": street, "kind": "enterprise"})
		}
}

func TestAPanicIsAProblemAndTheServerLivesOn(t *testing.T) {
	change, ask := handle(func(context.Context) error { panic("the secret of the panic") })
	w := newWorld(t, change)
	res := w.officer.send("GET", ask(w), nil)
	p := res.fails(500, "internal")
	if strings.Contains(string(res.body), "secret") {
		t.Errorf("the client was told: %s", res.body)
	}
	w.send("GET", "/healthz", nil, nil).want(200)
	if log := w.log.String(); !strings.Contains(log, "the secret of the panic") || !strings.Contains(log, "rules_test.go") || !strings.Contains(log, p.Instance) {
		t.Error("the log does not tell what happened, where and to whom")
	}
}

func TestErrorsNobodyForesawAreOurs(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"unknown":     {errors.New("dial tcp 10.0.0.5: secret"), 500, "internal"},
		"deadline":    {fmt.Errorf("query: %w", context.DeadlineExceeded), 503, "service.deadline"},
		"cancelled":   {fmt.Errorf("query: %w", context.Canceled), 503, "service.unavailable"},
		"unavailable": {fault.New(fault.TemporarilyDown).After(7 * time.Second), 503, "service.unavailable"},
		"full":        {fault.New(fault.StorageFull), 507, "storage.full"},
	} {
		change, ask := handle(func(context.Context) error { return c.err })
		w := newWorld(t, change)
		res := w.officer.send("GET", ask(w), nil)
		res.fails(c.status, c.code)
		if strings.Contains(string(res.body), "secret") {
			t.Errorf("%s: the cause was told: %s", name, res.body)
		}
		if retry := res.header.Get("Retry-After"); (retry != "") != (c.status == 503) || name == "unavailable" && retry != "7" {
			t.Errorf("%s: Retry-After %q", name, retry)
		}
	}
}

func TestHandlersHaveADeadlineAndAShutdownLetsThemEnd(t *testing.T) {
	entered, leave := make(chan context.Context), make(chan struct{})
	change, ask := handle(func(ctx context.Context) error {
		entered <- ctx
		<-leave
		return ctx.Err()
	})
	w := newWorld(t, change)
	path := ask(w)
	answered := make(chan *reply)
	go func() { answered <- w.officer.send("GET", path, nil) }()
	ctx := <-entered
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > time.Minute {
		t.Errorf("the handler's deadline is %v, %v", deadline, ok)
	}
	stopped := make(chan error)
	go func() { stopped <- w.app.ShutdownWithTimeout(20 * time.Second) }()
	w.refusesConnections()
	if ctx.Err() != nil {
		t.Errorf("the shutdown ended a running request: %v", ctx.Err())
	}
	close(leave)
	(<-answered).want(200)
	w.must(<-stopped)
	if ctx.Err() == nil {
		t.Error("the context goes on after its request")
	}
}

// refusesConnections waits until the server listens no longer.
func (w *world) refusesConnections() {
	w.t.Helper()
	for range 1000 {
		c, err := net.Dial("tcp", w.address)
		if err != nil {
			return
		}
		c.Close()
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatal("the server still listens")
}

func TestTheEndOfTheBaseContextEndsRequestsAndBodies(t *testing.T) {
	entered := make(chan struct{})
	change, ask := handle(func(ctx context.Context) error {
		entered <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	w := newWorld(t, change)
	content := noise(1000)
	upload := w.officer.begin(w.announce(street, content), 1000)
	c := w.dial()
	defer c.Close()
	c.patchHead(w.officer, upload, 0, 1000)
	c.write(string(content[:500]))
	w.arrived(upload, 500)
	path := ask(w)
	answered := make(chan *reply)
	go func() { answered <- w.officer.send("GET", path, nil) }()
	<-entered
	w.stop()
	(<-answered).fails(503, "service.unavailable")
	if res := c.reply("PATCH"); res.status < 400 || !res.ends {
		t.Errorf("the body that was waited for: status %d", res.status)
	}
	w.send("GET", "/readyz", nil, nil).fails(503, "service.unavailable")
}

func TestAClientThatLeavesCancelsNothing(t *testing.T) {
	entered, leave, outcome := make(chan struct{}), make(chan struct{}), make(chan error)
	change, ask := handle(func(ctx context.Context) error {
		entered <- struct{}{}
		<-leave
		outcome <- ctx.Err()
		return nil
	})
	w := newWorld(t, change)
	path := ask(w)
	c := w.dial()
	c.request("GET", path, w.officer.credentials("GET", path), "")
	<-entered
	c.reset()
	close(leave)
	if err := <-outcome; err != nil {
		t.Errorf("the handler's context ended with its client: %v", err)
	}
	w.send("GET", "/healthz", nil, nil).want(200)
}

func TestTheHostHeaderIsNeverBelieved(t *testing.T) {
	w := newWorld(t)
	content := noise(10)
	id := w.announce(street, content)
	held := w.hold(street, noise(20))
	paper := w.paper("issued", []byte("%PDF"))
	replace := strings.NewReplacer("{collection}", "evidence", "{scope}", "unit", "{name}", street, "{code}", "internal", "{number}", "x")
	for _, r := range api.Routes() {
		path := replace.Replace(r.Path)
		switch {
		case strings.Contains(path, "documents") || strings.Contains(path, "check/"):
			path = strings.ReplaceAll(path, "{id}", paper)
		default:
			path = strings.ReplaceAll(path, "{id}", held)
		}
		for _, target := range []string{path, "http://evil.example" + path} {
			h := w.officer.credentials(r.Method, path)
			for name, value := range map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": "evidence " + b64(id),
				"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"} {
				h.Set(name, value)
			}
			c := w.dial()
			c.write(r.Method + " " + target + " HTTP/1.1\r\nHost: evil.example\r\n")
			for name := range h {
				c.write(name + ": " + h.Get(name) + "\r\n")
			}
			c.write("\r\n")
			res := c.reply(r.Method)
			c.Close()
			if text := fmt.Sprint(res.header) + string(res.body); strings.Contains(text, "evil") {
				t.Errorf("%s %s: the answer names the Host header: %s", r.Method, target, text)
			}
		}
	}
}

func TestTooManyRequestsAreToldToWait(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Limits.Device = guard.Rate{PerSecond: 0.01, Burst: 3} })
	ask := func(p *person) *reply { return p.send("GET", "/v1/sessions/current", nil) }
	for range 3 {
		ask(w.officer).want(200)
	}
	res := ask(w.officer)
	res.fails(429, "request.rate_limited")
	if wait := res.header.Get("Retry-After"); wait != "100" && wait != "99" && wait != "98" {
		t.Errorf("Retry-After %q", wait)
	}
	ask(w.leader).want(200) // one device's flood is its own
}

func TestFloodsOfAnAddressAreStoppedBeforeAnythingIsDone(t *testing.T) {
	w := newWorld(t)
	slow := newWorld(t, func(d *api.Deps) { d.Limits.SignIn = guard.Rate{PerSecond: 0.001, Burst: 20} }) // its people take twelve
	for range 8 {
		slow.send("POST", "/v1/sessions", map[string]any{}, nil).fails(401, "token.proof_invalid")
	}
	res := slow.send("POST", "/v1/sessions", map[string]any{}, nil)
	res.fails(429, "request.rate_limited")
	if res.header.Get("Retry-After") == "" {
		t.Error("it is not told how long to wait")
	}
	w.send("POST", "/v1/sessions", map[string]any{}, nil).fails(401, "token.proof_invalid")
}

func TestWhatFiberWouldAnswerItselfIsAProblemToo(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		request string
		status  int
		code    string
	}{
		"no such method":      {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 405, "request.method_not_allowed"},
		"no such route":       {"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404, "request.not_found"},
		"other case":          {"GET /HealthZ HTTP/1.1\r\nHost: x\r\n\r\n", 404, "request.not_found"},
		"slash at the end":    {"GET /healthz/ HTTP/1.1\r\nHost: x\r\n\r\n", 404, "request.not_found"},
		"bad escape":          {"GET /v1/certificates/%zz/check HTTP/1.1\r\nHost: x\r\n\r\n", 401, "token.missing"},
		"headers too long":    {"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("a", 20_000) + "\r\n\r\n", 431, "request.headers_too_large"},
		"address too long":    {"GET /" + strings.Repeat("a", 20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431, "request.headers_too_large"},
		"no request at all":   {"hello\r\n\r\n", 400, "request.malformed"},
		"header without name": {"GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", 400, "request.malformed"},
		"control in a header": {"GET / HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n", 400, "request.malformed"},
		"folded header":       {"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400, "request.header_invalid"},
	} {
		c2 := w.dial()
		c2.write(c.request)
		res := c2.reply("GET")
		c2.Close()
		if p := res.fails(c.status, c.code); p.Code == "" {
			t.Errorf("%s", name)
		}
		if res.header.Get("Server") != "" || res.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", name, res.header)
		}
		if !strings.Contains(w.log.String(), "request="+res.header.Get("X-Request-Id")) {
			t.Errorf("%s: the log does not tell of it", name)
		}
	}
	if metrics := string(w.send("GET", "/metrics", nil, nil).want(200).body); !strings.Contains(metrics, `method="other",route="unmatched",status="405"`) ||
		!strings.Contains(metrics, `status="431"`) {
		t.Errorf("requests that no route has heard are not counted:\n%s", metrics)
	}
}

func TestEveryAnswerIsNamedAndGuarded(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/healthz", "/nothing", "/", "/openapi.json"} {
		for id, kept := range map[string]bool{"abcdef-12345": true, "": false, "short": false, "with space": false,
			strings.Repeat("a", 65): false, "newline\\n-in-it": false, "中文中文中文": false} {
			h := http.Header{}
			if id != "" {
				h.Set("X-Request-Id", id)
			}
			res := w.send("GET", path, nil, h)
			if got := res.header.Get("X-Request-Id"); got == "" || (got == id) != kept {
				t.Errorf("%s with id %q: answered %q", path, id, got)
			}
			for name, want := range map[string]string{"Server": "", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
				if got := res.header.Get(name); got != want {
					t.Errorf("%s: %s is %q", path, name, got)
				}
			}
			if !strings.Contains(res.header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("%s: policy %q", path, res.header.Get("Content-Security-Policy"))
			}
		}
	}
}

func TestTheLogHoldsNoSecretsAndTheMetricsNoIds(t *testing.T) {
	w := newWorld(t)
	p := w.officer
	var renewed struct{ AccessToken, RefreshToken string }
	thumb := &person{w: w, key: p.key}
	thumb.send("POST", "/v1/sessions/refresh", map[string]any{"refreshToken": p.refresh}).want(200).into(&renewed)
	p.send("GET", "/v1/sync/snapshot/unit/"+street+"?cursor=secret-cursor", nil)
	p.send("POST", "/v1/sync/push", []byte(`{"device":"secret-body"`), "Content-Type", "application/json")
	w.send("GET", "/nothing?token="+p.access, nil, nil)
	w.send("GET", "/"+p.access, nil, nil)
	log := w.log.String()
	for name, secret := range map[string]string{"access token": p.access, "refresh token": p.refresh, "new access token": renewed.AccessToken,
		"new refresh token": renewed.RefreshToken, "password": password, "cursor": "secret-cursor", "body": "secret-body"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds the %s", name)
		}
	}
	if !strings.Contains(log, "route=/v1/sync/snapshot/{scope}/{name}") || !strings.Contains(log, "device="+p.device) {
		t.Error("the log does not tell the route's pattern and the device")
	}
	metrics := string(w.send("GET", "/metrics", nil, nil).want(200).body)
	if !strings.Contains(metrics, `fieldwarden_http_requests_total{method="GET",route="unmatched",status="404"} 2`) ||
		!strings.Contains(metrics, `route="/v1/sync/snapshot/{scope}/{name}"`) {
		t.Errorf("metrics:\n%s", metrics)
	}
	if strings.Contains(metrics, street) || strings.Contains(metrics, p.device) {
		t.Error("the metrics hold ids")
	}
}

func TestEveryLineOfARequestCarriesItsID(t *testing.T) {
	w := newWorld(t)
	var made struct{ ID string }
	res := w.secadmin.send("POST", "/v1/accounts", map[string]any{"name": "named-" + newID(), "password": password, "officer": w.leader.officer})
	res.want(201).into(&made)
	id := "request=" + res.header.Get("X-Request-Id")
	lines := 0
	for line := range strings.SplitSeq(w.log.String(), "\n") {
		if strings.Contains(line, id) {
			lines++
			if strings.Count(line, "request=") != 1 {
				t.Errorf("named twice: %s", line)
			}
		}
		if strings.Contains(line, made.ID) && !strings.Contains(line, id) {
			t.Errorf("a line of the request does not carry its id: %s", line)
		}
	}
	if lines != 2 {
		t.Errorf("%d lines carry the id, want that of the account and that of the request", lines)
	}
}

func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 20 {
				if res := w.officer.send("POST", "/v1/sync/pull", map[string]any{}); res.status != 200 || !bytes.Contains(res.body, []byte(`"changes"`)) {
					t.Errorf("status %d: %s", res.status, res.body)
				}
			}
		})
	}
	group.Wait()
}
