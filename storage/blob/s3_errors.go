package blob

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"

	"github.com/minio/minio-go/v7"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// translate turns a store's answer into a fault where somebody can act on it. This is the one place that knows S3's codes.
func translate(err error) error {
	if err == nil || callerEnded(err) {
		return err
	}
	answer := minio.ToErrorResponse(err)
	switch answer.Code {
	case "NoSuchKey", "NotFound", "NoSuchVersion":
		return fault.New(fault.NotFound).Because(err)
	case "XMinioStorageFull", "InsufficientStorage", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded":
		return fault.New(fault.StorageFull).Because(err)
	case "NoSuchUpload": // another is just beginning it, as MinIO tells before it can be read, or has just ended it: it is told right the next time
		return fault.New(fault.TemporarilyDown).Because(err)
	case "SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "XMinioServerNotInitialized", "NoSuchBucket":
		return fault.New(fault.TemporarilyDown).Because(err)
	}
	var network net.Error
	var request *url.Error
	if answer.StatusCode >= 500 || errors.As(err, &network) || errors.As(err, &request) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.New(fault.TemporarilyDown).Because(err)
	}
	return err
}

// callerEnded reports whether it was the caller's context that ended the call. errors.Is would not tell: to it, a store that does not answer in
// time (http.Transport.ResponseHeaderTimeout) is context.DeadlineExceeded as well.
func callerEnded(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if err == context.Canceled || err == context.DeadlineExceeded {
			return true
		}
	}
	return false
}
