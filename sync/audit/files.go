package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Bytes reads what the blob store holds; evidence.Blobs is one.
type Bytes interface {
	// OpenRange opens n octets of an object from an offset; n < 0 means to the end.
	OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error)
}

// stored are the collections whose records name bytes, with the server's field that says which.
var stored = []struct{ collection, field string }{{"evidence", "custody"}, {"documents", "rendered"}}

// files reads every recording and paper that the server has acknowledged, and compares its digest with the record's.
func (a *Auditor) files(ctx context.Context, r *Report) error {
	if a.Bytes == nil {
		return nil
	}
	for _, s := range stored {
		err := a.Reader.BodiesOf(ctx, s.collection, func(id string, body []byte) error {
			object, err := wire.Object(body)
			if err != nil {
				r.add("head", s.collection+"/"+id, "记录内容无法解析", "the record's body cannot be read")
				return nil
			}
			if held, ok := object[s.field].(record.Object); ok && held["key"] != nil {
				a.file(ctx, s.collection+"/"+id, held, r)
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Auditor) file(ctx context.Context, where string, held record.Object, r *Report) {
	key, _ := held["key"].(string)
	want, _ := held["sha256"].(string)
	length, _ := held["length"].(float64)
	r.Files++
	a.step("files", r.Files)
	n, sum, err := a.hash(ctx, key)
	r.Bytes += n
	switch {
	case err != nil:
		r.add("bytes", where, "存储中读不到该文件", fmt.Sprintf("the store does not give the file: %v", err))
	case n != int64(length) || sum != want:
		r.add("bytes", where, "文件内容与登记的摘要不符", "the file's bytes do not give the digest on record")
	}
}

// hash reads an object to its end, so that bytes behind the recorded length are noticed too.
func (a *Auditor) hash(ctx context.Context, key string) (int64, string, error) {
	file, err := a.Bytes.OpenRange(ctx, key, 0, -1)
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	digest := sha256.New()
	n, err := io.Copy(digest, file)
	return n, hex.EncodeToString(digest.Sum(nil)), err
}
