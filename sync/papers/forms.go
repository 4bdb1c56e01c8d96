package papers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
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
	write        func(s *Service, ctx context.Context, w io.Writer, id string, body record.Object) (render.Result, error)
	kind, ending string
}

// forms are made of the same instance as the page that is kept, whenever they are asked for; none of them is kept.
var forms = map[string]form{
	"receipt": {anew(render.Receipt), "application/pdf", "pdf"},
	"docx":    {anew(render.DOCX), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
	"marked":  {(*Service).marked, "application/pdf", "marked.pdf"},
}

// anew makes a form of what the paper says.
func anew(write func(io.Writer, render.Paper) (render.Result, error)) func(*Service, context.Context, io.Writer, string, record.Object) (render.Result, error) {
	return func(s *Service, ctx context.Context, w io.Writer, id string, body record.Object) (render.Result, error) {
		paper, _, err := s.paper(ctx, id, body)
		if err != nil {
			return render.Result{}, err
		}
		return write(w, paper)
	}
}

// marked makes the copy of a paper that tells what has become of it. One that is in force has none: fault document.in_force.
func (s *Service) marked(ctx context.Context, w io.Writer, _ string, body record.Object) (render.Result, error) {
	if document.Standing(body) == document.Issued {
		return render.Result{}, fault.New(fault.PaperInForce)
	}
	rendered, _ := body["rendered"].(record.Object)
	if issued, is := rendered["issued"].(record.Object); is {
		rendered = issued
	}
	return s.mark(ctx, w, body, rendered)
}

// As makes an issued paper in another form, receipt, docx or marked, from what was frozen, with what the records said when it was rendered where its author left
// it to them. Of a draft there is none (document.not_rendered), of a paper that is longer than papers can be neither (paper.too_large), and an unknown form is
// request.field_invalid. Who calls sees to it that the caller may have the paper.
func (s *Service) As(ctx context.Context, id, name string) (File, error) {
	f, ok := forms[name]
	if !ok {
		return File{}, fault.New(fault.FieldInvalid).At("form").Detail("应为 pdf、issued、marked、receipt 或 docx", "want pdf, issued, marked, receipt or docx")
	}
	body, err := s.find(ctx, document.Documents.Name, id)
	if err != nil {
		return File{}, err
	}
	if state := body["state"]; state != document.Issued && state != document.Voided {
		return File{}, fault.New(fault.PaperPending)
	}
	done, err := turn(ctx)
	if err != nil {
		return File{}, err
	}
	defer done()
	var out bytes.Buffer
	result, err := f.write(s, ctx, &out, id, body)
	if err != nil {
		return File{}, fmt.Errorf("document %s as %s: %w", id, name, told(err))
	}
	return File{out.Bytes(), result.SHA256, f.kind, f.ending}, nil
}

// told is an error of rendering as people may see it.
func told(err error) error {
	if errors.Is(err, render.ErrTooLong) {
		return fault.New(fault.PaperTooLarge).Because(err)
	}
	return err
}
