package api_test

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// begin creates an upload of an announced evidence and returns its id.
func (p *person) begin(evidence string, length int) string {
	p.w.t.Helper()
	res := p.send("POST", "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", fmt.Sprint(length),
		"Upload-Metadata", "evidence "+base64.StdEncoding.EncodeToString([]byte(evidence))).want(201)
	return res.header.Get("Location")[strings.LastIndex(res.header.Get("Location"), "/")+1:]
}
