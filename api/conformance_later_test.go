package api_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// expire lets the time of all uploads run out.
func (r *tusRun) expire() {
	r.Helper()
	u := r.w.deps.Uploads
	later := &upload.Service{Store: u.Store, Spool: u.Spool, Blobs: u.Blobs, Records: u.Records, Keys: u.Keys, Log: u.Log, NewID: u.NewID,
		Now: func() time.Time { return time.Now().Add(2 * u.TTL) }}
	r.w.must(later.ExpireDue(context.Background()))
}

var laterStatements = []statement{
	{"expiration", "MUST", "it is announced", announces("expiration")},
	{"expiration", "MUST", "creation and every PATCH of what will expire tell when, in the form of HTTP's dates", func(r *tusRun) {
		data := content(100)
		made := r.ask("POST", "/v1/uploads", "", "Upload-Length", "100", "Upload-Metadata", r.announced(data)).want(201)
		path := r.located(made)
		for _, res := range []*reply{made, r.patch(path, 0, data[:10]).want(204), r.patch(path, 0, data).want(409), r.patch(path, 10, data).want(413),
			r.patch(path, 10, data[:10], "Upload-Checksum", checksum("sha1", []byte("x"))).want(460), r.head(path)} {
			if at, err := http.ParseTime(res.header.Get("Upload-Expires")); err != nil || time.Until(at) < time.Minute {
				r.Errorf("%s %d: %q", res.what, res.status, res.header.Get("Upload-Expires"))
			}
		}
	}},
	{"expiration", "SHOULD", "what has expired is 410", func(r *tusRun) {
		path, data := r.fresh()
		part := r.begun("Upload-Length", "100", "Upload-Concat", "partial", "Upload-Metadata", r.announced(data))
		r.patch(path, 0, data[:10]).want(204)
		r.expire()
		r.ask("HEAD", path, "").want(410)
		r.patch(path, 10, data[10:]).fails(410, "upload.ended")
		r.patch(part, 0, data).fails(410, "upload.ended")
	}},
	{"checksum", "MUST", "it is announced, and the algorithms with it, sha1 among them", func(r *tusRun) {
		announces("checksum")(r)
		r.lists(r.options(), "Tus-Checksum-Algorithm", "sha1")
		if list := r.options().header.Get("Tus-Checksum-Algorithm"); !regexp.MustCompile(`^[a-z0-9-]+(,[a-z0-9-]+)*$`).MatchString(list) {
			r.Errorf("names are in lower case: %q", list)
		}
	}},
	{"checksum", "MUST", "a chunk that has it is taken, by every algorithm that is announced", func(r *tusRun) {
		for algorithm := range strings.SplitSeq(r.options().header.Get("Tus-Checksum-Algorithm"), ",") {
			path, data := r.fresh()
			r.patch(path, 0, data, "Upload-Checksum", checksum(algorithm, []byte(data))).want(204)
			r.offsetIs(path, 100)
		}
	}},
	{"checksum", "MUST", "a chunk that has another is 460 and nothing of it counts", func(r *tusRun) {
		for _, algorithm := range []string{"sha1", "sha256"} {
			path, data := r.fresh()
			r.patch(path, 0, data[:30]).want(204)
			r.patch(path, 30, data[30:], "Upload-Checksum", checksum(algorithm, []byte(data))).fails(460, "upload.checksum_mismatch")
			r.offsetIs(path, 30)
			if r.spooled(path) != data[:30] {
				r.Error("the bytes have changed")
			}
		}
	}},
	{"checksum", "MUST", "an algorithm that is not known is 400 and nothing counts", func(r *tusRun) {
		path, data := r.fresh()
		for _, sum := range []string{"md5 " + b64("0123456789abcdef"), "SHA1 " + b64("01234567890123456789"), "crc32 AAAAAA=="} {
			r.patch(path, 0, data, "Upload-Checksum", sum).fails(400, "upload.checksum_unsupported")
		}
		r.offsetIs(path, 0)
	}},
	{"checksum", "MUST", "the header is an algorithm, a space and base64", func(r *tusRun) {
		path, data := r.fresh()
		good := checksum("sha1", []byte(data))
		for _, sum := range []string{"sha1", "sha1 ", "sha1  " + good[5:], good + "=", "sha1 *", good[:20]} {
			if res := r.patch(path, 0, data, "Upload-Checksum", sum); res.status != 400 {
				r.Errorf("%q: status %d", sum, res.status)
			}
		}
		r.offsetIs(path, 0)
	}},
	{"termination", "MUST", "it is announced", announces("termination")},
	{"termination", "MUST", "DELETE is 204, and the bytes are gone", func(r *tusRun) {
		path, data := r.fresh()
		r.patch(path, 0, data[:50]).want(204)
		r.ask("DELETE", path, "").want(204)
		if _, err := r.w.deps.Uploads.Spool.Open(context.Background(), path[len("/v1/uploads/"):], 0); err == nil {
			r.Error("the bytes are still there")
		}
	}},
	{"termination", "SHOULD", "afterwards it is 410 to every request", func(r *tusRun) {
		path, data := r.fresh()
		r.ask("DELETE", path, "").want(204)
		r.ask("HEAD", path, "").want(410)
		r.patch(path, 0, data).want(410)
		r.ask("DELETE", path, "").want(410)
	}},
	{"termination", "narrower", "complete bytes are evidence and stay: 409", func(r *tusRun) {
		path, data := r.fresh()
		r.patch(path, 0, data).want(204)
		r.ask("DELETE", path, "").fails(409, "upload.sealed")
		r.offsetIs(path, 100)
	}},
}

// inParts brings bytes as parts, and returns the metadata and the parts' paths.
func (r *tusRun) inParts(whole string, parts ...string) (about string, paths []string) {
	r.Helper()
	about = r.announced(whole)
	for _, data := range parts {
		path := r.begun("Upload-Length", lengthOf(data), "Upload-Concat", "partial", "Upload-Metadata", about+",part")
		r.patch(path, 0, data).want(204)
		paths = append(paths, path)
	}
	return about, paths
}

func (r *tusRun) join(about string, urls []string, headers ...string) *reply {
	r.Helper()
	return r.ask("POST", "/v1/uploads", "", append([]string{"Upload-Concat", "final;" + strings.Join(urls, " "), "Upload-Metadata", about}, headers...)...)
}
