package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

const (
	// openTime is how long a store may take to give the first octets of a file. One that says nothing is a problem for the client, and not a
	// line that hangs.
	openTime = soon
	// firstPiece is how much of a file is read before the status is decided: what the store cannot give at all is told by a problem.
	firstPiece = 16 << 10
)

// begin opens what is wanted of a file and reads its beginning.
func (m media) begin(ctx context.Context, cancel context.CancelFunc, from, n int64) (io.ReadCloser, error) {
	late := time.AfterFunc(openTime, cancel)
	body, err := m.open(ctx, from, n)
	if err == nil {
		body = m.vouch(ctx, body, n)
		body, err = primed(body, min(n, firstPiece))
	} else if errors.Is(err, fault.New(fault.StoreDiffers)) {
		m.told(err)
	}
	if !late.Stop() && err == nil {
		err = errors.Join(context.DeadlineExceeded, body.Close())
	}
	if err != nil && ctx.Err() != nil {
		return nil, fault.New(fault.TemporarilyDown).Because(err)
	}
	return body, err
}

// primed reads the first octets of a body and puts them back in front. It owns the body.
func primed(body io.ReadCloser, n int64) (io.ReadCloser, error) {
	first := make([]byte, n)
	if _, err := io.ReadFull(body, first); err != nil {
		return nil, errors.Join(err, body.Close())
	}
	return &again{ReadCloser: body, first: first}, nil
}

type again struct {
	io.ReadCloser
	first []byte
}

// Read implements io.Reader.
func (a *again) Read(p []byte) (int, error) {
	if len(a.first) == 0 {
		return a.ReadCloser.Read(p)
	}
	n := copy(p, a.first)
	a.first = a.first[n:]
	return n, nil
}

// vouched lets what a store gives of a file pass as long as it can be what is on record. The last octets of a whole file go out when its digest is right,
// so nobody has a whole reply that is another file; of a range no digest is known.
type vouched struct {
	io.ReadCloser
	ctx  context.Context
	m    media
	left int64
	sum  hash.Hash // nil: of a range
}

func (m media) vouch(ctx context.Context, body io.ReadCloser, n int64) io.ReadCloser {
	v := &vouched{ReadCloser: body, ctx: ctx, m: m, left: n}
	if n == m.size {
		v.sum = sha256.New()
	}
	return v
}

// Read implements io.Reader.
func (v *vouched) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	v.left -= int64(n)
	if v.sum != nil {
		v.sum.Write(p[:n]) // never fails
	}
	switch {
	case err == io.EOF && v.left > 0:
		n, err = 0, fault.New(fault.StoreDiffers).Because(io.ErrUnexpectedEOF)
	case (err == nil || err == io.EOF) && v.left <= 0 && v.sum != nil && hex.EncodeToString(v.sum.Sum(nil)) != v.m.sha:
		n, err = 0, fault.New(fault.StoreDiffers)
	}
	if err != nil && err != io.EOF && v.ctx.Err() == nil {
		v.m.told(err)
	}
	return n, err
}

// told hands on that the store did not give what is on record, to whoever looks into it.
func (m media) told(err error) {
	if m.doubt != nil {
		m.doubt(err)
	}
}
