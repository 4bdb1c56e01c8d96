package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/durable"
)

// pieces are the digests of a body's pieces, one behind the other, each of the same length but the last. They are taken in the same pass as the
// digest of the whole, so bytes that have the digests of all pieces have that of the whole.
type pieces struct {
	size    int64
	sums    []string // hex
	running hash.Hash
	in      int64 // octets of the piece that runs
}

// Write implements io.Writer.
func (p *pieces) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(int64(len(rest)), p.size-p.in)
		p.running.Write(rest[:n])
		if p.in += n; p.in == p.size {
			p.end()
		}
		rest = rest[n:]
	}
	return len(b), nil
}

// end ends the piece that runs, if one does.
func (p *pieces) end() {
	if p.in > 0 {
		p.sums = append(p.sums, hex.EncodeToString(p.running.Sum(nil)))
		p.running.Reset()
		p.in = 0
	}
}

// sending is how many parts of one object are under way at once, and reading how many ranges of it are read back.
const (
	sending = 8
	reading = 2
)

// putParts sends a large object part after part. Nothing is visible before the last step; parts of an attempt that failed are
// taken away, and those of one that crashed are the bucket's lifecycle rule's to clean up.
func (s *S3) putParts(ctx context.Context, key string, length int64, body io.Reader, opts minio.PutObjectOptions) (err error) {
	id, abort, err := s.beginParts(ctx, key, opts)
	if err != nil {
		return err
	}
	defer func() { abort(err) }()
	var parts []minio.CompletePart
	for sent := int64(0); sent < length; {
		n := min(s.cfg.PartSize, length-sent)
		part, err := s.core.PutObjectPart(ctx, s.cfg.Bucket, key, id, len(parts)+1, io.LimitReader(body, n), n, minio.PutObjectPartOptions{})
		if err != nil {
			return err
		}
		parts = append(parts, minio.CompletePart{PartNumber: len(parts) + 1, ETag: part.ETag})
		sent += n
	}
	_, err = s.core.CompleteMultipartUpload(ctx, s.cfg.Bucket, key, id, parts, opts)
	return err
}

// beginParts begins an object in parts. What it returns takes the parts away if there was an error.
func (s *S3) beginParts(ctx context.Context, key string, opts minio.PutObjectOptions) (id string, abort func(error), err error) {
	id, err = s.core.NewMultipartUpload(ctx, s.cfg.Bucket, key, minio.PutObjectOptions{ContentType: opts.ContentType})
	return id, func(err error) {
		if err != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			_ = s.core.AbortMultipartUpload(ctx, s.cfg.Bucket, key, id)
		}
	}, err
}

// putPieces sends a large object in parts, several at a time, while it is hashed: the whole, and each part before it is sent, so that the store checks it
// as it comes. Each is read again from where it waits, and none is in memory. Like putParts it shows nothing before the last step.
func (s *S3) putPieces(ctx context.Context, key string, length int64, body *checked, opts minio.PutObjectOptions) (err error) {
	id, abort, err := s.beginParts(ctx, key, opts)
	if err != nil {
		return err
	}
	defer func() { abort(err) }()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	body.pieces = &pieces{size: s.cfg.PartSize, running: sha256.New()}
	parts := make([]minio.CompletePart, (length+s.cfg.PartSize-1)/s.cfg.PartSize)
	free := make(chan struct{}, sending)
	var sends sync.WaitGroup
	send := func(n int, sum string) {
		sends.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			from := int64(n) * s.cfg.PartSize
			etag, err := s.putPiece(ctx, key, id, n+1, sum, io.NewSectionReader(body.again, from, min(s.cfg.PartSize, length-from)))
			if err != nil {
				stop(err)
			}
			parts[n] = minio.CompletePart{PartNumber: n + 1, ETag: etag}
		})
	}
	if err := body.pass(ctx, send); err != nil {
		stop(err)
	}
	sends.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	_, err = s.core.CompleteMultipartUpload(ctx, s.cfg.Bucket, key, id, parts, opts)
	return err
}

// putPiece sends one part of a known digest.
func (s *S3) putPiece(ctx context.Context, key, id string, n int, sum string, body *io.SectionReader) (etag string, err error) {
	ctx, watch, cancel := newWatch(ctx, s.cfg.Stall)
	defer cancel()
	part, err := s.core.PutObjectPart(ctx, s.cfg.Bucket, key, id, n, outgoing{bounded{ctx, body}, watch}, body.Size(),
		minio.PutObjectPartOptions{Sha256Hex: sum, DisableContentSha256: true}) // not hashed once more by the client library: the digest is signed
	return part.ETag, stalled(ctx, err)
}

// pass reads a body to its end, and tells each piece once its digest is known.
func (c *checked) pass(ctx context.Context, tell func(n int, sum string)) error {
	buffer := make([]byte, 256<<10)
	for told := 0; ; {
		_, err := c.Read(buffer)
		for ; told < len(c.pieces.sums); told++ {
			tell(told, c.pieces.sums[told])
		}
		if err == io.EOF {
			return nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
}

// compare reads what is stored under a key, several ranges at a time, and compares it with the digests of all pieces.
func (p *pieces) compare(ctx context.Context, store evidence.Blobs, key string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	each := (len(p.sums) + reading - 1) / reading
	var reads sync.WaitGroup
	for from := 0; from < len(p.sums); from += each {
		reads.Go(func() {
			if err := p.compareRange(ctx, store, key, from, min(from+each, len(p.sums))); err != nil {
				stop(err)
			}
		})
	}
	reads.Wait()
	return context.Cause(ctx)
}

// compareRange compares the pieces from one up to another. The last range ends where the object does, wherever that is.
func (p *pieces) compareRange(ctx context.Context, store evidence.Blobs, key string, from, to int) error {
	length := int64(to-from) * p.size
	if to == len(p.sums) {
		length = -1
	}
	stored, err := store.OpenRange(ctx, key, int64(from)*p.size, length)
	if err != nil {
		return err
	}
	defer stored.Close()
	found := &pieces{size: p.size, running: sha256.New()}
	if err := durable.Copy(found, stored); err != nil {
		return err
	}
	found.end()
	if !slices.Equal(found.sums, p.sums[from:to]) {
		return fault.New(fault.StoreDiffers).Because(errors.New(key + " holds other bytes"))
	}
	return nil
}
