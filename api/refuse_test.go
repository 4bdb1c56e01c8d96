package api_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// eachDatabase runs a test on a world on each database.
func eachDatabase(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Run("sqlite", func(t *testing.T) {
		fn(t, newWorldOn(t, "sqlite://"+filepath.Join(t.TempDir(), "world.db")))
	})
	t.Run("postgres", func(t *testing.T) { fn(t, newWorldOn(t, services.Postgres(t))) })
}

// unwritten runs something and checks that no table has another number of rows after it, but those that count wrong passwords.
func (w *world) unwritten(what string, do func()) {
	w.t.Helper()
	before := w.rows()
	do()
	after := w.rows()
	for table, n := range after {
		if n != before[table] && table != "sign_in_tries" {
			w.t.Errorf("%s: table %s had %d rows and has %d", what, table, before[table], n)
		}
	}
}

// forEach does something with each route, after which nothing may have been written.
func (w *world) forEach(do func(api.Route)) {
	w.t.Helper()
	w.unwritten("all routes", func() {
		for _, r := range api.Routes() {
			do(r)
		}
	})
}

// filled is a route's path with parameters that name nothing.
func filled(path string) string {
	return strings.NewReplacer("{id}", newID(), "{collection}", "tasks", "{number}", "no-such", "{scope}", "unit", "{name}", "nowhere",
		"{code}", "no.such", "{token}", "no-such-token", "{view}", "no-such-view", "{version}", "9").Replace(path)
}

// may finds somebody who has a right somewhere, and somebody who has not.
func (w *world) may(right people.Right) (yes, no *person) {
	for _, p := range []struct {
		*person
		role people.Role
		unit string
	}{{w.officer, people.RoleOfficer, street}, {w.leader, people.RoleLeader, street}, {w.supervisor, people.RoleSupervisor, district},
		{w.sysadmin, people.RoleSysAdmin, district}, {w.secadmin, people.RoleSecAdmin, district}} {
		if people.May([]people.Grant{{Role: p.role, Unit: p.unit}}, right, "", time.Now()) {
			yes = p.person
		} else {
			no = p.person
		}
	}
	return yes, no
}

// tus adds the headers that upload routes ask for, so that what is tested is what is left.
func tus(r api.Route) []string {
	if !strings.HasPrefix(r.Path, "/v1/uploads") || r.Method == http.MethodOptions {
		return nil
	}
	return []string{"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Upload-Length", "5",
		"Upload-Metadata", "evidence " + base64.StdEncoding.EncodeToString([]byte(newID())), "Content-Type", "application/offset+octet-stream"}
}

// isSignedIn, isProof and takesJSON tell of a route what only the table knows.
func isSignedIn(r api.Route) bool { return r.Right != "" }
func isProof(r api.Route) bool {
	return r.Right == "" && slices.Contains([]string{"enrolDevice", "signIn", "refresh"}, r.Name)
}
func takesJSON(r api.Route) bool { return r.In != nil }

func TestNobodyGetsPastTheDoor(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.forEach(func(r api.Route) {
			path := filled(r.Path)
			switch {
			case isSignedIn(r):
				w.strangersAtTheDoor(r, path)
			case isProof(r):
				w.send(r.Method, path, map[string]any{}, nil).fails(401, "token.proof_invalid")
				w.send(r.Method, path, map[string]any{}, http.Header{"Dpop": {"a.b.c"}}).fails(401, "token.proof_invalid")
				w.send(r.Method, path, map[string]any{}, http.Header{"Dpop": {w.officer.proof("GET", path)}}).fails(401, "token.proof_invalid")
			}
		})
	})
}

func (w *world) strangersAtTheDoor(r api.Route, path string) {
	w.t.Helper()
	yes, no := w.may(r.Right)
	ask := func(h http.Header) *reply {
		for i := 0; i+1 < len(tus(r)); i += 2 {
			h.Set(tus(r)[i], tus(r)[i+1])
		}
		return w.send(r.Method, path, nil, h)
	}
	ask(http.Header{}).fails(401, "token.missing")
	ask(http.Header{"Authorization": {"DPoP rubbish"}, "Dpop": {yes.proof(r.Method, path)}}).fails(401, "token.invalid")
	ask(http.Header{"Authorization": {"Bearer " + yes.access}}).fails(401, "token.invalid")
	ask(http.Header{"Authorization": {"DPoP " + yes.access}}).fails(401, "token.proof_invalid")
	ask(http.Header{"Authorization": {"DPoP " + yes.access}, "Dpop": {yes.proof(r.Method, "/v1/elsewhere")}}).fails(401, "token.proof_invalid")
	stolen := http.Header{"Authorization": {"DPoP " + yes.access}, "Dpop": {w.stranger.proof(r.Method, path)}}
	if yes != w.stranger {
		ask(stolen).fails(401, "token.proof_invalid")
	}
	if r.Name != "signOut" {
		once := yes.credentials(r.Method, path)
		if r.Name == "events" {
			w.begin(r.Method, path, once.Clone())
		} else {
			ask(once.Clone())
		}
		ask(once.Clone()).fails(401, "token.proof_invalid") // a proof is good once
	}
	if no != nil {
		ask(no.credentials(r.Method, path)).fails(403, "access.denied")
	}
}

