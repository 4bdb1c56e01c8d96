package killed

import (
	"context"
	"crypto/ecdsa"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// dyingAt makes this test binary a server that kills itself at a step of an upload: the same parts as the program, with somebody between them who
// pulls the plug. Its value is "before" or "after" and the name of the step.
const dyingAt = "FIELDWARDEN_TEST_DYING_AT"

// plug is what dies.
type plug struct{ at string }

// step is one call to the outside; at it the process may be killed, before it is done, or after, when nobody hears of it any more.
func (p plug) step(name string, fn func() error) error {
	if p.at == "before "+name {
		p.pull()
	}
	err := fn()
	if p.at == "after "+name && err == nil {
		p.pull()
	}
	return err
}

// pull is kill -9. It does not return.
func (plug) pull() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// serveUntil serves until it dies.
func serveUntil(at string) {
	cfg, err := config.Load()
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		panic(err)
	}
	core, err := server.Open(context.Background(), cfg, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		panic(err)
	}
	folder, err := blob.OpenFolder(filepath.Join(cfg.Data, "blobs"), time.Now)
	if err != nil {
		panic(err)
	}
	p := plug{at}
	u := core.Uploads
	u.Store, u.Spool, u.Records, u.Keys = dyingStore{u.Store, p}, dyingSpool{u.Spool, p}, dyingRecords{u.Records, p}, dyingKeys{u.Keys, p}
	u.Blobs = dyingCustody{blob.Verified(dyingBlobs{folder, p}), p}
	core.Jobs.Handle(upload.PromoteJob, func(ctx context.Context, id string) error {
		if at == "promotion" { // never begun: whoever watches kills it once the handheld has heard that all bytes are there
			select {}
		}
		return u.Promote(ctx, id)
	})
	s, err := core.Serve(listener)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, "served until", at, <-s.Failed())
	os.Exit(1)
}

type dyingStore struct {
	upload.Store
	plug
}

func (s dyingStore) Sealed(ctx context.Context, id, kind string) error {
	return s.step("seal", func() error { return s.Store.Sealed(ctx, id, kind) })
}

func (s dyingStore) Advance(ctx context.Context, id string, from, to upload.State) (moved bool, err error) {
	err = s.step("advance to "+string(to), func() (err error) { moved, err = s.Store.Advance(ctx, id, from, to); return err })
	return moved, err
}

type dyingSpool struct {
	evidence.Spool
	plug
}

func (s dyingSpool) Append(ctx context.Context, id string, offset int64, body io.Reader) (end int64, err error) {
	err = s.step("append", func() (err error) { end, err = s.Spool.Append(ctx, id, offset, body); return err })
	return end, err
}

func (s dyingSpool) Remove(ctx context.Context, id string) error {
	return s.step("emptying the spool", func() error { return s.Spool.Remove(ctx, id) })
}

// dyingBlobs is the store itself, and dyingCustody what stands before it and reads back what was put.
type dyingBlobs struct {
	evidence.Blobs
	plug
}

func (b dyingBlobs) Put(ctx context.Context, key string, want evidence.Digest, body io.Reader) error {
	if b.at == "amid put" {
		body = &half{body, want.Length / 2, b.plug}
	}
	return b.step("put", func() error { return b.Blobs.Put(ctx, key, want, body) })
}

type half struct {
	io.Reader
	left int64
	plug plug
}

func (h *half) Read(p []byte) (int, error) {
	if h.left <= 0 {
		h.plug.pull()
	}
	n, err := h.Reader.Read(p[:min(int64(len(p)), h.left)])
	h.left -= int64(n)
	return n, err
}

type dyingCustody struct {
	evidence.Blobs
	plug
}

func (b dyingCustody) Put(ctx context.Context, key string, want evidence.Digest, body io.Reader) error {
	return b.step("reading back", func() error { return b.Blobs.Put(ctx, key, want, body) })
}

func (b dyingCustody) Retain(ctx context.Context, key string, until time.Time) error {
	return b.step("retain", func() error { return b.Blobs.Retain(ctx, key, until) })
}

type dyingRecords struct {
	upload.Records
	plug
}

func (r dyingRecords) ApplyOwn(ctx context.Context, ops []push.ServerOp) error {
	if !slices.ContainsFunc(ops, func(op push.ServerOp) bool { return op.Collection == "evidence" }) {
		return r.Records.ApplyOwn(ctx, ops)
	}
	return r.step("receipt", func() error { return r.Records.ApplyOwn(ctx, ops) })
}

type dyingKeys struct {
	upload.ReceiptSigner
	plug
}

func (k dyingKeys) Signer(ctx context.Context, use string) (kid string, key *ecdsa.PrivateKey, err error) {
	err = k.step("sign", func() (err error) { kid, key, err = k.ReceiptSigner.Signer(ctx, use); return err })
	return kid, key, err
}

// deaths are the steps from the last byte to the receipt and the empty spool, at each of which a server dies.
var deaths = strings.Split("after append|before seal|after seal|promotion|before reading back|amid put|after put|after reading back|after retain|after sign|"+
	"before receipt|after receipt|after advance to held|after emptying the spool", "|")
