package blob

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// S3Config says where the store is.
type S3Config struct {
	Endpoint  string // host:port
	Bucket    string
	Region    string
	AccessKey string
	SecretKey string
	TLS       bool
	// Mode is how hard the store enforces retention: "governance", which people with a special right at the store can lift,
	// or "compliance", which nobody can.
	Mode string
	// PartSize is the length from which on an object is sent in parts, and of each part; 0 is 16 MiB. Parts are streamed: no
	// part is in memory.
	PartSize int64
	// Stall is how long the store may do nothing in the middle of a transfer, or before it answers; 0 is a minute.
	Stall time.Duration
	Now   func() time.Time
}

// S3 is a bucket with object lock. Each key has one version that counts, the newest; none is ever overwritten, because every
// write is conditional on there being none.
type S3 struct {
	cfg  S3Config
	core *minio.Core

	mu       sync.Mutex
	prepared bool // the bucket was found fit; guarded by mu
}

var _ evidence.Blobs = (*S3)(nil)

// OpenS3 makes the bucket, with object lock, if it is missing. A bucket that is there without object lock is refused:
// retention would be a promise that nobody keeps.
//
// A store that is down now is no error: what is recorded in the street must come in meanwhile. The bucket is then prepared
// when it is first used; see [S3.Ready].
func OpenS3(ctx context.Context, cfg S3Config) (*S3, error) {
	if cfg.PartSize == 0 {
		cfg.PartSize = 16 << 20
	}
	if cfg.Stall == 0 {
		cfg.Stall = time.Minute
	}
	transport, err := minio.DefaultTransport(cfg.TLS)
	if err != nil {
		return nil, fmt.Errorf("object store: %w", err)
	}
	transport.ResponseHeaderTimeout = cfg.Stall
	core, err := minio.NewCore(cfg.Endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure: cfg.TLS, Region: cfg.Region, Transport: transport,
		BucketLookup: minio.BucketLookupPath,
		MaxRetries:   3, // what takes longer is a job's to repeat
	})
	if err != nil {
		return nil, fmt.Errorf("object store: %w", err)
	}
	s := &S3{cfg: cfg, core: core}
	if err := s.Ready(ctx); err != nil && !errors.Is(err, fault.New(fault.TemporarilyDown)) {
		return nil, err
	}
	return s, nil
}

// Ready reports whether the store can be used. Once it could, it does not ask again.
func (s *S3) Ready(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared {
		return nil
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	s.prepared = true
	return nil
}

func (s *S3) prepare(ctx context.Context) error {
	exists, err := s.core.BucketExists(ctx, s.cfg.Bucket)
	if err != nil {
		return translate(err)
	}
	if !exists {
		err := s.core.MakeBucket(ctx, s.cfg.Bucket, minio.MakeBucketOptions{Region: s.cfg.Region, ObjectLocking: true})
		if code := minio.ToErrorResponse(err).Code; err != nil && code != "BucketAlreadyOwnedByYou" {
			return translate(err)
		}
	}
	enabled, _, _, _, err := s.core.GetObjectLockConfig(ctx, s.cfg.Bucket)
	if code := minio.ToErrorResponse(err).Code; err != nil && code != "ObjectLockConfigurationNotFoundError" {
		return translate(err)
	}
	if enabled != "Enabled" {
		return fmt.Errorf("bucket %s has no object lock; it can only be given when the bucket is made", s.cfg.Bucket)
	}
	return nil
}

// Put implements evidence.Blobs.
func (s *S3) Put(ctx context.Context, key string, want evidence.Digest, body io.Reader) error {
	sum, err := hex.DecodeString(want.SHA256)
	if err != nil {
		return fmt.Errorf("blob %s: digest: %w", key, err)
	}
	if _, err := s.head(ctx, key); !errors.Is(err, fault.New(fault.NotFound)) {
		return err // nil: it is there
	}
	opts := minio.PutObjectOptions{ContentType: "application/octet-stream"}
	opts.SetMatchETagExcept("*")
	ctx, watch, cancel := newWatch(ctx, s.cfg.Stall)
	defer cancel()
	in, _ := body.(*checked)
	body = outgoing{bounded{ctx, body}, watch}
	if large := want.Length > s.cfg.PartSize; large && in != nil && in.again != nil {
		err = s.putPieces(ctx, key, want.Length, in, opts)
	} else if large {
		err = s.putParts(ctx, key, want.Length, body, opts)
	} else {
		// Both are the store's to check before it says yes: the payload's own hash, which is signed, and the checksum, which it
		// keeps with the object.
		opts.UserMetadata = map[string]string{"x-amz-checksum-sha256": base64.StdEncoding.EncodeToString(sum)}
		_, err = s.core.PutObject(ctx, s.cfg.Bucket, key, io.LimitReader(body, want.Length), want.Length, "", want.SHA256, opts)
	}
	if err == nil || minio.ToErrorResponse(err).Code == "PreconditionFailed" {
		return nil
	}
	// A store may refuse early, because another was first, and cut the line while bytes are still under way.
	if _, gone := s.head(ctx, key); gone == nil {
		return nil
	}
	return stalled(ctx, translate(err))
}

// OpenRange implements evidence.Blobs.
func (s *S3) OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error) {
	info, err := s.head(ctx, key)
	if err != nil {
		return nil, err
	}
	if from < 0 || from > info.Size {
		return nil, fault.New(fault.RangeInvalid)
	}
	if rest := info.Size - from; n < 0 || n > rest {
		n = rest
	}
	if n == 0 {
		return io.NopCloser(strings.NewReader("")), nil
	}
	opts := minio.GetObjectOptions{VersionID: info.VersionID}
	if err := opts.SetRange(from, from+n-1); err != nil {
		return nil, err
	}
	ctx, watch, cancel := newWatch(ctx, s.cfg.Stall)
	body, _, _, err := s.core.GetObject(ctx, s.cfg.Bucket, key, opts)
	if err != nil {
		cancel()
		return nil, translate(err)
	}
	return &incoming{body: body, left: n, ctx: ctx, watch: watch, cancel: cancel}, nil
}