// begin asks for what has no end, and hangs up.
func (w *world) begin(method, path string, h http.Header) {
	w.t.Helper()
	req, err := http.NewRequest(method, "http://"+w.address+path, nil)
	w.must(err)
	req.Header = h
	res, err := client.Do(req)
	w.must(err)
	w.must(res.Body.Close())
	if res.StatusCode != 200 {
		w.t.Errorf("%s %s: status %d", method, path, res.StatusCode)
	}
}

// malformed are texts that are no JSON of any shape here.
var malformed = map[string]string{
	"empty":           ``,
	"cut":             `{"device":"`,
	"array":           `[]`,
	"text":            `"x"`,
	"unknown member":  `{"noSuchMember":1}`,
	"doubled member":  `{"device":"a","device":"b"}`,
	"two values":      `{} {}`,
	"bad UTF-8":       "{\"device\":\"\xff\"}",
	"too deep":        strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100),
	"wrong kind":      `{"device":{},"unit":[],"kind":1,"limit":"x","code":1,"account":1,"refreshToken":1,"name":1}`,
	"not JSON at all": "device=1&ops=2",
	"null":            `null`,
	"null bytes":      "\x00\x00\x00",
	"huge number":     `{"limit":1e999,"count":1e999,"ttlSeconds":1e999,"ops":1e999,"code":1e999,"account":1e999,"refreshToken":1e999,"name":1e999}`,
}

func TestMalformedBodiesAreRefused(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.forEach(func(r api.Route) {
			if !takesJSON(r) {
				return
			}
			for name, text := range malformed {
				if r.Name == "rxdbPush" && name == "array" {
					continue // its rows come in one
				}
				res := w.asAllowed(r, []byte(text), "Content-Type", "application/json")
				if p := res.fails(400, "request.malformed"); p.Code == "" {
					t.Errorf("%s: %s", r.Name, name)
				}
			}
			w.asAllowed(r, []byte(`{}`), "Content-Type", "application/json; charset=utf-8").orFine(r)
			for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json;;;"} {
				w.asAllowed(r, []byte(`{}`), "Content-Type", media).fails(415, "request.media_type_refused")
			}
			w.asAllowed(r, []byte(`{}`), "Content-Type", "application/json", "Content-Encoding", "gzip").fails(415, "request.encoding_refused")
		})
	})
}

// asAllowed sends a body as somebody who may call the route.
func (w *world) asAllowed(r api.Route, body any, headers ...string) *reply {
	w.t.Helper()
	p := w.officer
	if isSignedIn(r) {
		p, _ = w.may(r.Right)
	}
	path := filled(r.Path)
	h := http.Header{"Dpop": {p.proof(r.Method, path)}}
	if isProof(r) {
		h = http.Header{"Dpop": {(&person{w: w, key: p.key}).proof(r.Method, path)}}
	} else {
		h.Set("Authorization", "DPoP "+p.access)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return w.send(r.Method, path, body, h)
}

// refused checks that the answer is some refusal by the client's fault, well told.
func (r *reply) refused() {
	r.t.Helper()
	if r.status < 400 || r.status >= 500 {
		r.t.Errorf("%s: status %d, want a refusal: %s", r.what, r.status, r.body)
		return
	}
	if !strings.HasPrefix(r.what, "HEAD ") {
		var p problem
		r.into(&p)
		r.wellTold(p)
	}
}

// orFine accepts an empty object where it is a whole request.
func (r *reply) orFine(route api.Route) {
	r.t.Helper()
	if slices.Contains([]string{"pull", "leaseNumbers"}, route.Name) {
		if r.status >= 500 {
			r.t.Errorf("%s: status %d: %s", r.what, r.status, r.body)
		}
		return
	}
	r.refused()
}

func TestOversizedBodiesAreRefused(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.forEach(func(r api.Route) {
			if r.Limit > 64<<20 { // uploads are limited by what they declare
				w.declaresTooMuch(r)
				return
			}
			body := bytes.Repeat([]byte(" "), int(r.Limit)+1)
			res := w.asAllowed(r, body, append(tus(r), "Content-Type", "application/json")...)
			res.fails(413, "request.too_large")
		})
	})
}

