package api_test

import (
	"fmt"
	"regexp"
	"strings"
)

var creationStatements = []statement{
	{"creation", "MUST", "it is announced", announces("creation")},
	{"creation", "MUST", "success is 201 and Location leads to the upload", func(r *tusRun) {
		made := r.ask("POST", "/v1/uploads", "", "Upload-Length", "100", "Upload-Metadata", r.announced(content(100))).want(201)
		r.offsetIs(r.located(made), 0)
	}},
	{"creation", "MUST", "a length or its deferral is needed, and not both", func(r *tusRun) {
		about := r.announced(content(100))
		r.ask("POST", "/v1/uploads", "", "Upload-Metadata", about).want(400)
		r.ask("POST", "/v1/uploads", "", "Upload-Metadata", about, "Upload-Length", "100", "Upload-Defer-Length", "1").want(400)
	}},
	{"creation", "MUST", "an upload of length 0 is complete at once", func(r *tusRun) {
		path := r.begun("Upload-Length", "0", "Upload-Concat", "partial", "Upload-Metadata", r.announced(content(100)))
		head := r.head(path)
		r.headerIs(head, "Upload-Offset", "0")
		r.headerIs(head, "Upload-Length", "0")
	}},
	{"creation", "MUST", "what is over the greatest size is 413", func(r *tusRun) {
		r.ask("POST", "/v1/uploads", "", "Upload-Length", fmt.Sprint(1<<50), "Upload-Metadata", r.announced(content(100))).want(413)
	}},
	{"deferred length", "MUST", "it is announced", announces("creation-defer-length")},
	{"deferred length", "SHOULD", "a deferral that is not 1 is 400", func(r *tusRun) {
		about := r.announced(content(100))
		for _, value := range []string{"0", "2", "true", "01", "1 "} {
			res := r.ask("POST", "/v1/uploads", "", "Upload-Defer-Length", value, "Upload-Metadata", about)
			if res.status != 400 && strings.TrimSpace(value) != "1" {
				r.Errorf("%q: status %d", value, res.status)
			}
		}
	}},
	{"deferred length", "MUST", "while the length is unknown HEAD says so, and then tells it", func(r *tusRun) {
		data := content(100)
		path := r.begun("Upload-Defer-Length", "1", "Upload-Concat", "partial", "Upload-Metadata", r.announced(data))
		r.patch(path, 0, data[:40]).want(204)
		head := r.head(path)
		r.headerIs(head, "Upload-Defer-Length", "1")
		r.headerIs(head, "Upload-Length", "")
		r.patch(path, 40, data[40:50], "Upload-Length", "60").want(204)
		head = r.head(path)
		r.headerIs(head, "Upload-Defer-Length", "")
		r.headerIs(head, "Upload-Length", "60")
	}},
	{"deferred length", "MUST NOT", "a length that is set changes", func(r *tusRun) {
		data := content(100)
		path := r.begun("Upload-Defer-Length", "1", "Upload-Concat", "partial", "Upload-Metadata", r.announced(data))
		r.patch(path, 0, "", "Upload-Length", "60").want(204)
		r.patch(path, 0, "", "Upload-Length", "61").fails(409, "upload.length_mismatch")
		r.patch(path, 0, data[:61]).fails(413, "upload.too_long")
		r.headerIs(r.head(path), "Upload-Length", "60")
		whole, _ := r.fresh()
		r.patch(whole, 0, "", "Upload-Length", "99").fails(409, "upload.length_mismatch")
	}},
	{"deferred length", "MUST", "the deferral is not told of a length that is known", func(r *tusRun) {
		path, _ := r.fresh()
		r.headerIs(r.head(path), "Upload-Defer-Length", "")
	}},
	{"metadata", "MUST", "keys are not empty, not twice, without spaces; values are base64", func(r *tusRun) {
		about := r.announced(content(100))
		for _, bad := range []string{about + ",", about + "," + about, about + ",a b c", about + ",a *", about + ",a YQ", about + ",ä YQ=="} {
			r.ask("POST", "/v1/uploads", "", "Upload-Length", "100", "Upload-Metadata", bad).want(400)
		}
	}},
	{"metadata", "MUST", "a value may be empty, with the space or without", func(r *tusRun) {
		r.begun("Upload-Length", "100", "Upload-Metadata", r.announced(content(100))+",a ,b")
	}},
	{"metadata", "MUST", "HEAD tells it as it was given", func(r *tusRun) {
		about := "filename " + b64("../../etc/passwd") + ", " + r.announced(content(100)) + ",empty"
		path := r.begun("Upload-Length", "100", "Upload-Metadata", about)
		r.headerIs(r.head(path), "Upload-Metadata", about)
	}},
	{"metadata", "SHOULD", "a value never becomes a header or a path", func(r *tusRun) {
		about := r.announced(content(100)) + ",filename " + b64("a\r\nX-Planted: yes\x00/../../x")
		made := r.ask("POST", "/v1/uploads", "", "Upload-Length", "100", "Upload-Metadata", about).want(201)
		for _, res := range []*reply{made, r.head(r.located(made))} {
			r.headerIs(res, "X-Planted", "")
		}
		if id := regexp.MustCompile(`^/v1/uploads/[0-9a-f-]{36}$`); !id.MatchString(r.located(made)) {
			r.Errorf("location %q", made.header.Get("Location"))
		}
	}},
	{"creation with upload", "MUST", "it is announced, and creation with it", func(r *tusRun) {
		announces("creation-with-upload")(r)
		announces("creation")(r)
	}},
	{"creation with upload", "MUST", "bytes need their media type", func(r *tusRun) {
		data := content(100)
		r.ask("POST", "/v1/uploads", data, "Upload-Length", "100", "Upload-Metadata", r.announced(data), "Content-Type", "text/plain").want(415)
	}},
	{"creation with upload", "MUST", "the answer tells the offset behind the bytes that were taken", func(r *tusRun) {
		for _, n := range []int{1, 99, 100} {
			data := content(100)
			made := r.ask("POST", "/v1/uploads", data[:n], "Upload-Length", "100", "Upload-Metadata", r.announced(data),
				"Content-Type", "application/offset+octet-stream").want(201)
			r.headerIs(made, "Upload-Offset", fmt.Sprint(n))
			r.offsetIs(r.located(made), n)
		}
	}},
}