// Stat implements evidence.Blobs.
func (s *S3) Stat(ctx context.Context, key string) (evidence.Stored, error) {
	info, err := s.head(ctx, key)
	if err != nil {
		return evidence.Stored{}, err
	}
	return stored(info)
}

// head looks an object up. Every method begins with it, and so finds out whether the bucket is fit.
func (s *S3) head(ctx context.Context, key string) (minio.ObjectInfo, error) {
	if err := s.Ready(ctx); err != nil {
		return minio.ObjectInfo{}, err
	}
	info, err := s.core.StatObject(ctx, s.cfg.Bucket, key, minio.StatObjectOptions{})
	return info, translate(err)
}

// stored reads what HEAD says of retention and hold. The documents that S3 has for each are not alike among stores, the
// headers are; and they cost no further request.
func stored(info minio.ObjectInfo) (evidence.Stored, error) {
	out := evidence.Stored{Length: info.Size, Held: info.Metadata.Get("X-Amz-Object-Lock-Legal-Hold") == string(minio.LegalHoldEnabled)}
	text := info.Metadata.Get("X-Amz-Object-Lock-Retain-Until-Date")
	if text == "" {
		return out, nil
	}
	until, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return out, fmt.Errorf("object store: retention of %s: %w", info.Key, err)
	}
	out.RetainedUntil = until.UTC()
	return out, nil
}

// Retain implements evidence.Blobs. Stores keep whole seconds: a fraction is rounded up.
func (s *S3) Retain(ctx context.Context, key string, until time.Time) error {
	info, err := s.head(ctx, key)
	if err != nil {
		return err
	}
	until = until.Add(time.Second - 1).UTC().Truncate(time.Second)
	now, err := stored(info)
	if err != nil || !until.After(now.RetainedUntil) {
		return err
	}
	mode := minio.RetentionMode(strings.ToUpper(s.cfg.Mode))
	return translate(s.core.PutObjectRetention(ctx, s.cfg.Bucket, key,
		minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &until, VersionID: info.VersionID}))
}

// Hold implements evidence.Blobs.
func (s *S3) Hold(ctx context.Context, key string, on bool) error {
	info, err := s.head(ctx, key)
	if err != nil {
		return err
	}
	status := minio.LegalHoldDisabled
	if on {
		status = minio.LegalHoldEnabled
	}
	return translate(s.core.PutObjectLegalHold(ctx, s.cfg.Bucket, key,
		minio.PutObjectLegalHoldOptions{Status: &status, VersionID: info.VersionID}))
}

// Remove implements evidence.Blobs. It names the version: without one, a store under object lock hides the object and says
// yes. What is looked up first only makes the refusal clear; the refusal is the store's.
func (s *S3) Remove(ctx context.Context, key string) error {
	info, err := s.head(ctx, key)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return nil
	}
	if err != nil {
		return err
	}
	now, err := stored(info)
	switch {
	case err != nil:
		return err
	case now.Held:
		return fault.New(fault.OnHold)
	case s.cfg.Now().Before(now.RetainedUntil):
		return fault.New(fault.Retained)
	}
	return translate(s.core.RemoveObject(ctx, s.cfg.Bucket, key, minio.RemoveObjectOptions{VersionID: info.VersionID}))
}