// declaresTooMuch sends a request that declares more than there may be, and does not send it.
func (w *world) declaresTooMuch(r api.Route) {
	w.t.Helper()
	path := filled(r.Path)
	h := w.officer.credentials(r.Method, path)
	for i := 0; i+1 < len(tus(r)); i += 2 {
		h.Set(tus(r)[i], tus(r)[i+1])
	}
	c := w.dial()
	defer c.Close()
	c.request(r.Method, path, h, fmt.Sprint(r.Limit+1))
	c.write("x")
	c.reply(r.Method).fails(413, "request.too_large")
}

func TestWhatIsUnknownIsNotThere(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		w.forEach(func(r api.Route) {
			if !strings.Contains(r.Path, "{") {
				return
			}
			want := "request.not_found"
			if strings.HasPrefix(r.Path, "/v1/sync/") {
				want = "pull.feed_not_found"
			}
			headers, body := tus(r), any(nil)
			switch {
			case r.Name == "recordDigests":
				body = r.In
			case r.Name == "rxdbPush":
				headers, body = append(headers, "Content-Type", "application/json"), []byte("[]") // its rows come in one
			case takesJSON(r):
				headers, body = append(headers, "Content-Type", "application/json"), []byte("{}")
			}
			w.asAllowed(r, body, headers...).fails(404, want)
			for _, text := range []string{"not-an-id", "%00", "%ff", "..%2f..%2fetc", strings.Repeat("a", 3000), "'%20OR%201=1", "１２３"} {
				odd := r
				odd.Path = placeholder.ReplaceAllString(r.Path, text)
				w.asAllowed(odd, nil, tus(r)...).refused()
			}
		})
	})
}

var placeholder = regexp.MustCompile(`\{[^}]+\}`)

func TestMethodsThatARouteDoesNotTakeAreRefused(t *testing.T) {
	w := newWorld(t)
	taken := map[string][]string{}
	for _, r := range api.Routes() {
		taken[r.Path] = append(taken[r.Path], r.Method)
		if r.Method == http.MethodGet {
			taken[r.Path] = append(taken[r.Path], http.MethodHead)
		}
	}
	w.unwritten("all", func() {
		for path, methods := range taken {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
				if slices.Contains(methods, method) || method == "GET" && slices.Contains(methods, "HEAD") && path == "/v1/uploads/{id}" {
					continue
				}
				res := w.send(method, filled(path), nil, nil)
				res.fails(405, "request.method_not_allowed")
				for _, m := range methods {
					if !strings.Contains(res.header.Get("Allow"), m) {
						t.Errorf("%s %s: Allow %q lacks %s", method, path, res.header.Get("Allow"), m)
					}
				}
			}
		}
	})
}

