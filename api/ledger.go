package api

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

// How long answers of the ledger may be kept by others. A full tile never changes; a partial one neither, but is not asked for again once
// the log has grown.
const (
	keepCheckpoint = "public, max-age=1"
	keepPartial    = "public, max-age=86400"
	keepFull       = "public, max-age=31536000, immutable"
)

const mimeText = "text/plain; charset=utf-8"

// ledgerRoutes are public: whoever wants to can check that the ledger only grows (C2SP tlog-tiles). Its leaves name nobody.
var ledgerRoutes = []Route{
	{Method: "GET", Path: "/ledger/checkpoint", Name: "ledgerCheckpoint", Zh: "账本最新检查点（签名）", En: "the ledger's newest checkpoint, a signed note (C2SP tlog-checkpoint)",
		Access: public, Within: soon, Media: mimeText, Serve: (*server).ledgerCheckpoint},
	{Method: "GET", Path: "/ledger/vouched", Name: "ledgerVouched", Zh: "账本最新的经他人证明的检查点（附见证签名）", En: "the newest checkpoint that a witness has cosigned or an authority stamped, with the witnesses' lines",
		Access: public, Within: soon, Media: mimeText, Serve: (*server).ledgerVouched},
	{Method: "GET", Path: "/ledger/keys", Name: "ledgerKeys", Zh: "账本公钥，先旧后新", En: "the ledger's public keys, oldest first: one verifier key a line",
		Access: public, Within: soon, Media: mimeText, Serve: (*server).ledgerKeys},
	{Method: "GET", Path: "/ledger/tile/{tile...}", Name: "ledgerTile", Zh: "账本的散列块或条目块", En: "a tile of hashes, <level>/<N>[.p/<width>], or a bundle of leaves, entries/<N>[.p/<width>] (C2SP tlog-tiles)",
		Access: public, Within: soon, Media: fiber.MIMEOctetStream, Serve: (*server).ledgerTile},
}

func (s *server) ledgerCheckpoint(r *request) error { return s.checkpoint(r, s.Ledger.Checkpoint) }
func (s *server) ledgerVouched(r *request) error    { return s.checkpoint(r, s.Ledger.Vouched) }

func (s *server) checkpoint(r *request, which func(context.Context) (ledger.Checkpoint, error)) error {
	c, err := which(r.ctx)
	if err != nil {
		return err
	}
	r.Set(fiber.HeaderCacheControl, keepCheckpoint)
	return r.octets(mimeText, c.Note)
}

func (s *server) ledgerKeys(r *request) error {
	keys, err := s.Ledger.Keys(r.ctx)
	if err != nil {
		return err
	}
	r.Set(fiber.HeaderCacheControl, keepCheckpoint)
	return r.octets(mimeText, []byte(strings.Join(keys, "\n")+"\n"))
}

func (s *server) ledgerTile(r *request) error {
	content, full, err := s.Ledger.Tile(r.ctx, "tile/"+r.Params("+"))
	if err != nil {
		return err
	}
	keep := keepPartial
	if full {
		keep = keepFull
	}
	r.Set(fiber.HeaderCacheControl, keep)
	return r.octets(fiber.MIMEOctetStream, content)
}

// octets answers with a body of a media type.
func (r *request) octets(mime string, body []byte) error {
	r.Set(fiber.HeaderContentType, mime)
	return r.Send(body)
}

// evidenceBundle gives out a recording with everything that an outsider needs to check it. What can fail is read before the status is
// decided; if the recording itself breaks off later, or turns out to be another, the connection breaks, and the archive does not look whole.
func (s *server) evidenceBundle(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	content, err := s.Uploads.ContentFor(r.ctx, r.caller, "evidence.bundle", id)
	if err != nil {
		return err
	}
	_, reason, err := r.purpose()
	if err != nil {
		return err
	}
	b, err := s.Bundles.Gather(r.ctx, id)
	if err != nil {
		return err
	}
	r.Set(fiber.HeaderContentType, "application/zip")
	r.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s.zip"`, id))
	r.Set(fiber.HeaderCacheControl, "private, no-store")
	if r.Method() == fiber.MethodHead {
		return nil
	}
	ctx, cancel := context.WithCancel(s.Base) // outlives the handler: the bytes go out after it
	file, err := media{size: content.Length, sha: content.SHA256, doubt: s.doubt(custody.Recording(id)),
		open: s.watched(s.Custody.By(r.caller, evidence.ActExport, id, content.Unit, reason), nil, content.OpenRange)}.begin(ctx, cancel, 0, content.Length)
	if err != nil {
		cancel()
		return err
	}
	out, in := io.Pipe()
	go func() {
		defer file.Close()
		_ = in.CloseWithError(b.Write(in, file))
	}()
	r.Context().SetBodyStream(&outflow{src: out, conn: r.Context().Conn(), cancel: cancel}, -1)
	return nil
}
