package api_test

import "strconv"

func lengthOf(data string) string { return strconv.Itoa(len(data)) }

var concatStatements = []statement{
	{"concatenation", "MUST", "it is announced", announces("concatenation")},
	{"concatenation", "MUST", "the whole is the parts in the order of the list, and as long as they together", func(r *tusRun) {
		data := content(100)
		about, parts := r.inParts(data, data[70:], data[:30], data[30:70])
		path := r.located(r.join(about, []string{parts[1], parts[2], parts[0]}).want(201))
		head := r.head(path)
		r.headerIs(head, "Upload-Length", "100")
		r.headerIs(head, "Upload-Offset", "100")
		if r.spooled(path) != data {
			r.Error("other bytes are there")
		}
	}},
	{"concatenation", "MUST", "URLs of parts may be absolute or relative", func(r *tusRun) {
		data := content(100)
		about, parts := r.inParts(data, data[:30], data[30:])
		r.join(about, []string{"http://" + r.w.address + parts[0], parts[1]}).want(201)
	}},
	{"concatenation", "MUST", "a part may stand in the list more than once", func(r *tusRun) {
		half := content(50)
		about, parts := r.inParts(half+half, half)
		r.join(about, []string{parts[0], parts[0]}).want(201)
	}},
	{"concatenation", "SHOULD NOT", "parts are worked on before they are joined", func(r *tusRun) {
		data := content(100)
		_, parts := r.inParts(data, data) // all the bytes, but a part
		r.ask("DELETE", parts[0], "").want(204)
	}},
	{"concatenation", "MUST NOT", "a join has a length of its own", func(r *tusRun) {
		data := content(100)
		about, parts := r.inParts(data, data)
		r.join(about, parts, "Upload-Length", "100").want(400)
		r.join(about, parts, "Upload-Defer-Length", "1").want(400)
		r.join(about, parts).want(201)
	}},
	{"concatenation", "MUST", "joining what is not complete is announced or refused: it is refused, and may be asked again", func(r *tusRun) {
		data := content(100)
		about, parts := r.inParts(data, data[:30])
		open := r.begun("Upload-Length", "70", "Upload-Concat", "partial", "Upload-Metadata", about)
		all := append(parts, open)
		r.join(about, all).fails(409, "upload.part_unfinished")
		r.patch(open, 0, data[30:]).want(204)
		r.join(about, all).want(201)
	}},
	{"concatenation", "MUST NOT", "what was said of the parts is said of the whole", func(r *tusRun) {
		data := content(100)
		about, parts := r.inParts(data, data)
		r.headerIs(r.head(parts[0]), "Upload-Metadata", about+",part")
		r.headerIs(r.head(r.located(r.join(about+",whole", parts).want(201))), "Upload-Metadata", about+",whole")
	}},
	{"concatenation", "MUST", "bytes for what is joined are 403 and change nothing", func(r *tusRun) {
		data := content(100)
		about, parts := r.inParts(data, data)
		path := r.located(r.join(about, parts).want(201))
		for _, offset := range []int{0, 50, 100} {
			r.patch(path, offset, data[:10]).fails(403, "upload.joined")
		}
		if r.offsetIs(path, 100); r.spooled(path) != data {
			r.Error("the bytes have changed")
		}
		r.ask("POST", "/v1/uploads", "x", "Upload-Concat", "final;"+parts[0], "Upload-Metadata", about, "Content-Type", "application/offset+octet-stream").want(403)
	}},
	{"concatenation", "MUST", "HEAD tells of parts and of what is joined what it is, as it was given, and its offset", func(r *tusRun) {
		data := content(100)
		about, parts := r.inParts(data, data[:30], data[30:])
		head := r.head(parts[0])
		r.headerIs(head, "Upload-Concat", "partial")
		r.headerIs(head, "Upload-Offset", "30")
		r.headerIs(head, "Upload-Length", "30")
		urls := []string{parts[0], "http://" + r.w.address + parts[1]}
		r.headerIs(r.head(r.located(r.join(about, urls).want(201))), "Upload-Concat", "final;"+urls[0]+" "+urls[1])
	}},
	{"concatenation", "MUST", "the header is partial, or final with the URLs", func(r *tusRun) {
		about := r.announced(content(100))
		for _, bad := range []string{"Partial", "final", "final;", "final; ", "final;a  b", "partial;x", "x"} {
			r.ask("POST", "/v1/uploads", "", "Upload-Length", "100", "Upload-Concat", bad, "Upload-Metadata", about).want(400)
		}
	}},
	{"concatenation", "narrower", "parts that are not the client's are like parts that are not there: 404", func(r *tusRun) {
		data := content(100)
		about, parts := r.inParts(data, data[:30], data[30:])
		other := aboutEvidence(r.w.announce(street, []byte(data)))
		foreign := r.begun("Upload-Length", "70", "Upload-Concat", "partial", "Upload-Metadata", other)
		r.patch(foreign, 0, data[30:]).want(204)
		for _, url := range []string{foreign, "/v1/uploads/" + newID(), "https://elsewhere.example" + parts[1], "//elsewhere.example" + parts[1], "/v1/uploads/../" + parts[1], "x"} {
			r.join(about, []string{parts[0], url}).fails(404, "request.not_found")
		}
		for _, who := range []*person{r.w.stranger, r.w.leader} { // another unit's officer, and a leader on another device
			res := who.send("POST", "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Concat", "final;"+parts[0]+" "+parts[1], "Upload-Metadata", about)
			if res.status != 404 {
				r.Errorf("status %d: %s", res.status, res.body)
			}
		}
	}},
}
