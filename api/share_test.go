package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/derive"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func terms(more map[string]any) map[string]any {
	in := map[string]any{"name": "张律师", "organ": "某某律师事务所", "reason": "听证阅卷", "expiresAt": time.Now().Add(time.Hour), "maxViews": 1}
	maps.Copy(in, more)
	return in
}

// given makes a link and returns it with the path of its page.
func (w *world) given(id string, more map[string]any) (made api.Share, path string) {
	w.t.Helper()
	w.leader.send("POST", "/v1/evidence/"+id+"/shares", terms(more)).want(201).into(&made)
	path, ok := strings.CutPrefix(made.URL, "http://"+w.address)
	if !ok || len(path) < 40 {
		w.t.Fatalf("url %q", made.URL)
	}
	return made, path
}

// outside asks as somebody does who has nothing but an address.
func (w *world) outside(method, path string, headers ...string) *reply {
	w.t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return w.send(method, path, nil, h)
}

// opened uses a view of a link and returns the path of the view.
func (w *world) opened(path string) string {
	w.t.Helper()
	view, ok := strings.CutPrefix(w.outside("POST", path).want(303).header.Get("Location"), "http://"+w.address)
	if !ok {
		w.t.Fatal("the view is not here")
	}
	return view
}

// actsBy are what custody says of an evidence, by what was done.
func (w *world) actsBy(id string) map[string][]record.Object {
	w.t.Helper()
	found, err := w.db.Lookup(context.Background(), "custody", "evidence", id)
	w.must(err)
	all := map[string][]record.Object{}
	for _, r := range found {
		body, err := wire.Object(r.Body)
		w.must(err)
		act, _ := body["act"].(string)
		all[act] = append(all[act], body)
	}
	return all
}

func TestALinkForOnePersonOutside(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		content := noise(5000)
		id := w.hold(street, content)
		made, path := w.given(id, nil)
		for range 3 { // looking ahead uses nothing
			page := w.outside("GET", path, "Accept", "text/html").want(200)
			if !bytes.Contains(page.body, []byte("张律师")) || !bytes.Contains(page.body, []byte("大王庄街道")) || page.header.Get("Referrer-Policy") != "no-referrer" ||
				page.header.Get("Cache-Control") != "no-store" || !strings.Contains(page.header.Get("Content-Security-Policy"), "form-action 'self'") {
				t.Fatalf("%v %s", page.header, page.body)
			}
		}
		view := w.opened(path)
		if page := w.outside("GET", view, "Accept", "text/html").want(200); !bytes.Contains(page.body, []byte(`<video controls preload="metadata" src="`+view+`/content">`)) ||
			!strings.Contains(page.header.Get("Content-Security-Policy"), "media-src 'self'") {
			t.Errorf("%v %s", page.header, page.body)
		}
		part := w.outside("GET", view+"/content", "Range", "bytes=100-199").want(206)
		if !bytes.Equal(part.body, content[100:200]) || part.header.Get("Referrer-Policy") != "no-referrer" || !strings.HasPrefix(part.header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%v", part.header)
		}
		w.outside("POST", path).fails(410, "share.ended")
		w.outside("GET", path).fails(410, "share.ended")
		w.outside("GET", view+"/content").want(200) // the view that was used goes on
		var list api.Shares
		listed := w.leader.send("GET", "/v1/evidence/"+id+"/shares", nil).want(200)
		listed.into(&list)
		token := strings.TrimPrefix(path, "/share/")
		if len(list.Shares) != 1 || list.Shares[0].ID != made.ID || list.Shares[0].Views != 1 || list.Shares[0].URL != "" || bytes.Contains(listed.body, []byte(token)) {
			t.Errorf("%s", listed.body)
		}
		w.leader.send("POST", "/v1/shares/"+made.ID+"/revocation", map[string]any{"reason": "当事人撤回申请"}).want(204)
		w.outside("GET", view+"/content").fails(410, "share.ended")
		acts := w.actsBy(id)
		if len(acts["share"]) != 2 || len(acts["view"]) != 2 || // that it was opened, and which octets were seen
			acts["view"][0]["related"] != made.ID || acts["view"][0]["detail"].(record.Object)["name"] != "张律师" {
			t.Errorf("acts %v", acts)
		}
		if log := w.log.String(); strings.Contains(log, token) || strings.Contains(log, strings.TrimPrefix(view, "/share-views/")) {
			t.Error("the log has the address")
		}
	})
}

