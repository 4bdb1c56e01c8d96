package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/api"
)

// planted is a request hidden in a body; the server's log would tell if it were taken for one.
const planted = "GET /v1/time HTTP/1.1\r\nHost: planted\r\nX-Request-Id: planted-request\r\n\r\n"

// unread are requests that are answered before their body is read to its end.
func (w *world) unread() map[string]func(c *wirecut, length string) {
	held := w.announce(street, []byte("already begun"))
	upload := w.officer.begin(held, 13)
	ask := func(p *person, method, path string, more ...string) func(*wirecut, string) {
		return func(c *wirecut, length string) {
			h := http.Header{}
			if p != nil {
				h = p.credentials(method, path)
			}
			for i := 0; i+1 < len(more); i += 2 {
				h.Set(more[i], more[i+1])
			}
			c.request(method, path, h, length)
		}
	}
	bytes := []string{"Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream", "Upload-Offset", "7"}
	return map[string]func(*wirecut, string){
		"nobody (401)":            ask(nil, "POST", "/v1/sync/push", "Content-Type", "application/json"),
		"no such route (404)":     ask(nil, "POST", "/nothing"),
		"no such method (405)":    ask(nil, "PUT", "/v1/time"),
		"method of invention":     ask(nil, "BREW", "/v1/time"),
		"body on GET (413)":       ask(nil, "GET", "/healthz"),
		"wrong media type (415)":  ask(w.officer, "POST", "/v1/sync/push", "Content-Type", "text/plain"),
		"compressed (415)":        ask(w.officer, "POST", "/v1/sync/push", "Content-Type", "application/json", "Content-Encoding", "br"),
		"tus version (412)":       ask(w.officer, "PATCH", "/v1/uploads/"+upload, "Content-Type", "application/offset+octet-stream"),
		"tus offset (409)":        ask(w.officer, "PATCH", "/v1/uploads/"+upload, bytes...),
		"tus absent (404)":        ask(w.officer, "PATCH", "/v1/uploads/"+newID(), bytes...),
		"form (415)":              ask(w.officer, "POST", "/v1/sync/push", "Content-Type", "multipart/form-data; boundary=x"),
		"role (403)":              ask(w.supervisor, "POST", "/v1/number-blocks", "Content-Type", "application/json"),
		"success that reads none": ask(w.officer, "POST", "/v1/uploads", append(bytes, "Upload-Length", "13", "Upload-Metadata", "evidence "+b64(held))...),
		"asks to continue (401)":  ask(nil, "POST", "/v1/sync/push", "Expect", "100-continue"),
		"keep-alive asked (404)":  ask(nil, "POST", "/nothing", "Connection", "keep-alive"),
		"bytes for a join (403)": ask(w.officer, "POST", "/v1/uploads", "Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream",
			"Upload-Concat", "final;/v1/uploads/"+upload, "Upload-Metadata", "evidence "+b64(held)),
		"longer than announced (413)": ask(w.officer, "PATCH", "/v1/uploads/"+upload, "Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream", "Upload-Offset", "0"),
		"no such upload by DELETE":    ask(w.officer, "DELETE", "/v1/uploads/"+newID(), "Tus-Resumable", "1.0.0"),
	}
}

func TestARequestPlantedInAnUnreadBodyIsNeverServed(t *testing.T) {
	w := newWorld(t)
	for name, ask := range w.unread() {
		for _, offset := range []int{0, 1, 2, 3, 7, 64, 4095, 4096, 4097, 8191, 8192, 8193, 16383, 16384, 16385, 40000} {
			body := strings.Repeat("x", offset) + planted + strings.Repeat("y", 50)
			c := w.dial()
			ask(c, fmt.Sprint(len(body)))
			c.write(body)
			res := c.reply("POST")
			if res.status == 100 {
				res = c.reply("POST")
			}
			if !res.ends {
				t.Errorf("%s at %d: status %d leaves the connection open", name, offset, res.status)
			}
			if !c.ended() {
				t.Errorf("%s at %d: the body was answered too", name, offset)
			}
			c.Close()
		}
	}
	if strings.Contains(w.log.String(), "planted-request") {
		t.Errorf("a planted request was served:\n%s", w.log)
	}
}

