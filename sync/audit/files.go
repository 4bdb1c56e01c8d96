package audit

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/evidence/algorithm"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/forms"
)

// Bytes reads what the blob store holds; evidence.Blobs is one.
type Bytes interface {
	// OpenRange opens n octets of an object from an offset; n < 0 means to the end.
	OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error)
}

// stored are the collections whose records name bytes, with the server's field that says which.
var stored = []struct{ collection, field string }{{"evidence", "custody"}, {"documents", "rendered"}, {"derivatives", "file"}}

// files reads every recording and paper that the server has acknowledged, and compares its digest with the record's.
func (a *Auditor) files(ctx context.Context, r *Report) error {
	if a.Bytes == nil {
		return nil
	}
	for _, s := range stored {
		err := a.Reader.BodiesOf(ctx, s.collection, func(id string, schema int, body []byte) error {
			object, err := forms.Newest(a.Catalogue).Object(s.collection, schema, body)
			if err != nil {
				r.add("head", s.collection+"/"+id, "记录内容无法解析", "the record's body cannot be read")
				return nil
			}
			for _, one := range filesOf(object, s.field) {
				a.file(ctx, s.collection+"/"+id, one, r)
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// FilesOf are what a record says the server holds of it, each as [File] takes it: of a void paper the copy with the mark, and what was handed over.
func FilesOf(collection string, body record.Object) []record.Object {
	for _, s := range stored {
		if s.collection == collection {
			return filesOf(body, s.field)
		}
	}
	return nil
}

func filesOf(body record.Object, field string) (files []record.Object) {
	held, _ := body[field].(record.Object)
	issued, _ := held["issued"].(record.Object)
	for _, one := range []record.Object{held, issued} {
		if one["key"] != nil {
			files = append(files, one)
		}
	}
	return files
}

func (a *Auditor) file(ctx context.Context, where string, held record.Object, r *Report) {
	r.Files++
	a.step("files", r.Files)
	found, err := File(ctx, a.Bytes, held)
	r.Bytes += found.Length
	switch {
	case errors.Is(err, fault.New(fault.StoreDiffers)) && fault.Of(err).Field == algorithm.SM3.Name:
		r.add("bytes", where, "文件内容与登记的 SM3 摘要不符", "the file's bytes do not give the SM3 digest on record")
	case errors.Is(err, fault.New(fault.StoreDiffers)):
		r.add("bytes", where, "文件内容与登记的摘要不符", "the file's bytes do not give the digest on record")
	case err != nil:
		r.add("bytes", where, "存储中读不到该文件", fmt.Sprintf("the store does not give the file: %v", err))
	}
}

// File reads the bytes that a record says the server holds, by its field with key, length, sha256 and perhaps sm3, and tells what was
// found. Other bytes are fault evidence.store_differs, which names the field sm3 if that alone is other; any other error is the store's.
func File(ctx context.Context, bytes Bytes, held record.Object) (found evidence.Digest, err error) {
	key, _ := held["key"].(string)
	want, _ := held["sha256"].(string)
	length, _ := held["length"].(float64)
	second, _ := held[algorithm.SM3.Name].(string)
	var sm3 string
	found.Length, found.SHA256, sm3, err = hash(ctx, bytes, key, second != "")
	switch {
	case err != nil:
	case found.Length != int64(length) || found.SHA256 != want:
		err = fault.New(fault.StoreDiffers)
	case sm3 != second:
		err = fault.New(fault.StoreDiffers).At(algorithm.SM3.Name)
	}
	return found, err
}

// hash reads an object to its end, so that bytes behind the recorded length are noticed too.
func hash(ctx context.Context, bytes Bytes, key string, both bool) (n int64, sha256, sm3 string, err error) {
	file, err := bytes.OpenRange(ctx, key, 0, -1)
	if err != nil {
		return 0, "", "", err
	}
	defer file.Close()
	first, second := algorithm.SHA256.New(), algorithm.Digest{}.New()
	if both {
		second = algorithm.SM3.New()
	}
	n, err = io.Copy(io.MultiWriter(first, second), file)
	return n, first.Text(), second.Text(), err
}