// TestNoViewTooMany: of many clicks at once only those that are allowed are answered.
func TestNoViewTooMany(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		id := w.hold(street, noise(100))
		_, path := w.given(id, map[string]any{"maxViews": 3})
		var good atomic.Int32
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				if w.outside("POST", path).status == 303 {
					good.Add(1)
				}
			})
		}
		all.Wait()
		if good.Load() != 3 || len(w.actsBy(id)["view"]) != 3 {
			t.Errorf("%d views, %d written down", good.Load(), len(w.actsBy(id)["view"]))
		}
	})
}

func TestLinksThatAreNone(t *testing.T) {
	w := newWorld(t)
	id := w.hold(street, noise(100))
	made, path := w.given(id, nil)
	view := w.opened(path)
	for _, other := range []string{path[:len(path)-1], path + "A", path[:len(path)-1] + "!", "/share/" + made.ID} {
		w.outside("GET", other).fails(404, "request.not_found")
		w.outside("POST", other).fails(404, "request.not_found")
	}
	for i := len("/share-views/"); i < len(view); i += 7 { // no letter of a ticket can change
		other := view[:i] + string(rune('A'+(view[i]-'A'+1)%26)) + view[i+1:]
		if res := w.outside("GET", other+"/content"); res.status != 404 && other != view {
			t.Errorf("changed at %d: %d", i, res.status)
		}
	}
	w.officer.send("POST", "/v1/evidence/"+id+"/shares", terms(nil)).fails(403, "access.denied")
	leader := w.hire("王八", "leader", foreign)
	leader.send("POST", "/v1/evidence/"+id+"/shares", terms(nil)).alike(leader.send("POST", "/v1/evidence/"+newID()+"/shares", terms(nil)))
	leader.send("POST", "/v1/shares/"+made.ID+"/revocation", map[string]any{"reason": "x"}).alike(leader.send("POST", "/v1/shares/"+newID()+"/revocation", map[string]any{"reason": "x"}))
	foreignCopy := w.put("derivatives", record.Object{"unit": foreign, "evidence": newID(), "of": "x", "kind": "poster", "recipe": record.Object{"kind": "poster"}, "state": "made"})
	for field, more := range map[string]map[string]any{
		"name": {"name": " "}, "organ": {"organ": strings.Repeat("机", 201)}, "reason": {"reason": "a\nb"}, "expiresAt": {"expiresAt": time.Now().Add(-time.Minute)},
		"maxViews": {"maxViews": 101}, "derivative": {"derivative": "x"}, "far": {"expiresAt": time.Now().Add(91 * 24 * time.Hour)},
	} {
		res := w.leader.send("POST", "/v1/evidence/"+id+"/shares", terms(more))
		if p := res.fails(400, "share.terms_invalid"); p.Field != field && field != "far" {
			t.Errorf("%s: field %q", field, p.Field)
		}
	}
	w.leader.send("POST", "/v1/evidence/"+id+"/shares", terms(map[string]any{"derivative": foreignCopy})).fails(404, "request.not_found")
	w.leader.send("POST", "/v1/evidence/"+w.announce(street, []byte("not here"))+"/shares", terms(nil)).fails(404, "evidence.not_held")
}

func TestALinkEndsByItself(t *testing.T) {
	now := time.Now()
	w := newWorld(t, func(d *api.Deps) { d.Shares.Now = func() time.Time { return now } })
	_, path := w.given(w.hold(street, noise(100)), map[string]any{"maxViews": 5})
	view := w.opened(path)
	now = now.Add(2 * time.Hour)
	w.outside("GET", path).fails(410, "share.ended")
	w.outside("POST", path).fails(410, "share.ended")
	w.outside("GET", view+"/content").fails(410, "share.ended")
}

// stamper makes the same of everything, and keeps what it was asked for.
type stamper struct{ asked []evidence.Recipe }

