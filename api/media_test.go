package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

func TestPlaybackAnswersRanges(t *testing.T) {
	w := newWorld(t)
	content := noise(10_000)
	path := "/v1/evidence/" + w.hold(street, content) + "/content?reason=test"
	sum := sha256.Sum256(content)
	etag := `"` + hex.EncodeToString(sum[:]) + `"`
	for _, c := range []struct {
		name, ranges string
		status       int
		from, to     int // of what is wanted; to is not included
		more         []string
	}{
		{"whole", "", 200, 0, 10_000, nil},
		{"first byte", "bytes=0-0", 206, 0, 1, nil},
		{"middle", "bytes=100-199", 206, 100, 200, nil},
		{"to the end", "bytes=9990-", 206, 9990, 10_000, nil},
		{"all by range", "bytes=0-", 206, 0, 10_000, nil},
		{"beyond the end", "bytes=9990-20000", 206, 9990, 10_000, nil},
		{"far beyond", "bytes=5-99999999999999999999999", 206, 5, 10_000, nil},
		{"last bytes", "bytes=-10", 206, 9990, 10_000, nil},
		{"more than there is", "bytes=-20000", 206, 0, 10_000, nil},
		{"upper case", "BYTES=1-2", 206, 1, 3, nil},
		{"last byte", "bytes=9999-9999", 206, 9999, 10_000, nil},
		{"begins at the end", "bytes=10000-", 416, 0, 0, nil},
		{"begins far beyond", "bytes=99999999999999999999999-", 416, 0, 0, nil},
		{"no last bytes", "bytes=-0", 416, 0, 0, nil},
		{"several", "bytes=0-1,5-6", 200, 0, 10_000, nil},
		{"backwards", "bytes=9-5", 200, 0, 10_000, nil},
		{"other unit", "lines=1-2", 200, 0, 10_000, nil},
		{"nonsense", "bytes=a-b", 200, 0, 10_000, nil},
		{"negative", "bytes=--5", 200, 0, 10_000, nil},
		{"empty", "bytes=", 200, 0, 10_000, nil},
		{"signs", "bytes=+1-2", 200, 0, 10_000, nil},
		{"same version", "bytes=1-2", 206, 1, 3, []string{"If-Range", etag}},
		{"other version", "bytes=1-2", 200, 0, 10_000, []string{"If-Range", `"other"`}},
		{"weak version", "bytes=1-2", 200, 0, 10_000, []string{"If-Range", "W/" + etag}},
		{"by date", "bytes=1-2", 200, 0, 10_000, []string{"If-Range", "Wed, 25 Nov 2026 00:00:00 GMT"}},
		{"unmet range of another version", "bytes=10000-", 200, 0, 10_000, []string{"If-Range", `"other"`}},
		{"as it is known", "", 200, 0, 10_000, []string{"If-Match", etag}},
	} {
		h := append([]string{"Range", c.ranges}, c.more...)
		if c.ranges == "" {
			h = c.more
		}
		res := w.officer.send("GET", path, nil, h...)
		if c.status == 416 {
			res.fails(416, "evidence.range_unsatisfied")
			if got := res.header.Get("Content-Range"); got != "bytes */10000" {
				t.Errorf("%s: Content-Range %q", c.name, got)
			}
			continue
		}
		if res.status != c.status || !bytes.Equal(res.body, content[c.from:c.to]) {
			t.Errorf("%s: status %d with %d bytes, want %d with %d", c.name, res.status, len(res.body), c.status, c.to-c.from)
		}
		wantRange := ""
		if c.status == 206 {
			wantRange = fmt.Sprintf("bytes %d-%d/10000", c.from, c.to-1)
		}
		if got := res.header.Get("Content-Range"); got != wantRange {
			t.Errorf("%s: Content-Range %q, want %q", c.name, got, wantRange)
		}
		for name, want := range map[string]string{"Etag": etag, "Accept-Ranges": "bytes", "Content-Type": "video/mp4",
			"X-Content-Type-Options": "nosniff", "Content-Length": fmt.Sprint(c.to - c.from)} {
			if got := res.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", c.name, name, got, want)
			}
		}
		if !strings.HasPrefix(res.header.Get("Content-Disposition"), "inline; filename=") {
			t.Errorf("%s: Content-Disposition %q", c.name, res.header.Get("Content-Disposition"))
		}
	}
	w.officer.send("GET", path, nil, "If-Match", `"other"`).fails(412, "request.precondition_failed")
	for _, list := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
		if res := w.officer.send("GET", path, nil, "If-None-Match", list).want(304); len(res.body) != 0 || res.header.Get("Etag") != etag {
			t.Errorf("If-None-Match %s: %d bytes, ETag %q", list, len(res.body), res.header.Get("Etag"))
		}
	}
	head := w.officer.send("HEAD", path, nil, "Range", "bytes=1-2").want(200)
	if head.header.Get("Content-Length") != "10000" || head.header.Get("Etag") != etag || len(head.body) != 0 {
		t.Errorf("HEAD: %v", head.header)
	}
}

