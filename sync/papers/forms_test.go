package papers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// An issued paper can be had in other forms, made of what was frozen: the same twice, also after it was made void, then with the mark. A draft has
// none.
func TestOtherForms(t *testing.T) {
	each(t, func(w *world) {
		id, draft := w.create(document.Documents.Name, w.penalty(document.Issued)), w.create(document.Documents.Name, w.penalty(document.Draft))
		for form, begins := range map[string]string{"receipt": "%PDF-1.7", "docx": "PK\x03\x04"} {
			first, err := w.As(context.Background(), id, form)
			if err != nil {
				w.Fatal(form, err)
			}
			digest := sha256.Sum256(first.Bytes)
			if !bytes.HasPrefix(first.Bytes, []byte(begins)) || first.SHA256 != hex.EncodeToString(digest[:]) || first.Type == "" || first.Ending == "" {
				w.Errorf("%s: %d bytes, %s, %s, %s", form, len(first.Bytes), first.SHA256, first.Type, first.Ending)
			}
			if again, err := w.As(context.Background(), id, form); err != nil || again.SHA256 != first.SHA256 {
				w.Errorf("%s: another time it is %s, %v", form, again.SHA256, err)
			}
			if _, err := w.As(context.Background(), draft, form); !errors.Is(err, fault.New(fault.PaperPending)) {
				w.Errorf("%s of a draft: %v", form, err)
			}
		}
		before, _ := w.As(context.Background(), id, "receipt")
		w.apply(document.Documents.Name, id, record.Update, record.Object{"state": document.Voided, "voidReason": "姓名有误"})
		if after, err := w.As(context.Background(), id, "receipt"); err != nil || after.SHA256 == before.SHA256 {
			w.Errorf("void: %v, the same bytes: %v", err, after.SHA256 == before.SHA256)
		}
		if _, err := w.As(context.Background(), id, "odt"); !errors.Is(err, fault.New(fault.FieldInvalid)) {
			w.Errorf("an unknown form: %v", err)
		}
	})
}
