package api_test

import (
	"regexp"
	"strconv"
)

var coreStatements = []statement{
	{"headers", "MUST", "an offset is a non-negative integer", func(r *tusRun) {
		path, data := r.fresh()
		for _, offset := range []string{"-1", "x", "0.0", "0x0", "+0", "-", "99999999999999999999", "0, 0"} {
			r.ask("PATCH", path, data, "Content-Type", "application/offset+octet-stream", "Upload-Offset", offset).want(400)
		}
		r.offsetIs(path, 0)
	}},
	{"headers", "MUST", "a length is a non-negative integer", func(r *tusRun) {
		about := r.announced(content(100))
		for _, length := range []string{"-100", "x", "1e2", "+100", "", "100, 100"} {
			r.ask("POST", "/v1/uploads", "", "Upload-Length", length, "Upload-Metadata", about).want(400)
		}
	}},
	{"headers", "MUST", "the versions are listed, the preferred one first", func(r *tusRun) {
		r.headerIs(r.options(), "Tus-Version", "1.0.0")
	}},
	{"headers", "MUST", "every answer tells the version, whatever it is", func(r *tusRun) {
		path, data := r.fresh()
		for _, res := range []*reply{r.head(path), r.patch(path, 0, data[:10]).want(204), r.patch(path, 0, data).want(409),
			r.patch(path, 10, "", "Content-Type", "text/plain").want(415), r.ask("HEAD", path, "", "Tus-Resumable", "0.2.2").want(412),
			r.ask("HEAD", "/v1/uploads/"+newID(), "").want(404),
			r.w.send("HEAD", path, nil, nil).want(401), r.ask("PUT", path, "").want(405), r.ask("DELETE", path, "").want(204), r.ask("HEAD", path, "").want(410)} {
			r.headerIs(res, "Tus-Resumable", "1.0.0")
		}
	}},
	{"headers", "MUST", "an unknown version, or none, is 412 with the versions there are", func(r *tusRun) {
		path, _ := r.fresh()
		for _, version := range []string{"0.2.2", "2.0.0", "1.0", "-"} {
			r.headerIs(r.ask("HEAD", path, "", "Tus-Resumable", version).want(412), "Tus-Version", "1.0.0")
		}
	}},
	{"headers", "MUST NOT", "a request of an unknown version is carried out", func(r *tusRun) {
		path, data := r.fresh()
		r.patch(path, 0, data, "Tus-Resumable", "2.0.0").want(412)
		r.ask("DELETE", path, "", "Tus-Resumable", "2.0.0").want(412)
		r.offsetIs(path, 0)
		before := r.w.rows()["uploads"]
		r.ask("POST", "/v1/uploads", "", "Tus-Resumable", "2.0.0", "Upload-Length", "100", "Upload-Metadata", r.announced(content(100))).want(412)
		if after := r.w.rows()["uploads"]; after != before {
			r.Errorf("%d uploads, there were %d", after, before)
		}
	}},
	{"headers", "MUST", "the extensions are a list set apart by commas", func(r *tusRun) {
		if list := r.options().header.Get("Tus-Extension"); !regexp.MustCompile(`^[a-z-]+(,[a-z-]+)*$`).MatchString(list) {
			r.Errorf("%q", list)
		}
	}},
	{"headers", "MUST", "the greatest size is a non-negative integer", func(r *tusRun) {
		if size, err := strconv.ParseUint(r.options().header.Get("Tus-Max-Size"), 10, 63); err != nil || size == 0 {
			r.Errorf("%d, %v", size, err)
		}
	}},
	{"headers", "MUST", "a method in the override header is the one that is meant", func(r *tusRun) {
		path, data := r.fresh()
		r.headerIs(r.ask("POST", path, data[:60], "X-HTTP-Method-Override", "PATCH", "Content-Type", "application/offset+octet-stream", "Upload-Offset", "0").want(204),
			"Upload-Offset", "60")
		r.offsetIs(path, 60)
		r.ask("POST", path, "", "X-HTTP-Method-Override", "DELETE").want(204)
		r.ask("HEAD", path, "").want(410)
	}},
	{"headers", "narrower", "the override header is heeded with POST alone", func(r *tusRun) {
		path, _ := r.fresh()
		if res := r.ask("PUT", path, "", "X-HTTP-Method-Override", "DELETE"); res.status < 400 {
			r.Errorf("status %d", res.status)
		}
		r.offsetIs(path, 0)
	}},
	{"HEAD", "MUST", "the offset is told, also at 0 and when all bytes are there", func(r *tusRun) {
		path, data := r.fresh()
		r.offsetIs(path, 0)
		r.patch(path, 0, data).want(204)
		r.offsetIs(path, 100)
	}},
	{"HEAD", "MUST", "the length is told when it is known", func(r *tusRun) {
		path, _ := r.fresh()
		r.headerIs(r.head(path), "Upload-Length", "100")
	}},
	{"HEAD", "SHOULD", "what is not there is 404, 410 or 403 and has no offset", func(r *tusRun) {
		path, _ := r.fresh()
		r.ask("DELETE", path, "").want(204)
		r.headerIs(r.ask("HEAD", path, "").want(410), "Upload-Offset", "")
		for _, absent := range []string{newID(), "x", "..%2f.."} {
			r.headerIs(r.ask("HEAD", "/v1/uploads/"+absent, "").want(404), "Upload-Offset", "")
		}
	}},
	{"HEAD", "MUST", "no answer is cached", func(r *tusRun) {
		path, _ := r.fresh()
		r.headerIs(r.head(path), "Cache-Control", "no-store")
	}},
	{"PATCH", "SHOULD", "bytes of another media type are 415 and nothing of them counts", func(r *tusRun) {
		path, data := r.fresh()
		for _, kind := range []string{"-", "application/octet-stream", "multipart/form-data; boundary=x", "application/offset+octet-stream; charset=utf-8"} {
			r.patch(path, 0, data, "Content-Type", kind).want(415)
		}
		r.offsetIs(path, 0)
	}},
	{"PATCH", "MUST", "another offset is 409 and changes nothing", func(r *tusRun) {
		path, data := r.fresh()
		r.patch(path, 0, data[:50]).want(204)
		for _, offset := range []int{0, 49, 51, 100, 101} {
			r.patch(path, offset, data[50:]).fails(409, "upload.offset_mismatch")
		}
		r.offsetIs(path, 50)
		if r.spooled(path) != data[:50] {
			r.Error("the bytes have changed")
		}
	}},
	{"PATCH", "MUST", "success is 204 with the offset before and the bytes that came added up", func(r *tusRun) {
		path, data := r.fresh()
		at := 0
		for _, n := range []int{1, 0, 33, 65, 1} {
			r.headerIs(r.patch(path, at, data[at:at+n]).want(204), "Upload-Offset", strconv.Itoa(at+n))
			at += n
		}
		if r.spooled(path) != data {
			r.Error("other bytes are there")
		}
	}},
	{"PATCH", "SHOULD", "what is not there is 404", func(r *tusRun) {
		r.patch("/v1/uploads/"+newID(), 0, "x").want(404)
	}},
	{"PATCH", "SHOULD", "of a body that breaks off as much as possible is kept", func(r *tusRun) {
		path, data := r.fresh()
		c := r.w.dial()
		defer c.Close()
		c.patchHead(r.w.officer, path[len("/v1/uploads/"):], 0, 100)
		c.write(data[:61])
		r.w.must(c.CloseWrite())
		c.reply("PATCH").fails(400, "request.body_cut")
		r.offsetIs(path, 61)
	}},
	{"OPTIONS", "MUST", "success has the versions, and anybody may ask", func(r *tusRun) {
		r.headerIs(r.w.send("OPTIONS", "/v1/uploads", nil, nil).want(204), "Tus-Version", "1.0.0")
	}},
	{"OPTIONS", "MUST", "the client's version is ignored", func(r *tusRun) {
		for _, version := range []string{"1.0.0", "0.2.2", "rubbish"} {
			r.headerIs(r.options("Tus-Resumable", version), "Tus-Version", "1.0.0")
		}
	}},
}
