package client

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// How hard the network is tried, before a person is told and the next Sync begins where this one stopped.
const (
	maxTries  = 5
	firstWait = 250 * time.Millisecond
	maxWait   = 8 * time.Second
	maxTrip   = 60 * time.Second // for how long nothing may move, between a request and the end of its reply
	maxReply  = 64 << 20         // octets
)

// errReplyTooLarge means that a reply is over maxReply. Who can ask for less does so.
var errReplyTooLarge = fmt.Errorf("the reply is over %d octets", maxReply)

// credential is what a request proves.
type credential int

const (
	nobody   credential = iota // nothing: public places
	device                     // the device's key (DPoP)
	signedIn                   // the key and the sign-in's access token
)

// request is a call of the server, described so that it can be made again.
type request struct {
	method, path string
	query        url.Values
	header       http.Header
	body         func() io.Reader // from its beginning at each try; nil: none
	length       int64
	by           credential
	key          *ecdsa.PrivateKey          // that the proof is made by; nil: the device's
	tries        int                        // 0: maxTries. Only for what must look where it stands before it tries again
	trip         time.Duration              // 0: maxTrip
	take         func(*http.Response) error // reads the body of a success as it streams; the trip is then for each read. nil: it is kept
}

// response is a whole reply. sent and received are monotonic counts around it.
type response struct {
	status         int
	header         http.Header
	body           []byte
	sent, received int64
}

// call makes a request until it is answered: it mends credentials once, and tries again, ever more slowly, while the network
// or the server is down. A reply of status 400 and above is a *Problem; no reply at all is fault client.unreachable.
func (d *Device) call(ctx context.Context, r request) (response, error) {
	tries, mended := r.tries, r.by == nobody
	if tries == 0 {
		tries = maxTries
	}
	for try := 1; ; try++ {
		res, access, err := d.once(ctx, r)
		if err == nil {
			return res, nil
		}
		if r.by == signedIn && access == "" {
			return res, err // there is no token, and getting one has been tried hard enough
		}
		if !mended {
			mended = true
			if again, mendErr := d.mend(ctx, err, access); mendErr != nil {
				return res, mendErr
			} else if again {
				try--
				continue
			}
		}
		if try >= tries || !transient(ctx, err) {
			return res, err
		}
		d.cfg.Logger.DebugContext(ctx, "try again", "path", r.path, "try", try, "error", err)
		if err := d.cfg.Sleep(ctx, d.backoff(try, err)); err != nil {
			return res, err
		}
	}
}

// mend does what an authentication failure asks for. again means that the request may be made once more.
func (d *Device) mend(ctx context.Context, err error, access string) (again bool, _ error) {
	switch {
	case is(err, fault.ProofInvalid):
		return true, d.askTime(ctx) // most likely this device's clock is off
	case access != "" && (is(err, fault.TokenExpired, fault.TokenInvalid) || unexplained(err)):
		return true, d.refresh(ctx, access)
	case is(err, fault.DeviceRevoked):
		return false, errors.Join(err, d.endSession(ctx), d.purge(ctx))
	case is(err, fault.SessionEnded, fault.RefreshInvalid, fault.RefreshReused, fault.AccountDisabled):
		return false, errors.Join(err, d.endSession(ctx))
	}
	return false, nil
}

// unexplained reports whether a request was refused without a word: the answer to a HEAD has no body. The exchange of tokens that
// follows has one.
func unexplained(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == http.StatusUnauthorized && p.Fault.Code == fault.Unexpected
}

