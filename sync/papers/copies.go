package papers

import (
	"bytes"
	"context"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Copy makes one of the copies of an issued paper (送达联、归档联、备案联): the pages that are kept, with the name of the copy at the head of each. Of a void paper there
// are none: fault paper.copy_void. Before the pages are there it is document.not_rendered, or what their rendering failed by; a copy that there is not of its kind is
// request.field_invalid.
func (s *Service) Copy(ctx context.Context, id, which string) (File, error) {
	body, err := s.find(ctx, document.Documents.Name, id)
	if err != nil {
		return File{}, err
	}
	in := document.ReadInstance(body)
	kind, _ := document.KindOf(in.Kind)
	name, ok := kind.CopyMark(which)
	if !ok {
		return File{}, fault.New(fault.FieldInvalid).At("copy").Detail("该类文书没有这一联", "papers of this kind have no such copy")
	}
	if in.State == document.Voided {
		return File{}, fault.New(fault.CopyVoid)
	}
	rendered, _ := body["rendered"].(record.Object)
	var out bytes.Buffer
	result, err := s.over(ctx, &out, body, rendered, func(string) (string, render.Mark) { return name, render.Mark{Copy: name} })
	if err != nil {
		return File{}, err
	}
	return File{out.Bytes(), result.SHA256, "application/pdf", which + ".pdf"}, nil
}
