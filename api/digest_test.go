package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// A device finds what differs by the digests and asks for just that; what is not its own answers as what is not there.
func TestComparingAFeed(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for i := range 30 {
		ids = append(ids, w.put("subjects", record.Object{"kind": "household", "name": fmt.Sprint("店", i), "unit": street}))
	}
	foreignID := w.put("subjects", record.Object{"kind": "household", "name": "别处", "unit": foreign})
	path := "/v1/sync/digests/unit/" + street
	var told wire.FeedDigest
	w.officer.send("GET", path, nil).want(200).into(&told)
	if told.Feed != "unit/"+street || told.Count != 30 || told.Head != 30 {
		t.Fatalf("%+v", told)
	}
	w.officer.send("HEAD", path, nil).want(200)
	bucket := wire.BucketOf(ids[7]).String()
	var list wire.DigestList
	w.officer.send("POST", path, wire.DigestQuery{Head: told.Head, Buckets: []string{bucket}}).want(200).into(&list)
	sums := &wire.Sums{}
	for _, r := range list.Records {
		sums.Add(wire.BucketOf(r.ID), r.Digest)
	}
	if sum := sums.Buckets[wire.BucketOf(ids[7])]; sum != told.Buckets[bucket] || list.Next != 0 {
		t.Errorf("the list of bucket %s comes to %x", bucket, sum)
	}
	var some wire.RecordsReply
	w.officer.send("POST", "/v1/sync/records", wire.RecordsQuery{Feed: "unit/" + street, IDs: []string{ids[7], foreignID, newID()}}).want(200).into(&some)
	if c := some.Changes; len(c) != 3 || c[0].ID != ids[7] || c[0].Version != 1 || c[1].Gone != "moved" || c[2].Gone != "moved" || c[1].Collection != "" {
		t.Errorf("%+v", some)
	}

	for _, who := range []*person{w.officer, w.leader} {
		who.send("GET", "/v1/sync/digests/unit/"+foreign, nil).fails(404, "pull.feed_not_found")
		who.send("GET", "/v1/sync/digests/unit/999", nil).fails(404, "pull.feed_not_found")
		who.send("POST", "/v1/sync/digests/unit/"+foreign, wire.DigestQuery{Buckets: []string{"00"}}).fails(404, "pull.feed_not_found")
		who.send("POST", "/v1/sync/records", wire.RecordsQuery{Feed: "unit/" + foreign, IDs: []string{foreignID}}).fails(404, "pull.feed_not_found")
	}
	w.officer.send("POST", path, wire.DigestQuery{Head: told.Head - 1, Buckets: []string{bucket}}).fails(409, "digest.head_moved")
	for body, code := range map[string]string{`{"head":30,"buckets":["zz"]}`: "request.field_invalid", `{"head":30,"buckets":[]}`: "request.field_invalid",
		`{"head":-1,"buckets":["00"]}`: "request.malformed", `{"head":30,"buckets":"00"}`: "request.malformed", `[]`: "request.malformed",
		`{"head":30,"buckets":["00"],"more":1}`: "request.malformed"} {
		w.officer.send("POST", path, []byte(body), "Content-Type", "application/json").fails(400, code)
	}
	w.officer.send("POST", "/v1/sync/records", []byte(`{"feed":"unit/`+street+`","ids":["../x"]}`), "Content-Type", "application/json").fails(400, "request.field_invalid")
}

// Pages come in the encoding that is asked for, when they are large enough to be worth it.
func TestPagesAreCompressed(t *testing.T) {
	w := newWorld(t)
	ask := func(encoding string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequest("POST", "http://"+w.address+"/v1/sync/pull", strings.NewReader(`{}`))
		w.must(err)
		req.Header = w.officer.credentials("POST", "/v1/sync/pull")
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept-Encoding", encoding)
		res, err := client.Do(req)
		w.must(err)
		defer res.Body.Close()
		text, err := io.ReadAll(plain(t, res))
		w.must(err)
		var reply wire.PullReply
		w.must(json.Unmarshal(text, &reply))
		if res.StatusCode != 200 || res.Header.Get("Vary") != "Accept-Encoding" || len(reply.Changes) == 0 {
			t.Errorf("%d: %v, %d changes", res.StatusCode, res.Header, len(reply.Changes))
		}
		return res, canonical(t, reply.Changes)
	}
	for range 30 {
		w.put("subjects", record.Object{"kind": "household", "name": "店", "unit": street, "address": strings.Repeat("路", 30)})
	}
	_, want := ask("identity")
	for _, encoding := range []string{"gzip", "zstd", "br", "zstd;q=0.1, gzip;q=0.2"} {
		res, got := ask(encoding)
		if e := res.Header.Get("Content-Encoding"); got != want || e != map[string]string{"gzip": "gzip", "zstd": "zstd", "zstd;q=0.1, gzip;q=0.2": "gzip"}[encoding] {
			t.Errorf("asked for %q: encoding %q, the same page: %v", encoding, e, got == want)
		}
	}
}
