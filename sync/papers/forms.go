package papers

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// File is a paper in a form other than the page that is kept.
type File struct {
	Bytes  []byte
	SHA256 string // lower-case hex
	Type   string // media type
	Ending string // of its name
}

// form is one of the forms.
type form struct {
	write        func(io.Writer, render.Paper) (render.Result, error)
	kind, ending string
}

// forms are made of the same instance as the page that is kept, whenever they are asked for; none of them is kept.
var forms = map[string]form{
	"receipt": {render.Receipt, "application/pdf", "pdf"},
	"docx":    {render.DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
}

// As makes an issued paper in another form, receipt or docx, from what was frozen; what its author left for the records to say is filled in as they
// are now. Of a draft there is none (document.not_rendered), and an unknown form is request.field_invalid. Who calls sees to it that the caller
// may have the paper.
func (s *Service) As(ctx context.Context, id, name string) (File, error) {
	f, ok := forms[name]
	if !ok {
		return File{}, fault.New(fault.FieldInvalid).At("form").Detail("应为 pdf、receipt 或 docx", "want pdf, receipt or docx")
	}
	body, err := s.find(ctx, document.Documents.Name, id)
	if err != nil {
		return File{}, err
	}
	in := document.ReadInstance(body)
	if in.State != document.Issued && in.State != document.Voided {
		return File{}, fault.New(fault.PaperPending)
	}
	paper, err := s.paper(ctx, id, in)
	if err != nil {
		return File{}, err
	}
	done, err := turn(ctx)
	if err != nil {
		return File{}, err
	}
	defer done()
	var out bytes.Buffer
	result, err := f.write(&out, paper)
	if err != nil {
		return File{}, fmt.Errorf("document %s as %s: %w", id, name, err)
	}
	return File{out.Bytes(), result.SHA256, f.kind, f.ending}, nil
}