func TestWhatIsNotHeldCannotBePlayed(t *testing.T) {
	w := newWorld(t)
	w.officer.send("GET", "/v1/evidence/"+w.announce(street, []byte("x"))+"/content", nil).fails(404, "evidence.not_held")
}

func TestThePDFOfAPaperIsGivenOut(t *testing.T) {
	w := newWorld(t)
	pdf := []byte("%PDF-1.7 rendered")
	id := w.paper("issued", pdf)
	res := w.officer.send("GET", "/v1/documents/"+id+"/pdf", nil).want(200)
	if !bytes.Equal(res.body, pdf) || res.header.Get("Content-Type") != "application/pdf" || !strings.Contains(res.header.Get("Content-Disposition"), id+".pdf") {
		t.Errorf("%v %q", res.header, res.body)
	}
	w.officer.send("GET", "/v1/documents/"+id+"/pdf", nil, "If-None-Match", res.header.Get("Etag")).want(304)
	w.officer.send("GET", "/v1/documents/"+w.paper("draft", nil)+"/pdf", nil).fails(404, "document.not_rendered")
	w.stranger.send("GET", "/v1/documents/"+id+"/pdf", nil).fails(404, "request.not_found")
}

// Who gets the file of a paper is told what has become of it, by headers: with a file that is there already too. Of a void paper the marked copy is kept, and what was
// handed over can be had; a paper in force has no marked copy.
func TestDownloadsTellTheStandingOfAPaper(t *testing.T) {
	w := newWorld(t)
	id, later := w.paper("issued", []byte("%PDF-1.7 rendered")), newID()
	path := "/v1/documents/" + id + "/pdf"
	if res := w.officer.send("GET", path, nil).want(200); res.header.Get("Paper-State") != "issued" || res.header.Get("Link") != "" {
		t.Errorf("%v", res.header)
	}
	w.officer.send("GET", path+"?form=marked", nil).fails(409, "document.in_force")
	w.own(push.ServerOp{Collection: "documents", Record: id, Action: record.Update, Patch: record.Object{"correctedBy": record.Object{"document": later, "at": "2026-11-26T00:00:00Z"}}})
	res := w.officer.send("GET", path, nil).want(200)
	same := w.officer.send("GET", path, nil, "If-None-Match", res.header.Get("Etag")).want(304)
	for _, r := range []*reply{res, same, w.officer.send("GET", path+"?form=receipt", nil).want(200)} {
		if r.header.Get("Paper-State") != "corrected" || !strings.HasSuffix(r.header.Get("Link"), "/v1/documents/"+later+`/pdf>; rel="successor-version"`) {
			t.Errorf("%v", r.header)
		}
	}
	w.officer.send("GET", path+"?form=marked", nil).fails(409, "export.paper_unfit") // the test's file is none of ours
	w.stranger.send("GET", path+"?form=marked", nil).fails(404, "request.not_found")

	void := w.paper("voided", []byte("%PDF-1.7 marked"))
	first := []byte("%PDF-1.7 as handed over")
	sum := sha256.Sum256(first)
	digest := evidence.Digest{Length: int64(len(first)), SHA256: hex.EncodeToString(sum[:])}
	key := evidence.Key(evidence.Papers, digest.SHA256)
	w.must(w.deps.Blobs.Put(context.Background(), key, digest, bytes.NewReader(first)))
	w.own(push.ServerOp{Collection: "documents", Record: void, Action: record.Update, Patch: record.Object{"rendered": record.Object{"state": "voided",
		"issued": record.Object{"state": "issued", "key": key, "sha256": digest.SHA256, "length": float64(digest.Length)}}}})
	for form, want := range map[string]string{"": "%PDF-1.7 marked", "?form=pdf": "%PDF-1.7 marked", "?form=issued": string(first)} {
		if res := w.officer.send("GET", "/v1/documents/"+void+"/pdf"+form, nil).want(200); string(res.body) != want || res.header.Get("Paper-State") != "voided" {
			t.Errorf("%s: %q %v", form, res.body, res.header)
		}
	}
	if res := w.officer.send("GET", path+"?form=issued", nil).want(200); string(res.body) != "%PDF-1.7 rendered" {
		t.Errorf("%q", res.body)
	}
}

