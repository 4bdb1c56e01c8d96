package api_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// chunkHeaders are the headers of a PATCH.
func chunkHeaders(offset int) []string {
	return []string{"Tus-Resumable", "1.0.0", "Content-Type", "application/offset+octet-stream", "Upload-Offset", fmt.Sprint(offset)}
}

// patchHead writes the head of a PATCH by a person.
func (c *wirecut) patchHead(p *person, upload string, offset, length int) {
	path := "/v1/uploads/" + upload
	h := p.credentials("PATCH", path)
	for i, headers := 0, chunkHeaders(offset); i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	c.request("PATCH", path, h, fmt.Sprint(length))
}

// offset asks how far an upload is.
func (p *person) offset(upload string) int {
	p.w.t.Helper()
	res := p.send("HEAD", "/v1/uploads/"+upload, nil, "Tus-Resumable", "1.0.0").want(200)
	n := 0
	if _, err := fmt.Sscan(res.header.Get("Upload-Offset"), &n); err != nil {
		p.w.t.Fatalf("Upload-Offset %q", res.header.Get("Upload-Offset"))
	}
	return n
}

func noise(n int) []byte {
	out := make([]byte, n)
	source := rand.NewChaCha8([32]byte{7})
	_, _ = source.Read(out)
	return out
}

func TestAnUploadThatWasCutResumesAtTheExactByte(t *testing.T) {
	w := newWorld(t)
	for _, by := range []string{"FIN", "RST"} {
		for _, at := range []int{0, 1, 2, 100, 4095, 4096, 8191, 8192, 8193, 16_384, 65_536, 131_071, 131_072, 131_073, 149_999} {
			content := noise(150_000)
			content[0], content[1] = byte(at), by[0] // so that no two evidences are alike
			upload := w.officer.begin(w.announce(street, content), len(content))
			c := w.dial()
			c.patchHead(w.officer, upload, 0, len(content))
			c.write(string(content[:at]))
			if by == "FIN" {
				w.must(c.CloseWrite())
			}
			if at > 0 { // fasthttp itself waits for the first byte
				w.arrived(upload, at)
			}
			if by == "RST" {
				c.reset()
			}
			c.Close()
			got := w.officer.offset(upload)
			if got != at {
				t.Fatalf("%s at %d: the server has %d", by, at, got)
			}
			w.officer.send("PATCH", "/v1/uploads/"+upload, content[got:], chunkHeaders(got)...).want(204)
			if n := w.officer.offset(upload); n != len(content) {
				t.Errorf("%s at %d: resumed to %d", by, at, n)
			}
		}
	}
}

func TestACutBodyIsToldFromAWholeOne(t *testing.T) {
	w := newWorld(t)
	w.unwritten("cut pushes", func() {
		push := w.officer.ops(street, 2)
		text := canonical(t, push)
		for _, at := range []int{0, 1, 2, 10, len(text) / 2, len(text) - 1} {
			h := w.officer.credentials("POST", "/v1/sync/push")
			h.Set("Content-Type", "application/json")
			c := w.dial()
			c.request("POST", "/v1/sync/push", h, fmt.Sprint(len(text)))
			c.write(text[:at])
			w.must(c.CloseWrite())
			res := c.reply("POST")
			if at == 0 { // fasthttp itself waits for the first byte
				res.refused()
			} else {
				res.fails(400, "request.body_cut")
			}
			if !res.ends {
				t.Errorf("at %d: the connection stays open", at)
			}
			c.Close()
		}
	})
	// A text that would be whole JSON if its end were not believed to be cut.
	h := w.officer.credentials("POST", "/v1/sync/pull")
	h.Set("Content-Type", "application/json")
	c := w.dial()
	defer c.Close()
	c.request("POST", "/v1/sync/pull", h, "10")
	c.write("{}")
	w.must(c.CloseWrite())
	c.reply("POST").fails(400, "request.body_cut")
}

func TestAResetIsNotABody(t *testing.T) {
	w := newWorld(t)
	w.unwritten("reset push", func() {
		text := canonical(t, w.officer.ops(street, 2))
		for _, at := range []int{1, 100, len(text) - 1} {
			h := w.officer.credentials("POST", "/v1/sync/push")
			h.Set("Content-Type", "application/json")
			c := w.dial()
			c.request("POST", "/v1/sync/push", h, fmt.Sprint(len(text)))
			c.write(text[:at])
			c.reset()
		}
		w.logged("request.body_cut", 3)
	})
}

// logged waits until the log holds a text so many times.
func (w *world) logged(text string, times int) {
	w.t.Helper()
	for range 1000 {
		if strings.Count(w.log.String(), text) >= times {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatalf("the log does not tell %q %d times:\n%s", text, times, w.log)
}

func TestANewConnectionTakesAnUploadOverAtOnce(t *testing.T) {
	w := newWorld(t)
	content := noise(200_000)
	upload := w.officer.begin(w.announce(street, content), len(content))
	stalled := func(from, to int) *wirecut {
		c := w.dial()
		c.patchHead(w.officer, upload, from, len(content)-from)
		c.write(string(content[from:to]))
		w.arrived(upload, to)
		return c
	}
	old := stalled(0, 50_000)
	defer old.Close()
	// The old connection is open and silent all the while. That it is asked to let go, and does, is told by the order of things: who waits longer than
	// a second for it is answered upload.busy, and by itself it would be given up after half a minute.
	if got := w.officer.offset(upload); got != 50_000 {
		t.Fatalf("HEAD tells %d, want 50000", got)
	}
	old.reply("PATCH").fails(409, "upload.taken_over")

	older := stalled(50_000, 120_000)
	defer older.Close()
	w.officer.send("PATCH", "/v1/uploads/"+upload, content[120_000:], chunkHeaders(120_000)...).want(204)
	older.reply("PATCH").fails(409, "upload.taken_over")
	if got := w.officer.offset(upload); got != len(content) {
		t.Errorf("offset %d, want %d", got, len(content))
	}
}

func TestALateInterruptDoesNotMeetTheNextRequest(t *testing.T) {
	w := newWorld(t)
	content := noise(1000)
	c := w.dial()
	defer c.Close()
	for i := range 50 { // each upload's HEAD comes from elsewhere while the connection goes on to the next
		content[0] = byte(i)
		upload := w.officer.begin(w.announce(street, content), len(content))
		c.patchHead(w.officer, upload, 0, len(content))
		c.write(string(content))
		c.reply("PATCH").want(204)
		if got := w.officer.offset(upload); got != len(content) {
			t.Fatalf("offset %d", got)
		}
		c.request("GET", "/v1/time", nil, "")
		c.reply("GET").want(200)
	}
}

func TestExpectContinueIsHonoured(t *testing.T) {
	w := newWorld(t)
	content := noise(5000)
	upload := w.officer.begin(w.announce(street, content), len(content))
	path := "/v1/uploads/" + upload
	h := w.officer.credentials("PATCH", path)
	for i, headers := 0, chunkHeaders(0); i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	h.Set("Expect", "100-continue")
	c := w.dial()
	defer c.Close()
	c.request("PATCH", path, h, fmt.Sprint(len(content)))
	c.reply("PATCH").want(http.StatusContinue)
	c.write(string(content))
	c.reply("PATCH").want(204)
	if !bytes.Equal(w.spoolBytes(upload), content) {
		t.Error("other bytes arrived")
	}
}
