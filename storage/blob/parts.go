package blob

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
)

// pieces are the checksums (CRC-32C, RFC 9260 appendix A) of a body's pieces, one behind the other, each of the same length but the last. They are for the store, which
// refuses what has changed on its way; that it holds the right bytes is proven by SHA-256 before the last step, and by the marks of what is read back.
type pieces struct {
	size    int64
	sums    []uint32
	running uint32
	in      int64 // octets of the piece that runs
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Write implements io.Writer.
func (p *pieces) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(int64(len(rest)), p.size-p.in)
		p.running = crc32.Update(p.running, castagnoli, rest[:n])
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
		p.sums = append(p.sums, p.running)
		p.running, p.in = 0, 0
	}
}

// checksum is the name of the checksum in S3's headers, and header the one it stands in.
var checksum, header = minio.ChecksumCRC32C.String(), minio.ChecksumCRC32C.Key()

// sending is how many parts of one object are under way at once.
const sending = 8

// putParts sends a large object part after part. Nothing is visible before the last step; parts of an attempt that failed are
// taken away, and those of one that crashed are the bucket's lifecycle rule's to clean up.
func (s *S3) putParts(ctx context.Context, key string, length int64, body io.Reader, opts minio.PutObjectOptions) (err error) {
	id, abort, err := s.beginParts(ctx, key, opts, nil)
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

// beginParts begins an object in parts, under headers of its own. What it returns takes the parts away if there was an error.
func (s *S3) beginParts(ctx context.Context, key string, opts minio.PutObjectOptions, headers map[string]string) (id string, abort func(error), err error) {
	id, err = s.core.NewMultipartUpload(ctx, s.cfg.Bucket, key, minio.PutObjectOptions{ContentType: opts.ContentType, UserMetadata: headers})
	return id, func(err error) {
		if err != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			_ = s.core.AbortMultipartUpload(ctx, s.cfg.Bucket, key, id)
		}
	}, err
}

// putPieces sends a large object in parts, several at a time, while it is hashed. Each is sent with its checksum, so that the store checks it as it comes; it is read again from where it waits, and none
// is in memory. Like putParts it shows nothing before the last step, and that is taken when the whole has the right digest.
func (s *S3) putPieces(ctx context.Context, key string, length int64, body *checked, opts minio.PutObjectOptions) (err error) {
	id, abort, err := s.beginParts(ctx, key, opts, map[string]string{"x-amz-checksum-algorithm": checksum})
	if err != nil {
		return err
	}
	defer func() { abort(err) }()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	body.pieces = &pieces{size: s.cfg.PartSize}
	parts := make([]minio.CompletePart, (length+s.cfg.PartSize-1)/s.cfg.PartSize)
	free := make(chan struct{}, sending)
	var sends sync.WaitGroup
	send := func(n int, sum uint32) {
		sends.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			from := int64(n) * s.cfg.PartSize
			part, err := s.putPiece(ctx, key, id, n+1, sum, io.NewSectionReader(body.again, from, min(s.cfg.PartSize, length-from)))
			if err != nil {
				stop(err)
			}
			parts[n] = part
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

// putPiece sends one part of a known checksum.
func (s *S3) putPiece(ctx context.Context, key, id string, n int, sum uint32, body *io.SectionReader) (minio.CompletePart, error) {
	ctx, watch, cancel := newWatch(ctx, s.cfg.Stall)
	defer cancel()
	said := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
	part, err := s.core.PutObjectPart(ctx, s.cfg.Bucket, key, id, n, outgoing{bounded{ctx, body}, watch}, body.Size(),
		minio.PutObjectPartOptions{CustomHeader: http.Header{header: {said}}, DisableContentSha256: true}) // SHA-256 is taken of the whole, and what is read back is held against its marks
	return minio.CompletePart{PartNumber: n, ETag: part.ETag, ChecksumCRC32C: said}, stalled(ctx, err)
}

// pass reads a body to its end, and tells each piece once its checksum is known.
func (c *checked) pass(ctx context.Context, tell func(n int, sum uint32)) error {
	buffer := make([]byte, stretch)
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