// A paper that cannot be rendered says so, and what to do, and not that it is still to come.
func TestAPaperThatCannotBeRendered(t *testing.T) {
	w := newWorld(t)
	id := w.paper("issued", nil)
	w.own(push.ServerOp{Collection: "documents", Record: id, Action: record.Update, Patch: record.Object{"rendered": record.Object{"state": "issued", "failure": "paper.too_large", "at": "2026-11-25T01:00:01Z"}}})
	for _, form := range []string{"", "?form=issued"} {
		res := w.officer.send("GET", "/v1/documents/"+id+"/pdf"+form, nil)
		res.fails(413, "paper.too_large")
		if text := string(res.body); !strings.Contains(text, "纸质文书照常有效") || !strings.Contains(text, "issue a shorter paper") {
			t.Errorf("%s", text)
		}
	}
}

// A paper can be had for a roll and to be edited, by who may have the paper.
func TestOtherFormsOfAPaper(t *testing.T) {
	w := newWorld(t)
	id := w.paper("issued", []byte("%PDF-1.7 rendered"))
	path := "/v1/documents/" + id + "/pdf?form="
	for form, want := range map[string][3]string{"receipt": {"%PDF-", "application/pdf", id + ".pdf"},
		"docx": {"PK", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", id + ".docx"}} {
		res := w.officer.send("GET", path+form, nil).want(200)
		if !strings.HasPrefix(string(res.body), want[0]) || res.header.Get("Content-Type") != want[1] || !strings.Contains(res.header.Get("Content-Disposition"), want[2]) {
			t.Errorf("%s: %v, %d bytes", form, res.header, len(res.body))
		}
		w.officer.send("GET", path+form, nil, "If-None-Match", res.header.Get("Etag")).want(304)
		if part := w.officer.send("GET", path+form, nil, "Range", "bytes=1-4").want(206); string(part.body) != string(res.body[1:5]) {
			t.Errorf("%s: a range is %q", form, part.body)
		}
		w.stranger.send("GET", path+form, nil).fails(404, "request.not_found")
		w.officer.send("GET", "/v1/documents/"+w.paper("draft", nil)+"/pdf?form="+form, nil).fails(404, "document.not_rendered")
	}
	if res := w.officer.send("GET", path+"pdf", nil).want(200); string(res.body) != "%PDF-1.7 rendered" {
		t.Errorf("%q", res.body)
	}
	w.officer.send("GET", path+"odt", nil).fails(400, "request.field_invalid")
	w.stranger.send("GET", path+"odt", nil).fails(404, "request.not_found")
}

// A copy that is marked is asked for by name, of a kind that is made in copies and of the page alone; what cannot be marked is said so, and so is why there is no page.
func TestCopiesOfAPaper(t *testing.T) {
	w := newWorld(t)
	template := w.put("templates", record.Object{"kind": "inspection-notice", "name": "行政检查通知书", "version": 1.0, "validFrom": "2026-01-01", "fields": record.Object{}, "layout": record.Object{}})
	notice := func(rendered record.Object) string {
		return w.put("documents", record.Object{"unit": street, "kind": "inspection-notice", "template": template, "templateVersion": 1.0, "state": "issued", "issuedAt": "2026-11-24T03:00:00Z",
			"data": record.Object{}, "rendered": rendered})
	}
	path := "/v1/documents/" + notice(record.Object{"state": "issued", "sha256": strings.Repeat("0a", 32)}) + "/pdf?copy="
	w.officer.send("GET", path+"served", nil).fails(404, "document.not_rendered") // it is said to be there, and no file is named
	w.officer.send("GET", path+"report", nil).fails(400, "request.field_invalid")
	w.officer.send("GET", path+"served&form=docx", nil).fails(400, "request.field_invalid")
	w.stranger.send("GET", path+"served", nil).fails(404, "request.not_found")
	w.officer.send("GET", "/v1/documents/"+notice(nil)+"/pdf?copy=file", nil).fails(404, "document.not_rendered")
	w.officer.send("GET", "/v1/documents/"+w.paper("issued", []byte("%PDF-1.7"))+"/pdf?copy=file", nil).fails(400, "request.field_invalid")
	failed := "/v1/documents/" + notice(record.Object{"state": "issued", "failure": "paper.picture_unfit", "failureAt": "data/photos/a"}) + "/pdf"
	w.officer.send("GET", failed, nil).fails(409, "paper.picture_unfit")
	w.officer.send("GET", failed+"?copy=file", nil).fails(409, "paper.picture_unfit")
}

// paper puts a paper; issued and voided ones get a number, and with bytes, a rendering.
func (w *world) paper(state string, pdf []byte) string {
	w.t.Helper()
	template := w.put("templates", record.Object{"kind": "record", "name": "现场检查笔录", "version": 1.0, "validFrom": "2026-01-01",
		"fields": record.Object{}, "layout": record.Object{}})
	body := record.Object{"unit": street, "kind": "record", "template": template, "templateVersion": 1.0, "state": state,
		"data": record.Object{"party": "绝密当事人"}}
	if state != "draft" {
		body["state"] = "issued"
		body["number"] = record.Object{"series": "s-" + newID(), "n": 7.0, "text": "津河东大王庄检〔2026〕7号"}
		body["issuedAt"] = "2026-11-25T01:00:00Z"
	}
	id := w.put("documents", body)
	patch := record.Object{}
	if pdf != nil {
		sum := sha256.Sum256(pdf)
		digest := evidence.Digest{Length: int64(len(pdf)), SHA256: hex.EncodeToString(sum[:])}
		key := evidence.Key(evidence.Papers, digest.SHA256)
		w.must(w.deps.Blobs.Put(context.Background(), key, digest, bytes.NewReader(pdf)))
		patch["rendered"] = record.Object{"sha256": digest.SHA256, "length": float64(digest.Length), "pages": 1.0, "key": key,
			"renderer": "test", "at": "2026-11-25T01:00:01Z"}
	}
	if state == "voided" {
		patch["state"], patch["voidReason"] = "voided", "填写错误"
	}
	if len(patch) > 0 {
		w.own(push.ServerOp{Collection: "documents", Record: id, Action: record.Update, Patch: patch})
	}
	return id
}

// brokenStore is a blob store whose reads fail as told.
type brokenStore struct {
	evidence.Blobs
	open  error
	after int64 // bytes until a read fails; 0: never
	size  int64 // of an endless zero file, if set
	shut  chan struct{}
}

func (b *brokenStore) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	if b.open != nil {
		return nil, b.open
	}
	if b.size > 0 {
		return &zeros{ctx: ctx, left: n, shut: b.shut}, nil
	}
	r, err := b.Blobs.OpenRange(ctx, key, from, n)
	if b.after == 0 || err != nil {
		return r, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(r, b.after), tally(func([]byte) (int, error) { return 0, errors.New("disk gone") })), r}, nil
}