func (s *stamper) Make(_ context.Context, _ derive.Source, r evidence.Recipe) (derive.Made, error) {
	s.asked = append(s.asked, r)
	octets := []byte("with a watermark")
	sum := sha256.Sum256(octets)
	return derive.Made{File: io.NopCloser(bytes.NewReader(octets)), Digest: evidence.Digest{Length: int64(len(octets)), SHA256: hex.EncodeToString(sum[:])}, MIME: "video/mp4"}, nil
}

// TestAWatermarkNamesWhoLooks: what is shown is the copy, and until it is there no view is used.
func TestAWatermarkNamesWhoLooks(t *testing.T) {
	s := &stamper{}
	w := newWorld(t, func(d *api.Deps) { d.Derive.Maker = s })
	id := w.hold(street, slicesOf("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00", 100))
	made, path := w.given(id, map[string]any{"watermark": true})
	w.outside("POST", path).fails(404, "derive.pending")
	w.must(w.deps.Derive.Derive(context.Background(), made.Derivative))
	view := w.opened(path)
	if got := w.outside("GET", view+"/content").want(200); string(got.body) != "with a watermark" {
		t.Errorf("%q", got.body)
	}
	if len(s.asked) != 1 || s.asked[0].Kind != evidence.Playable || !strings.Contains(s.asked[0].Watermark, "张律师　某某律师事务所\n") || !strings.HasSuffix(s.asked[0].Watermark, made.ID[len(made.ID)-8:]) {
		t.Errorf("%+v", s.asked)
	}
	if acts := w.actsBy(id); len(acts["derive"]) != 1 || len(acts["share"]) != 1 || len(acts["view"]) != 2 {
		t.Errorf("%v", acts)
	}
	w.officer.send("GET", "/v1/derivatives/"+made.Derivative+"/content?reason=x", nil).want(200)
	w.stranger.send("GET", "/v1/derivatives/"+made.Derivative+"/content?reason=x", nil).fails(404, "request.not_found")
}

func slicesOf(head string, n int) []byte { return append([]byte(head), noise(n)...) }

// TestWhatFilesMayBeBesides: whatever a file is and was announced as, a browser is told a type that runs nothing, not to guess, and to give it no
// origin; what is not to be shown is saved.
func TestWhatFilesMayBeBesides(t *testing.T) {
	w := newWorld(t)
	page := "<html><script>alert(document.cookie)</script></html>"
	for _, c := range []struct{ name, octets, announced, served, how string }{
		{"JPEG that is a page", "\xFF\xD8\xFF\xFE\x00\x40" + page, "image/jpeg", "image/jpeg", "inline"},
		{"JPEG that is a ZIP", "\xFF\xD8\xFF\xD9PK\x03\x04", "image/jpeg", "image/jpeg", "inline"},
		{"MP4 with a script", "\x00\x00\x00\x10ftypisom\x00\x00\x00\x00" + page, "video/mp4", "video/mp4", "inline"},
		{"page as a video", page, "video/mp4; codecs=\"avc1\"", "video/mp4", "inline"},
		{"playlist as a video", "#EXTM3U\nhttp://127.0.0.1/x\n", "video/mp4", "video/mp4", "inline"},
		{"playlist as a playlist", "#EXTM3U\nhttp://127.0.0.1/x\n", "audio/x-mpegurl", "application/octet-stream", "attachment"},
		{"unheard of", page, "video/x-html", "application/octet-stream", "attachment"},
		{"PDF", "%PDF-1.7 /JavaScript", "application/pdf", "application/pdf", "attachment"},
		{"octets", page, "application/octet-stream", "application/octet-stream", "attachment"},
	} {
		id := w.holdAs(c.octets, c.announced)
		res := w.officer.send("GET", "/v1/evidence/"+id+"/content?reason=x", nil).want(200)
		if string(res.body) != c.octets {
			t.Errorf("%s: not what was stored", c.name)
		}
		for name, want := range map[string]string{"Content-Type": c.served, "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := res.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", c.name, name, got, want)
			}
		}
		if got := res.header.Get("Content-Disposition"); !strings.HasPrefix(got, c.how+";") {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