// Every route of the table refuses somebody before it has read his body: nobody, who is asked for no credentials a body that it does not take, and an
// officer a body of another kind.
func TestNoRouteServesWhatIsPlantedInItsBody(t *testing.T) {
	w := newWorld(t)
	for _, r := range api.Routes() {
		for _, offset := range []int{0, 1, 4096, 16_385} {
			for _, p := range []*person{nil, w.officer} {
				h, path := http.Header{}, filled(r.Path)
				if p != nil && r.Right != "" && r.Name != "signOut" {
					h = p.credentials(r.Method, path)
				}
				h.Set("Content-Type", "text/plain")
				body := strings.Repeat("x", offset) + planted
				c := w.dial()
				c.request(r.Method, path, h, fmt.Sprint(len(body)))
				c.write(body)
				if res := c.reply(r.Method); !res.ends || res.status < 400 {
					t.Fatalf("%s %s at %d: status %d, ends %v", r.Method, r.Path, offset, res.status, res.ends)
				}
				if !c.ended() {
					t.Errorf("%s %s at %d: the body was answered too", r.Method, r.Path, offset)
				}
				c.Close()
			}
		}
	}
	if strings.Contains(w.log.String(), "planted-request") {
		t.Errorf("a planted request was served:\n%s", w.log)
	}
}

func TestALengthThatIsNotOneIsRefused(t *testing.T) {
	w := newWorld(t)
	for name, head := range map[string]string{
		"chunked":                "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"chunked and a length":   "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"length and chunked":     "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"two lengths":            "Content-Length: 4\r\nContent-Length: 5\r\n\r\nhello",
		"negative":               "Content-Length: -4\r\n\r\nhell",
		"with a sign":            "Content-Length: +4\r\n\r\nhell",
		"hexadecimal":            "Content-Length: 0x4\r\n\r\nhell",
		"unknown transfer":       "Transfer-Encoding: gzip\r\n\r\nhell",
		"chunked in disguise":    "Transfer-Encoding: xchunked\r\n\r\nhell",
		"space before the colon": "Content-Length : 4\r\n\r\nhell",
		"folded":                 "X-A: b\r\n Content-Length: 4\r\n\r\nhell",
	} {
		for _, path := range []string{"/v1/sync/push", "/nothing", "/v1/uploads/" + newID()} {
			c := w.dial()
			c.write("POST " + path + " HTTP/1.1\r\nHost: " + w.address + "\r\n" + head + planted)
			res := c.reply("POST")
			if res.status < 400 || res.status >= 500 {
				t.Errorf("%s on %s: status %d", name, path, res.status)
			}
			if !res.ends || !c.ended() {
				t.Errorf("%s on %s: what follows was read as a request", name, path)
			}
			c.Close()
		}
	}
	if strings.Contains(w.log.String(), "planted-request") {
		t.Errorf("a planted request was served:\n%s", w.log)
	}
}

func TestAChunkedBodyIsToldToDeclareItsLength(t *testing.T) {
	w := newWorld(t)
	h := w.officer.credentials("POST", "/v1/sync/pull")
	h.Set("Content-Type", "application/json")
	h.Set("Transfer-Encoding", "chunked")
	c := w.dial()
	defer c.Close()
	c.request("POST", "/v1/sync/pull", h, "")
	c.write("2\r\n{}\r\n")
	c.reply("POST").fails(411, "request.length_required")
}

func TestABodyThatWasReadLeavesTheConnectionOpen(t *testing.T) {
	w := newWorld(t)
	c := w.dial()
	defer c.Close()
	for range 3 {
		h := w.officer.credentials("POST", "/v1/sync/pull")
		h.Set("Content-Type", "application/json")
		c.request("POST", "/v1/sync/pull", h, "2")
		c.write("{}")
		if res := c.reply("POST").want(200); res.ends {
			t.Fatal("the connection was closed after a request that was read whole")
		}
	}
	c.request("GET", "/nothing", nil, "")
	if res := c.reply("GET").want(404); res.ends {
		t.Error("the connection was closed after a refusal without a body")
	}
}

func TestTheReasonForRefusingALargeBodyIsSeen(t *testing.T) {
	w := newWorld(t)
	body := strings.Repeat("x", 32<<20) // more than all socket buffers together
	for range 5 {
		w.send("POST", "/v1/sync/push", []byte(body), nil).fails(401, "token.missing")
	}
}
