package client

import (
	"context"
	"net/http"
	"net/url"
)

// Reply is a whole reply of the server.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Call makes a request, as the person who is signed in, of a route that the device has no method for: one record, a
// certificate's standing, an enrolment code, a rendered paper, a range of a recording. in is sent as JSON unless it is nil.
// Like every call it mends credentials and tries again; a refusal is a *Problem.
func (d *Device) Call(ctx context.Context, method, path string, query url.Values, header http.Header, in any) (Reply, error) {
	res, err := d.askWith(ctx, request{method: method, path: path, query: query, header: header.Clone(), by: signedIn}, in, nil)
	return Reply{Status: res.status, Header: res.header, Body: res.body}, err
}