// once makes one try, with its own proof. It returns the access token it used.
func (d *Device) once(ctx context.Context, r request) (response, string, error) {
	trip := r.trip
	if trip == 0 {
		trip = maxTrip
	}
	access := ""
	if r.by == signedIn {
		var err error
		if access, err = d.accessToken(ctx); err != nil {
			return response{}, "", err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	limit := time.AfterFunc(trip, cancel)
	defer limit.Stop()
	moving := func() { limit.Reset(trip) }
	req, err := d.build(ctx, r, access)
	if err != nil {
		return response{}, access, err
	}
	if req.Body != nil {
		req.Body = &watched{req.Body, moving}
	}
	res, err := d.exchange(req, r.take, moving)
	if err == nil && res.status >= 300 {
		err = problemOf(res)
	}
	return res, access, err
}

func (d *Device) build(ctx context.Context, r request, access string) (*http.Request, error) {
	u := d.base.JoinPath(r.path)
	place := u.String() // the proof's htu has no query (RFC 9449 §4.2)
	u.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		req.Body, req.ContentLength = io.NopCloser(r.body()), r.length
	}
	req.Header.Set("Accept", "application/json, application/problem+json")
	req.Header.Set("Accept-Encoding", acceptEncoding)
	for name, values := range r.header {
		req.Header[name] = values
	}
	if r.by == nobody {
		return req, nil
	}
	key := d.key
	if r.key != nil {
		key = r.key
	}
	proof, err := d.proof(ctx, key, r.method, place, access)
	if err != nil {
		return nil, err
	}
	req.Header.Set("DPoP", proof)
	if access != "" {
		req.Header.Set("Authorization", "DPoP "+access)
	}
	return req, nil
}

// exchange sends a request and reads the reply to its end; a reply that is cut counts as none.
func (d *Device) exchange(req *http.Request, take func(*http.Response) error, moving func()) (response, error) {
	r := response{sent: d.cfg.Monotonic()}
	reply, err := d.http.Do(req)
	if err != nil {
		return r, fault.New(fault.Unreachable).Because(err)
	}
	reply.Body = &watched{reply.Body, moving}
	defer reply.Body.Close()
	r.received, r.status, r.header = d.cfg.Monotonic(), reply.StatusCode, reply.Header
	if take != nil && r.status < 300 {
		return r, take(reply)
	}
	body, err := plain(reply)
	if err == nil {
		defer body.Close()
		r.body, err = io.ReadAll(io.LimitReader(body, maxReply+1))
	}
	if err != nil {
		return r, fault.New(fault.Unreachable).Because(err)
	}
	if len(r.body) > maxReply {
		return r, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, errReplyTooLarge)
	}
	return r, nil
}

// watched is a body that tells whenever some of it has moved.
type watched struct {
	io.ReadCloser
	moving func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.moving()
	return n, err
}

// backoff is how long to wait after a failed try: what the server asked for, or twice as long each time; less up to a half
// of it by lot, so that a thousand devices that lost the same server do not come back in the same second.
func (d *Device) backoff(try int, err error) time.Duration {
	wait := min(firstWait<<(try-1), maxWait)
	var p *Problem
	if errors.As(err, &p) && p.retry > 0 {
		return p.retry
	}
	return d.scatter(wait)
}

// scatter makes a wait shorter by up to a half, by lot.
func (d *Device) scatter(wait time.Duration) time.Duration {
	var lot [2]byte
	d.draw(lot[:])
	return wait - wait/2*time.Duration(binary.BigEndian.Uint16(lot[:]))/(1<<16)
}

// ask sends JSON (unless in is nil) and decodes the JSON reply (unless out is nil).
func (d *Device) ask(ctx context.Context, by credential, method, path string, in, out any) (response, error) {
	return d.askWith(ctx, request{method: method, path: path, by: by}, in, out)
}

func (d *Device) askWith(ctx context.Context, r request, in, out any) (response, error) {
	if in != nil {
		text, err := wire.Canonical(in)
		if err != nil {
			return response{}, err
		}
		if r.header == nil {
			r.header = http.Header{}
		}
		r.header.Set("Content-Type", "application/json")
		r.body, r.length = func() io.Reader { return bytes.NewReader(text) }, int64(len(text))
	}
	res, err := d.call(ctx, r)
	if err == nil && out != nil {
		err = decode(res.body, out)
	}
	return res, err
}

// decode reads a reply. Unlike the server, which refuses what it does not know, a client skips it: servers grow first.
func decode(text []byte, out any) error {
	if err := json.Unmarshal(text, out); err != nil {
		return fault.New(fault.Unexpected).Because(err)
	}
	return nil
}
