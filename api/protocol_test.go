package api_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

func checksum(algorithm string, content []byte) string {
	if algorithm == "sha1" {
		sum := sha1.Sum(content)
		return "sha1 " + base64.StdEncoding.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(content)
	return algorithm + " " + base64.StdEncoding.EncodeToString(sum[:])
}

func TestTusTellsWhatItSpeaks(t *testing.T) {
	w := newWorld(t)
	h := w.send("OPTIONS", "/v1/uploads", nil, nil).want(204).header
	for name, want := range map[string]string{"Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0", "Tus-Checksum-Algorithm": "sha256,sha1",
		"Tus-Extension": "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation", "Tus-Max-Size": fmt.Sprint(64 << 30)} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestAnUploadFromBeginningToEnd(t *testing.T) {
	w := newWorld(t)
	content := noise(30_000)
	id := w.announce(street, content)
	made := w.officer.send("POST", "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "30000", "Upload-Metadata", "evidence "+b64(id)+",filename "+b64("录像.mp4")).want(201)
	location := made.header.Get("Location")
	if !strings.HasPrefix(location, "http://"+w.address+"/v1/uploads/") || made.header.Get("Tus-Resumable") != "1.0.0" ||
		made.header.Get("Upload-Offset") != "0" || made.header.Get("Upload-Expires") == "" {
		t.Fatalf("created: %v", made.header)
	}
	path := strings.TrimPrefix(location, "http://"+w.address)
	first := w.officer.send("PATCH", path, content[:10_000], append(chunkHeaders(0), "Upload-Checksum", checksum("sha1", content[:10_000]))...).want(204)
	if first.header.Get("Upload-Offset") != "10000" || first.header.Get("Upload-Expires") == "" || len(first.body) != 0 {
		t.Errorf("first chunk: %v", first.header)
	}
	status := w.officer.send("HEAD", path, nil, "Tus-Resumable", "1.0.0").want(200)
	for name, want := range map[string]string{"Upload-Offset": "10000", "Upload-Length": "30000", "Cache-Control": "no-store", "Upload-Metadata": "evidence " + b64(id) + ",filename " + b64("录像.mp4")} {
		if got := status.header.Get(name); got != want {
			t.Errorf("HEAD: %s %q, want %q", name, got, want)
		}
	}
	w.officer.send("PATCH", path, content[10_000:20_000], append(chunkHeaders(10_000), "Upload-Checksum", checksum("sha256", content[:10_000]))...).
		fails(460, "upload.checksum_mismatch")
	if got := w.officer.offset(path[len("/v1/uploads/"):]); got != 10_000 {
		t.Errorf("a chunk with a wrong checksum was kept: offset %d", got)
	}
	last := w.officer.send("POST", path, content[10_000:], append(chunkHeaders(10_000), "X-HTTP-Method-Override", "PATCH")...)
	last.fails(401, "token.proof_invalid") // the proof must be for the method that is meant
	h := w.officer.credentials("PATCH", path)
	for i, headers := 0, append(chunkHeaders(10_000), "X-HTTP-Method-Override", "PATCH"); i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	w.send("POST", path, content[10_000:], h).want(204)
	w.officer.send("DELETE", path, nil, "Tus-Resumable", "1.0.0").fails(409, "upload.sealed")
	again := w.officer.send("POST", "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "30000", "Upload-Metadata", "evidence "+b64(id)).want(201)
	if again.header.Get("Location") != location || again.header.Get("Upload-Offset") != "30000" {
		t.Errorf("created again: %v", again.header)
	}
}

func TestBytesMayComeWithTheCreation(t *testing.T) {
	w := newWorld(t)
	content := noise(5000)
	create := []string{"Tus-Resumable", "1.0.0", "Upload-Length", "5000", "Content-Type", "application/offset+octet-stream",
		"Upload-Metadata", "evidence " + b64(w.announce(street, content))}
	res := w.officer.send("POST", "/v1/uploads", content[:2000], append(create, "Upload-Checksum", checksum("sha256", content[:2000]))...).want(201)
	if res.header.Get("Upload-Offset") != "2000" {
		t.Errorf("offset %q", res.header.Get("Upload-Offset"))
	}
	// A client that lost that answer does it again: the bytes that are there stay, those that come are not read.
	res = w.officer.send("POST", "/v1/uploads", content[:2000], create...).want(201)
	if res.header.Get("Upload-Offset") != "2000" {
		t.Errorf("again: offset %q", res.header.Get("Upload-Offset"))
	}
	wrong := noise(100)
	res = w.officer.send("POST", "/v1/uploads", wrong[:50], "Tus-Resumable", "1.0.0", "Upload-Length", "100", "Content-Type", "application/offset+octet-stream",
		"Upload-Metadata", "evidence "+b64(w.announce(street, wrong)), "Upload-Checksum", checksum("sha256", wrong))
	res.fails(460, "upload.checksum_mismatch")
	if res.header.Get("Upload-Offset") != "0" || res.header.Get("Location") == "" {
		t.Errorf("a chunk that does not match: %v", res.header)
	}
}

func TestAnUploadTakesNoMemory(t *testing.T) {
	const size = 64 << 20
	w := newWorld(t)
	sum := sha256.New()
	_, err := io.Copy(sum, &zeros{left: size})
	w.must(err)
	evidence := w.put("evidence", record.Object{"unit": street, "kind": "video", "officer": w.officer.officer, "mime": "video/mp4",
		"startedAt": "2026-11-25T01:00:00Z", "endedAt": "2026-11-25T01:01:00Z", "length": float64(size), "sha256": hex.EncodeToString(sum.Sum(nil))})
	path := "/v1/uploads/" + w.officer.begin(evidence, size)
	req, err := http.NewRequest("PATCH", "http://"+w.address+path, &zeros{left: size, shut: make(chan struct{}, 1)})
	w.must(err)
	req.ContentLength = size
	req.Header = w.officer.credentials("PATCH", path)
	for i, h := 0, chunkHeaders(0); i < len(h); i += 2 {
		req.Header.Set(h[i], h[i+1])
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	res, err := client.Do(req)
	w.must(err)
	w.must(res.Body.Close())
	runtime.ReadMemStats(&after)
	if res.StatusCode != 204 || w.officer.offset(path[len("/v1/uploads/"):]) != size {
		t.Errorf("status %d", res.StatusCode)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 { // client, server and log together
		t.Errorf("64 MiB were uploaded with %d bytes of allocations", grown)
	}
}

func TestAnUploadCanBeGivenUp(t *testing.T) {
	w := newWorld(t)
	content := noise(100)
	path := "/v1/uploads/" + w.officer.begin(w.announce(street, content), 100)
	w.officer.send("DELETE", path, nil, "Tus-Resumable", "1.0.0").want(204)
	for _, method := range []string{"HEAD", "PATCH", "DELETE"} {
		res := w.officer.send(method, path, nil, chunkHeaders(0)...)
		res.fails(410, "upload.ended")
		if res.header.Get("Upload-Offset") != "" {
			t.Errorf("%s tells an offset of an upload that has ended", method)
		}
	}
}

func TestTusRefuses(t *testing.T) {
	w := newWorld(t)
	content := noise(100)
	id := w.announce(street, content)
	path := "/v1/uploads/" + w.officer.begin(id, 100)
	other := b64(w.announce(street, noise(101)))
	good := map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": "101", "Upload-Metadata": "evidence " + other}
	chunk := map[string]string{"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
	for _, c := range []struct {
		name, method string
		base         map[string]string
		change       []string // header, value
		body         []byte
		status       int
		code         string
	}{
		{"no version", "POST", good, []string{"Tus-Resumable", ""}, nil, 412, "upload.version_unsupported"},
		{"old version", "PATCH", chunk, []string{"Tus-Resumable", "0.2.2"}, nil, 412, "upload.version_unsupported"},
		{"old version", "HEAD", chunk, []string{"Tus-Resumable", "0.2.2"}, nil, 412, "upload.version_unsupported"},
		{"old version", "DELETE", chunk, []string{"Tus-Resumable", "0.2.2"}, nil, 412, "upload.version_unsupported"},
		{"no length", "POST", good, []string{"Upload-Length", ""}, nil, 400, "request.header_invalid"},
		{"deferred length", "POST", good, []string{"Upload-Defer-Length", "1"}, nil, 400, "request.header_invalid"},
		{"negative length", "POST", good, []string{"Upload-Length", "-1"}, nil, 400, "request.header_invalid"},
		{"length of letters", "POST", good, []string{"Upload-Length", "1e3"}, nil, 400, "request.header_invalid"},
		{"length without end", "POST", good, []string{"Upload-Length", strings.Repeat("9", 40)}, nil, 400, "request.header_invalid"},
		{"length too large", "POST", good, []string{"Upload-Length", fmt.Sprint(64<<30 + 1)}, nil, 413, "request.too_large"},
		{"another length", "POST", good, []string{"Upload-Length", "5"}, nil, 409, "upload.length_mismatch"},
		{"no metadata", "POST", good, []string{"Upload-Metadata", ""}, nil, 400, "request.header_invalid"},
		{"metadata not base64", "POST", good, []string{"Upload-Metadata", "evidence !!!"}, nil, 400, "request.header_invalid"},
		{"metadata twice", "POST", good, []string{"Upload-Metadata", "evidence " + other + ",evidence " + other}, nil, 400, "request.header_invalid"},
		{"metadata of another", "POST", good, []string{"Upload-Metadata", "evidence " + b64("../../etc/passwd")}, nil, 400, "request.header_invalid"},
		{"unknown evidence", "POST", good, []string{"Upload-Metadata", "evidence " + b64(newID())}, nil, 404, "request.not_found"},
		{"bytes of no type", "POST", good, nil, []byte("x"), 415, "request.media_type_refused"},
		{"no type", "PATCH", chunk, []string{"Content-Type", ""}, []byte("x"), 415, "request.media_type_refused"},
		{"other type", "PATCH", chunk, []string{"Content-Type", "application/octet-stream"}, []byte("x"), 415, "request.media_type_refused"},
		{"no offset", "PATCH", chunk, []string{"Upload-Offset", ""}, []byte("x"), 400, "request.header_invalid"},
		{"negative offset", "PATCH", chunk, []string{"Upload-Offset", "-1"}, []byte("x"), 400, "request.header_invalid"},
		{"other offset", "PATCH", chunk, []string{"Upload-Offset", "1"}, []byte("x"), 409, "upload.offset_mismatch"},
		{"too long", "PATCH", chunk, nil, noise(101), 413, "upload.too_long"},
		{"checksum of nothing", "PATCH", chunk, []string{"Upload-Checksum", "sha256"}, []byte("x"), 400, "request.header_invalid"},
		{"checksum not base64", "PATCH", chunk, []string{"Upload-Checksum", "sha256 ???"}, []byte("x"), 400, "request.header_invalid"},
		{"checksum too short", "PATCH", chunk, []string{"Upload-Checksum", "sha256 AAAA"}, []byte("x"), 400, "request.header_invalid"},
		{"checksum by MD5", "PATCH", chunk, []string{"Upload-Checksum", "md5 1B2M2Y8AsgTpgAmY7PhCfg=="}, []byte("x"), 400, "upload.checksum_unsupported"},
		{"wrong checksum", "PATCH", chunk, []string{"Upload-Checksum", checksum("sha256", []byte("y"))}, []byte("x"), 460, "upload.checksum_mismatch"},
	} {
		target := path
		if c.method == "POST" {
			target = "/v1/uploads"
		}
		h := w.officer.credentials(c.method, target)
		for name, value := range c.base {
			h.Set(name, value)
		}
		if len(c.change) == 2 {
			h.Set(c.change[0], c.change[1])
			if c.change[1] == "" {
				h.Del(c.change[0])
			}
		}
		var body any
		if c.body != nil {
			body = c.body
		}
		res := w.send(c.method, target, body, h)
		if p := res.fails(c.status, c.code); t.Failed() {
			t.Fatalf("%s (%s): %+v", c.name, c.method, p)
		}
		if c.status == http.StatusPreconditionFailed && res.header.Get("Tus-Version") != "1.0.0" {
			t.Errorf("%s: the version to speak is not told", c.name)
		}
		if got := w.officer.offset(path[len("/v1/uploads/"):]); got != 0 {
			t.Fatalf("%s: offset %d", c.name, got)
		}
	}
}

func TestBytesThatAreNotWhatWasAnnouncedAreAMismatch(t *testing.T) {
	w := newWorld(t)
	content := noise(100)
	path := "/v1/uploads/" + w.officer.begin(w.announce(street, content), 100)
	content[50] ^= 1
	w.officer.send("PATCH", path, content, chunkHeaders(0)...).fails(409, "evidence.digest_mismatch")
	w.officer.send("HEAD", path, nil, "Tus-Resumable", "1.0.0").fails(409, "evidence.digest_mismatch")
}
