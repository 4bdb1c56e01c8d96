package blob

import (
	"context"
	"errors"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// What a store says that will be otherwise the next time is nobody's mistake, and no defect of the server: it is told to come again.
func TestWhatAStoreSays(t *testing.T) {
	for code, want := range map[string]fault.Code{
		"NoSuchKey": fault.NotFound, "XMinioStorageFull": fault.StorageFull, "SlowDown": fault.TemporarilyDown, "NoSuchUpload": fault.TemporarilyDown,
	} {
		if err := translate(minio.ErrorResponse{Code: code, StatusCode: 404}); !errors.Is(err, fault.New(want)) {
			t.Errorf("%s is %v, want %s", code, err, want)
		}
	}
	if err := translate(minio.ErrorResponse{StatusCode: 503}); !errors.Is(err, fault.New(fault.TemporarilyDown)) {
		t.Errorf("a 503 without a code is %v", err)
	}
	for _, same := range []error{nil, context.Canceled, context.DeadlineExceeded, minio.ErrorResponse{Code: "AccessDenied", StatusCode: 403}} {
		if err := translate(same); err != same {
			t.Errorf("%v becomes %v", same, err)
		}
	}
}
