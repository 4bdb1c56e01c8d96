package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// statement is one sentence of tus 1.0.0 that binds a server, in our words. What binds clients only is not here; what we do otherwise is
// said in docs/protocol/upload.md, "Narrower than tus", and is here as we do it.
type statement struct {
	section string
	level   string // MUST, MUST NOT, SHOULD, SHOULD NOT, or narrower
	says    string
	holds   func(*tusRun)
}

// TestTusConformance runs every statement against the real server over raw connections, and names the one that fails.
func TestTusConformance(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	for _, part := range [][]statement{coreStatements, creationStatements, laterStatements, concatStatements} {
		for _, s := range part {
			name := s.section + ": " + s.level + ": " + s.says
			if seen[name] || !map[string]bool{"MUST": true, "MUST NOT": true, "SHOULD": true, "SHOULD NOT": true, "narrower": true}[s.level] {
				t.Errorf("%s: is there twice, or has no level", name)
			}
			seen[name] = true
			t.Run(name, func(t *testing.T) { s.holds(&tusRun{t, w}) })
		}
	}
	t.Logf("%d statements", len(seen))
}

// tusRun is what a statement is tried with.
type tusRun struct {
	*testing.T
	w *world
}

// ask sends one request over a connection of its own. It carries Tus-Resumable: 1.0.0 unless the headers, name and value by turns, say
// otherwise; a header with the value "-" is left out.
func (r *tusRun) ask(method, path, body string, headers ...string) *reply {
	r.Helper()
	signed := method
	h := http.Header{"Tus-Resumable": {"1.0.0"}}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
		if headers[i] == "X-HTTP-Method-Override" {
			signed = headers[i+1]
		}
	}
	for name, values := range r.w.officer.credentials(signed, path) {
		h[name] = values
	}
	for name, values := range h {
		if values[0] == "-" {
			delete(h, name)
		}
	}
	c := r.w.dial()
	defer c.Close()
	length := fmt.Sprint(len(body))
	if method == "HEAD" || method == "OPTIONS" {
		length = ""
	}
	c.request(method, path, h, length)
	c.write(body)
	res := c.reply(method)
	res.t = r.T
	return res
}

// head asks how far an upload is.
func (r *tusRun) head(path string) *reply {
	r.Helper()
	return r.ask("HEAD", path, "").want(200)
}

// patch sends bytes at an offset.
func (r *tusRun) patch(path string, offset int, body string, headers ...string) *reply {
	r.Helper()
	return r.ask("PATCH", path, body, append([]string{"Content-Type", "application/offset+octet-stream", "Upload-Offset", strconv.Itoa(offset)}, headers...)...)
}

// serial makes no two contents alike.
var serial int

// content is n bytes that no other test has.
func content(n int) string {
	serial++
	return string(bytes.Repeat(fmt.Appendf(nil, "%08d.", serial), n/9+1)[:n])
}

func aboutEvidence(id string) string { return "evidence " + b64(id) }

// announced announces bytes, and tells the metadata that an upload of them needs.
func (r *tusRun) announced(data string) string {
	r.Helper()
	return aboutEvidence(r.w.announce(street, []byte(data)))
}

// begun creates an upload and returns its path.
func (r *tusRun) begun(headers ...string) string {
	r.Helper()
	return r.located(r.ask("POST", "/v1/uploads", "", headers...).want(201))
}

func (r *tusRun) located(made *reply) string {
	r.Helper()
	return strings.TrimPrefix(made.header.Get("Location"), "http://"+r.w.address)
}

// fresh begins an upload of 100 bytes that are announced.
func (r *tusRun) fresh() (path, data string) {
	r.Helper()
	data = content(100)
	return r.begun("Upload-Length", "100", "Upload-Metadata", r.announced(data)), data
}

// offsetIs checks that an upload stands where it should.
func (r *tusRun) offsetIs(path string, want int) {
	r.Helper()
	r.headerIs(r.head(path), "Upload-Offset", strconv.Itoa(want))
}

func (r *tusRun) headerIs(res *reply, name, want string) {
	r.Helper()
	if got := res.header.Get(name); got != want {
		r.Errorf("%s: %s is %q, want %q", res.what, name, got, want)
	}
}

// lists checks that a header names a value in its list.
func (r *tusRun) lists(res *reply, name, want string) {
	r.Helper()
	for value := range strings.SplitSeq(res.header.Get(name), ",") {
		if value == want {
			return
		}
	}
	r.Errorf("%s: %s is %q, which does not name %q", res.what, name, res.header.Get(name), want)
}

func (r *tusRun) options(headers ...string) *reply {
	r.Helper()
	return r.ask("OPTIONS", "/v1/uploads", "", append([]string{"Tus-Resumable", "-"}, headers...)...).want(204)
}

// announces is the statement that an extension is named by OPTIONS.
func announces(extension string) func(*tusRun) {
	return func(r *tusRun) { r.lists(r.options(), "Tus-Extension", extension) }
}

// spooled are the bytes of an upload.
func (r *tusRun) spooled(path string) string {
	r.Helper()
	return string(r.w.spoolBytes(path[strings.LastIndex(path, "/")+1:]))
}
