package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// feedOf is a reader whose feeds have n invented records, and which breaks after some.
type feedOf struct {
	pull.Reader
	n, breaks int
	panics    bool
	ended     chan error
}

func (f *feedOf) Heads(context.Context, []string) (map[string]uint64, error) {
	return map[string]uint64{"unit/" + street: uint64(f.n)}, nil
}

func (f *feedOf) Each(_ context.Context, feed string, after, upTo uint64, fn func(pull.Change) error) error {
	err := f.walk(feed, after, upTo, fn)
	if f.ended != nil {
		f.ended <- err
	}
	return err
}

// Changes is how a snapshot that was cut goes on.
func (f *feedOf) Changes(_ context.Context, feed string, after uint64, limit int) (page []pull.Change, head uint64, err error) {
	upTo := min(uint64(f.n), after+uint64(limit))
	err = f.walk(feed, after, upTo, func(c pull.Change) error {
		page = append(page, c)
		return nil
	})
	return page, uint64(f.n), err
}

func (f *feedOf) walk(feed string, after, upTo uint64, fn func(pull.Change) error) error {
	for seq := after + 1; seq <= upTo; seq++ {
		if f.breaks > 0 && int(seq) > f.breaks {
			if f.panics {
				panic("walk")
			}
			return errors.New("database gone")
		}
		body := fmt.Appendf(nil, `{"name":"企业 %d","note":"%x"}`, seq, seq*2654435761)
		if err := fn(pull.Change{Feed: feed, Seq: seq, Collection: "subjects", ID: "id", Version: 1, Body: body}); err != nil {
			return err
		}
	}
	return nil
}

func reading(f *feedOf) func(*api.Deps) {
	return func(d *api.Deps) {
		f.Reader = d.Pull.Reader
		d.Pull.Reader = f
	}
}

// snapshot asks for the street's feed in an encoding.
func (p *person) snapshot(encoding, query string) *http.Response {
	p.w.t.Helper()
	path := "/v1/sync/snapshot/unit/" + street + query
	req, err := http.NewRequest("GET", "http://"+p.w.address+path, nil)
	p.w.must(err)
	req.Header = p.credentials("GET", path)
	if encoding != "" {
		req.Header.Set("Accept-Encoding", encoding)
	}
	res, err := client.Do(req)
	p.w.must(err)
	return res
}

// plain undoes the encoding of a reply.
func plain(t *testing.T, res *http.Response) io.Reader {
	t.Helper()
	switch encoding := res.Header.Get("Content-Encoding"); encoding {
	case "":
		return res.Body
	case "gzip":
		r, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r
	case "zstd":
		r, err := zstd.NewReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		return r
	default:
		t.Fatalf("encoding %q", encoding)
		return nil
	}
}

func TestASnapshotComesInTheEncodingThatIsAsked(t *testing.T) {
	w := newWorld(t, reading(&feedOf{n: 3000}))
	for asked, want := range map[string]string{"": "", "identity": "", "gzip": "gzip", "zstd": "zstd", "gzip, zstd": "zstd", "br;q=1.0, gzip;q=0.5": "gzip",
		"zstd;q=0, gzip": "gzip", "zstd;q=0.0": "", "GZIP": "gzip", "*": ""} {
		res := w.officer.snapshot(asked, "")
		if got := res.Header.Get("Content-Encoding"); got != want || res.Header.Get("Content-Type") != "application/x-ndjson" || res.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("asked %q, got %q: %v", asked, got, res.Header)
		}
		lines := 0
		scan := bufio.NewScanner(plain(t, res))
		last := ""
		for scan.Scan() {
			lines, last = lines+1, scan.Text()
		}
		w.must(scan.Err())
		res.Body.Close()
		if lines != 3000+6+1 || !strings.Contains(last, `"end"`) {
			t.Errorf("asked %q: %d lines, the last %q", asked, lines, last)
		}
	}
	res := w.officer.snapshot("zstd", "?after=2990")
	defer res.Body.Close()
	text, err := io.ReadAll(plain(t, res))
	w.must(err)
	if n := bytes.Count(text, []byte("\n")); n != 10+1+1 {
		t.Errorf("after 2990: %d lines: %s", n, text)
	}
}

func TestASnapshotThatFailsDoesNotLookWhole(t *testing.T) {
	for _, panics := range []bool{false, true} {
		w := newWorld(t, reading(&feedOf{n: 60_000, breaks: 50_000, panics: panics}))
		for _, encoding := range []string{"identity", "gzip", "zstd"} {
			res := w.officer.snapshot(encoding, "")
			if res.StatusCode != 200 {
				t.Fatalf("status %d", res.StatusCode)
			}
			text, err := io.ReadAll(plain(t, res))
			res.Body.Close()
			if err == nil || bytes.Contains(text, []byte(`"end"`)) {
				t.Errorf("%s: %d bytes ended with %v", encoding, len(text), err)
			}
		}
		w.send("GET", "/healthz", nil, nil).want(200)
	}
}

func TestASnapshotThatFailsBeforeItBeginsIsAProblem(t *testing.T) {
	w := newWorld(t, reading(&feedOf{n: 10, breaks: 5}))
	res := w.officer.send("GET", "/v1/sync/snapshot/unit/"+street, nil, "Accept-Encoding", "gzip")
	res.fails(500, "internal")
	if res.header.Get("Content-Encoding") != "" {
		t.Error("the problem claims an encoding")
	}
	w.officer.send("GET", "/v1/sync/snapshot/unit/"+street+"?after=-1", nil).fails(400, "request.field_invalid")
	w.officer.send("GET", "/v1/sync/snapshot/unit/"+street+"?after=1e3", nil).fails(400, "request.field_invalid")
	w.officer.send("GET", "/v1/sync/snapshot/unit/"+street+"?cursor=forged", nil).fails(400, "pull.cursor_invalid")
	w.officer.send("HEAD", "/v1/sync/snapshot/unit/"+street, nil).want(200)
	w.officer.send("HEAD", "/v1/sync/snapshot/unit/"+foreign, nil).fails(404, "pull.feed_not_found")
}

func TestASnapshotTakesNoMemoryAndEndsWithItsClient(t *testing.T) {
	feed := &feedOf{n: 1 << 40, ended: make(chan error, 4)} // it never ends by itself
	w := newWorld(t, reading(feed))
	res := w.officer.snapshot("identity", "")
	var before, after runtime.MemStats
	_, err := io.CopyN(io.Discard, res.Body, 1<<20)
	w.must(err)
	runtime.GC()
	runtime.ReadMemStats(&before)
	_, err = io.CopyN(io.Discard, res.Body, 64<<20)
	w.must(err)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > before.HeapAlloc+4<<20 {
		t.Errorf("64 MiB of snapshot hold %d bytes", after.HeapAlloc-before.HeapAlloc)
	}
	w.must(res.Body.Close())
	select {
	case err := <-feed.ended:
		if err == nil {
			t.Error("an endless walk ended well")
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the walk goes on without its client")
	}
}
