package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Dock is an S3 store as docking stations use it: a multipart upload under a key of its own. The store itself remembers which upload and
// which parts there are, so any process can go on.
type Dock struct {
	*S3
	signer *minio.Client // its addresses are those by which stations reach the store
}

var _ evidence.Dock = (*Dock)(nil)

// dockPart is the length of a part: the least that keeps the largest recording under the 10,000 parts that S3 allows.
const dockPart = 16 << 20

// OpenDock makes the dock of a store. endpoint is host:port by which stations reach it.
func OpenDock(store *S3, endpoint string, tls bool) (*Dock, error) {
	signer, err := minio.New(endpoint, &minio.Options{Creds: credentials.NewStaticV4(store.cfg.AccessKey, store.cfg.SecretKey, ""), Secure: tls,
		Region: store.cfg.Region, BucketLookup: minio.BucketLookupPath})
	if err != nil {
		return nil, fmt.Errorf("dock: %w", err)
	}
	return &Dock{store, signer}, nil
}

func dockKey(id string) string { return "dock/" + id }

// Berth implements evidence.Dock.
func (d *Dock) Berth(ctx context.Context, id string, length int64, until time.Time) ([]evidence.DockPart, error) {
	if _, err := d.head(ctx, dockKey(id)); !errors.Is(err, fault.New(fault.NotFound)) {
		return nil, err // nil: it is closed
	}
	upload, err := d.upload(ctx, id)
	if err == nil && upload == "" {
		if _, err = d.core.NewMultipartUpload(ctx, d.cfg.Bucket, dockKey(id), minio.PutObjectOptions{ContentType: "application/octet-stream"}); err == nil {
			upload, err = d.upload(ctx, id) // another may have begun one at the same time
		}
	}
	if err != nil {
		return nil, translate(err)
	}
	missing, _, err := d.parts(ctx, id, upload, length)
	for i := range missing {
		if err == nil {
			missing[i].URL, err = d.sign(ctx, id, upload, missing[i].Number, until)
		}
	}
	return missing, err
}

func (d *Dock) sign(ctx context.Context, id, upload string, part int, until time.Time) (string, error) {
	good := max(time.Second, until.Sub(d.cfg.Now()))
	signed, err := d.signer.Presign(ctx, "PUT", d.cfg.Bucket, dockKey(id), good, url.Values{"uploadId": {upload}, "partNumber": {strconv.Itoa(part)}})
	if err != nil {
		return "", fmt.Errorf("dock: %w", err)
	}
	return signed.String(), nil
}

// upload is the multipart upload under an id; "" there is none. Two that begin at once may make two: everybody then goes by the one whose name
// comes first. When one was begun is no guide, for versitygw tells when it was last written.
func (d *Dock) upload(ctx context.Context, id string) (upload string, err error) {
	found, err := d.core.ListMultipartUploads(ctx, d.cfg.Bucket, dockKey(id), "", "", "", 1000)
	if err != nil {
		return "", translate(err)
	}
	for _, u := range found.Uploads {
		if u.Key == dockKey(id) && (upload == "" || u.UploadID < upload) {
			upload = u.UploadID
		}
	}
	return upload, nil
}

// parts tells which parts are missing and which are there.
func (d *Dock) parts(ctx context.Context, id, upload string, length int64) (missing []evidence.DockPart, there []minio.CompletePart, err error) {
	have := map[int]minio.ObjectPart{}
	for marker := 0; ; {
		page, err := d.core.ListObjectParts(ctx, d.cfg.Bucket, dockKey(id), upload, marker, 1000)
		if err != nil {
			return nil, nil, translate(err)
		}
		for _, p := range page.ObjectParts {
			have[p.PartNumber] = p
		}
		if !page.IsTruncated {
			break
		}
		marker = page.NextPartNumberMarker
	}
	for n, from := 1, int64(0); from < length; n, from = n+1, from+dockPart {
		want := min(dockPart, length-from)
		if p, ok := have[n]; ok && p.Size == want {
			there = append(there, minio.CompletePart{PartNumber: n, ETag: p.ETag})
		} else {
			missing = append(missing, evidence.DockPart{Number: n, From: from, Length: want})
		}
	}
	return missing, there, nil
}

// Close implements evidence.Dock.
func (d *Dock) Close(ctx context.Context, id string, length int64) error {
	if _, err := d.head(ctx, dockKey(id)); !errors.Is(err, fault.New(fault.NotFound)) {
		return err // nil: done
	}
	upload, err := d.upload(ctx, id)
	if err != nil {
		return err
	}
	if upload == "" {
		return fault.New(fault.UploadPartOpen)
	}
	missing, there, err := d.parts(ctx, id, upload, length)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fault.New(fault.UploadPartOpen).Detail(fmt.Sprintf("缺少第%d部分", missing[0].Number), fmt.Sprintf("part %d is missing", missing[0].Number))
	}
	_, err = d.core.CompleteMultipartUpload(ctx, d.cfg.Bucket, dockKey(id), upload, there, minio.PutObjectOptions{})
	return translate(err)
}

// Open implements evidence.Dock.
func (d *Dock) Open(ctx context.Context, id string) (io.ReadCloser, time.Time, error) {
	info, err := d.head(ctx, dockKey(id))
	if err != nil {
		return nil, time.Time{}, err
	}
	body, err := d.OpenRange(ctx, dockKey(id), 0, -1)
	return body, info.LastModified, err
}

// Clear implements evidence.Dock.
func (d *Dock) Clear(ctx context.Context, id string) error {
	for {
		upload, err := d.upload(ctx, id)
		if err != nil {
			return err
		}
		if upload == "" {
			break
		}
		if err := d.core.AbortMultipartUpload(ctx, d.cfg.Bucket, dockKey(id), upload); err != nil {
			return translate(err)
		}
	}
	return d.Remove(ctx, dockKey(id))
}