// zeros is a file of so many zeros; closing it is told.
type zeros struct {
	ctx  context.Context
	left int64
	shut chan struct{}
}

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

func (z *zeros) Close() error {
	z.shut <- struct{}{}
	return nil
}

// playOn lets a world play from another store.
func playOn(store *brokenStore) func(*api.Deps) {
	return func(d *api.Deps) {
		store.Blobs = d.Blobs
		d.Uploads.Blobs = store
	}
}

func TestAStoreThatIsDownIsAProblemAndOneThatBreaksIsACutReply(t *testing.T) {
	store := &brokenStore{open: fault.New(fault.TemporarilyDown).Because(errors.New("secret host 10.0.0.5"))}
	w := newWorld(t, playOn(store))
	content := noise(300_000)
	path := "/v1/evidence/" + w.hold(street, content) + "/content?reason=test"
	res := w.officer.send("GET", path, nil)
	res.fails(503, "service.unavailable")
	if res.header.Get("Retry-After") == "" || strings.Contains(string(res.body), "secret") || res.header.Get("Etag") != "" {
		t.Errorf("%v %s", res.header, res.body)
	}
	store.open, store.after = nil, 100_000
	req, err := http.NewRequest("GET", "http://"+w.address+path, nil)
	w.must(err)
	req.Header = w.officer.credentials("GET", path)
	got, err := client.Do(req)
	w.must(err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err == nil || len(text) >= len(content) {
		t.Errorf("a reply of %d bytes ended with %v, want it cut", len(text), err)
	}
}

func TestPlaybackTakesNoMemoryAndLetsGoOfTheFile(t *testing.T) {
	const size = 1 << 30
	store := &brokenStore{shut: make(chan struct{}, 4)}
	w := newWorld(t, playOn(store))
	digest := sha256.New()
	_, err := io.CopyN(digest, &zeros{left: size, shut: make(chan struct{}, 1)}, size)
	w.must(err)
	id := w.put("evidence", record.Object{"unit": street, "kind": "video", "officer": w.officer.officer, "mime": "video/mp4",
		"startedAt": "2026-11-25T01:00:00Z", "endedAt": "2026-11-25T01:01:00Z", "length": float64(size), "sha256": hex.EncodeToString(digest.Sum(nil))})
	w.own(push.ServerOp{Collection: "evidence", Record: id, Action: record.Update, Patch: record.Object{"custody": record.Object{"state": "held", "key": "k"}}})
	store.size = size
	path := "/v1/evidence/" + id + "/content?reason=test"
	ask := func() *http.Response {
		req, err := http.NewRequest("GET", "http://"+w.address+path, nil)
		w.must(err)
		req.Header = w.officer.credentials("GET", path)
		res, err := client.Do(req)
		w.must(err)
		return res
	}
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	res := ask()
	n, err := io.Copy(io.Discard, res.Body)
	w.must(err)
	w.must(res.Body.Close())
	runtime.ReadMemStats(&during)
	if n != size {
		t.Errorf("%d bytes came", n)
	}
	if grown := during.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
		t.Errorf("1 GiB was played with %d bytes of allocations", grown)
	}
	w.closed(store.shut)
	res = ask() // a client that goes away in the middle
	_, err = io.CopyN(io.Discard, res.Body, 1<<20)
	w.must(err)
	w.must(res.Body.Close())
	w.closed(store.shut)
}

func (w *world) closed(shut chan struct{}) {
	w.t.Helper()
	select {
	case <-shut:
	case <-time.After(30 * time.Second):
		w.t.Fatal("the file was not closed")
	}
}