func TestTheForeignAnswersLikeTheAbsent(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		bytes := []byte("recorded")
		seen := w.hold(street, bytes)
		fresh := w.announce(street, []byte("fresh"))
		paper := w.put("documents", record.Object{"unit": street, "kind": "record", "template": newID(), "templateVersion": 1.0, "state": "draft"})
		upload := w.officer.begin(fresh, 5)
		foreignBoss := w.hire("郑七", "secadmin", foreign)
		foreignLeader := w.hire("王八", "leader", foreign)
		var account struct{ ID string }
		w.secadmin.send("POST", "/v1/accounts", map[string]any{"name": "spare-" + newID(), "password": password, "officer": w.leader.officer}).want(201).into(&account)
		before := w.rows()
		tusHeaders := []string{"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream"}
		for _, c := range []struct {
			by           *person
			method, path string // with %s for the id
			id           string
			headers      []string
		}{
			{w.stranger, "GET", "/v1/records/evidence/%s", seen, nil},
			{w.stranger, "GET", "/v1/records/evidence/%s/history", seen, nil},
			{w.stranger, "GET", "/v1/records/documents/%s", paper, nil},
			{w.stranger, "GET", "/v1/evidence/%s/content", seen, nil},
			{w.stranger, "HEAD", "/v1/evidence/%s/content", seen, nil},
			{foreignLeader, "GET", "/v1/evidence/%s/custody", seen, nil},
			{foreignLeader, "GET", "/v1/evidence/%s/custody.pdf", seen, nil},
			{w.stranger, "GET", "/v1/documents/%s/pdf", paper, nil},
			{w.stranger, "HEAD", "/v1/uploads/%s", upload, tusHeaders},
			{w.stranger, "PATCH", "/v1/uploads/%s", upload, tusHeaders},
			{w.stranger, "DELETE", "/v1/uploads/%s", upload, tusHeaders},
			{w.stranger, "GET", "/v1/evidence/%s/derivatives", seen, nil},
			{w.stranger, "GET", "/v1/evidence/%s/seek", seen, nil},
			{foreignLeader, "GET", "/v1/evidence/%s/shares", seen, nil},
			{foreignLeader, "DELETE", "/v1/devices/%s", w.officer.device, nil},
			{foreignLeader, "GET", "/v1/devices?unit=%s", street, nil},
			{foreignBoss, "DELETE", "/v1/accounts/%s", account.ID, nil},
		} {
			there := c.by.send(c.method, fmt.Sprintf(c.path, c.id), nil, c.headers...)
			gone := c.by.send(c.method, fmt.Sprintf(c.path, newID()), nil, c.headers...)
			there.fails(404, "request.not_found")
			there.alike(gone)
		}
		if after := w.rows(); !maps.Equal(after, before) {
			t.Errorf("something was written: %v, before %v", after, before)
		}
		w.foreignBodies(fresh, foreignBoss, foreignLeader)
	})
}

// foreignBodies are the requests that name what is foreign in their body or headers.
func (w *world) foreignBodies(evidence string, boss, leader *person) {
	w.t.Helper()
	name := func(id string) []string {
		return []string{"Tus-Resumable", "1.0.0", "Upload-Length", "5", "Upload-Metadata", "evidence " + base64.StdEncoding.EncodeToString([]byte(id))}
	}
	w.unwritten("bodies", func() {
		there := w.stranger.send("POST", "/v1/uploads", nil, name(evidence)...)
		there.fails(404, "request.not_found")
		there.alike(w.stranger.send("POST", "/v1/uploads", nil, name(newID())...))
		there = w.stranger.send("GET", "/v1/sync/snapshot/unit/"+street, nil)
		there.fails(404, "pull.feed_not_found")
		there.alike(w.stranger.send("GET", "/v1/sync/snapshot/unit/999", nil))
		leader.send("POST", "/v1/enrolment-codes", map[string]any{"unit": street}).fails(404, "request.not_found")
		boss.send("POST", "/v1/accounts", map[string]any{"name": "taken-over", "password": password, "officer": w.officer.officer}).fails(404, "request.not_found")
		w.stranger.send("POST", "/v1/sync/push", w.officer.ops(street, 1)).fails(403, "device.mismatch")
		w.officer.send("POST", "/v1/ops", map[string]any{"ops": []any{}}).fails(400, "op.invalid")
		w.officer.send("POST", "/v1/ops", map[string]any{"ops": []any{map[string]any{"id": "x", "collection": "tasks", "record": newID(),
			"action": "create", "base": 0}}}).fails(400, "op.invalid")
		w.officer.seq, w.officer.head = 0, ""
		var page struct{ Cursor string }
		w.officer.send("POST", "/v1/sync/pull", map[string]any{}).want(200).into(&page)
		w.stranger.send("POST", "/v1/sync/pull", map[string]any{"cursor": page.Cursor}).fails(400, "pull.cursor_invalid")
		thief := &person{w: w, key: w.stranger.key}
		thief.send("POST", "/v1/sessions", map[string]any{"account": w.officer.account, "password": password, "device": w.officer.device}).refused()
	})
}

// alike checks that two answers differ in nothing but the request's id and the time.
func (r *reply) alike(other *reply) {
	r.t.Helper()
	plain := func(x *reply) string {
		h := maps.Clone(x.header)
		delete(h, "Date")
		delete(h, "X-Request-Id")
		return fmt.Sprintln(x.status, h, strings.ReplaceAll(string(x.body), x.header.Get("X-Request-Id"), ""))
	}
	if plain(r) != plain(other) {
		r.t.Errorf("%s tells the foreign from the absent:\n%s\n%s", r.what, plain(r), plain(other))
	}
}
