package client

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// How much of a file one request carries. A chunk has a checksum and so counts whole or not at all: on a line that breaks
// often only small ones get through.
const (
	minChunk = 64 << 10
	maxChunk = 16 << 20
	// chunkTrip is for how long nothing may move before a request is given up; what the system has buffered moves unseen.
	chunkTrip = 3 * time.Minute
)

// transfer is one upload under way by tus 1.0.
type transfer struct {
	d        *Device
	u        Upload
	file     *os.File
	chunk    int64
	offset   int64
	furthest int64 // offset of this upload: only what goes beyond it is progress
	located  bool  // offset is what the server last told, and nothing has gone wrong since
	anew     bool  // it was begun anew in this transfer already, because the server found other bytes
}

// send brings the bytes of one recording to the server. However often it is cut, it asks where to go on; it gives up when
// maxTries tries have failed without a byte more.
func (d *Device) send(ctx context.Context, u Upload) error {
	file, err := d.openIntact(ctx, u)
	if err != nil {
		return err
	}
	defer file.Close()
	t := &transfer{d: d, u: u, file: file, chunk: min(max(d.cfg.Chunk, 1), maxChunk)}
	for failures := 0; !t.located || t.offset < u.Length; {
		err := t.step(ctx)
		if t.offset > t.furthest {
			t.furthest, failures = t.offset, 0
		}
		if err == nil {
			continue
		}
		failures++
		if failures >= maxTries || !t.mend(ctx, err) {
			return err
		}
		d.cfg.Logger.DebugContext(ctx, "upload is resumed", "evidence", u.Evidence, "offset", t.offset, "error", err)
		if err := d.cfg.Sleep(ctx, d.backoff(failures, err)); err != nil {
			return err
		}
	}
	_, err = d.db.ExecContext(ctx, `UPDATE uploads SET state = ?, sent = length WHERE evidence = ? AND state = ?`,
		UploadSent, u.Evidence, UploadWaiting)
	return err
}

// step finds the upload, asks for its offset, or sends one chunk: whatever is next.
func (t *transfer) step(ctx context.Context) error {
	switch {
	case t.u.url == "":
		return t.create(ctx)
	case !t.located:
		return t.locate(ctx)
	default:
		return t.patch(ctx)
	}
}

// mend prepares the next step after a failure; false when no step would help.
func (t *transfer) mend(ctx context.Context, err error) bool {
	t.located = false
	var p *Problem
	switch {
	case is(err, fault.DigestMismatch):
		if t.anew || t.d.compare(ctx, t.u) != nil {
			return false // what is here is not what was announced, or sending it again has not helped
		}
		t.anew = true
		return t.forget(ctx) == nil
	case transient(ctx, err), is(err, fault.UploadOffset, fault.UploadChecksum, fault.UploadTakenOver, fault.BodyCut):
		return true
	case t.u.url != "" && errors.As(err, &p) && (p.Status == http.StatusNotFound || p.Status == http.StatusGone):
		return t.forget(ctx) == nil // it has expired, or went with the server's disk
	}
	return false
}

func (t *transfer) forget(ctx context.Context) error {
	t.u.url, t.offset, t.furthest = "", 0, 0
	return t.note(ctx)
}

// note keeps where the upload is and how far.
func (t *transfer) note(ctx context.Context) error {
	_, err := t.d.db.ExecContext(ctx, `UPDATE uploads SET url = ?, sent = ?, state = ? WHERE evidence = ? AND state IN ('waiting', 'sent')`,
		t.u.url, t.offset, UploadWaiting, t.u.Evidence)
	return err
}

func (t *transfer) request(method, path string) request {
	return request{method: method, path: path, by: signedIn, header: http.Header{"Tus-Resumable": {"1.0.0"}}}
}

// create begins the upload, or finds the one that the server has of this recording: both are the same request.
func (t *transfer) create(ctx context.Context) error {
	r := t.request(http.MethodPost, "/v1/uploads")
	r.header.Set("Upload-Length", strconv.FormatInt(t.u.Length, 10))
	r.header.Set("Upload-Metadata", "evidence "+base64.StdEncoding.EncodeToString([]byte(t.u.Evidence)))
	res, err := t.d.call(ctx, r)
	if err != nil {
		return err
	}
	if t.u.url, err = t.d.within(r.path, res.header.Get("Location")); err != nil {
		return err
	}
	return t.note(ctx)
}

// within returns the path, below the server's public URL, of a reference that a reply to a request of path has given. The
// credentials of this device go nowhere else.
func (d *Device) within(path, reference string) (string, error) {
	ref, err := url.Parse(reference)
	if err != nil || reference == "" {
		return "", fault.New(fault.Unexpected).Because(fmt.Errorf("location %q", reference))
	}
	place := d.base.JoinPath(path).ResolveReference(ref)
	rest, below := strings.CutPrefix(place.EscapedPath(), strings.TrimSuffix(d.base.EscapedPath(), "/")+"/")
	if place.Scheme != d.base.Scheme || place.Host != d.base.Host || !below {
		return "", fault.New(fault.Unexpected).Because(fmt.Errorf("location %q is not of this server", reference))
	}
	return "/" + rest, nil
}

// locate asks how far the upload is. A connection of ours that the server still listens to lets go by this.
func (t *transfer) locate(ctx context.Context) error {
	res, err := t.d.call(ctx, t.request(http.MethodHead, t.u.url))
	var p *Problem
	if errors.As(err, &p) && p.Status == http.StatusConflict {
		return fault.New(fault.DigestMismatch).Because(err) // the answer to a HEAD has no body; of its conflicts this is the one that stays
	}
	if err != nil {
		return err
	}
	return t.arrive(ctx, res)
}

// arrive takes over the offset that a reply tells.
func (t *transfer) arrive(ctx context.Context, res response) error {
	offset, err := strconv.ParseInt(res.header.Get("Upload-Offset"), 10, 64)
	if err != nil || offset < 0 || offset > t.u.Length {
		return fault.New(fault.Unexpected).Because(fmt.Errorf("upload offset %q of %d", res.header.Get("Upload-Offset"), t.u.Length))
	}
	t.offset, t.located = offset, true
	return t.note(ctx)
}

// patch sends the next chunk. It reads the file twice, once for the checksum; memory stays flat.
func (t *transfer) patch(ctx context.Context) error {
	size := min(t.chunk, t.u.Length-t.offset)
	section := func() io.Reader { return io.NewSectionReader(t.file, t.offset, size) }
	digest := sha256.New()
	if n, err := io.Copy(digest, section()); err != nil || n != size {
		return fault.New(fault.FileChanged).Because(err)
	}
	r := t.request(http.MethodPatch, t.u.url)
	r.header.Set("Content-Type", "application/offset+octet-stream")
	r.header.Set("Upload-Offset", strconv.FormatInt(t.offset, 10))
	r.header.Set("Upload-Checksum", "sha256 "+base64.StdEncoding.EncodeToString(digest.Sum(nil)))
	r.body, r.length, r.tries, r.trip = section, size, 1, chunkTrip
	res, err := t.d.call(ctx, r)
	if err != nil {
		t.chunk = max(t.chunk/2, min(minChunk, t.chunk))
		return err
	}
	t.chunk = min(t.chunk*2, maxChunk)
	return t.arrive(ctx, res)
}
