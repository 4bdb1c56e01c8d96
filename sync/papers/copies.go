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

// Copy makes the page of an issued paper with the mark of one of its copies (送达联、归档联、备案联) in the margin of every sheet. It is given only when the page without
// the mark is still, octet for octet, the one that is kept; otherwise it is fault paper.copy_differs, and the page that is kept is printed. Of a void paper there are none. Before that page is
// there it is document.not_rendered, or what its rendering failed by; a copy that there is not of its kind is request.field_invalid.
func (s *Service) Copy(ctx context.Context, id, which string) (File, error) {
	body, err := s.find(ctx, document.Documents.Name, id)
	if err != nil {
		return File{}, err
	}
	in := document.ReadInstance(body)
	kind, _ := document.KindOf(in.Kind)
	mark, ok := kind.CopyMark(which)
	if !ok {
		return File{}, fault.New(fault.FieldInvalid).At("copy").Detail("该类文书没有这一联", "papers of this kind have no such copy")
	}
	rendered, _ := body["rendered"].(record.Object)
	if failure, _ := rendered["failure"].(string); failure != "" {
		return File{}, fault.New(fault.Code(failure))
	}
	if in.State == document.Voided {
		return File{}, fault.New(fault.CopyDiffers)
	}
	if rendered["sha256"] == nil {
		return File{}, fault.New(fault.PaperPending)
	}
	paper, _, err := s.paper(ctx, id, body)
	if err != nil {
		return File{}, err
	}
	return s.copied(ctx, paper, mark, rendered["sha256"])
}

// copied renders a paper twice: as it is kept, to see that it is the same, and with the mark.
func (s *Service) copied(ctx context.Context, paper render.Paper, mark string, kept any) (File, error) {
	last, err := album(ctx, paper)
	if err != nil {
		return File{}, err
	}
	defer last()
	done, err := turn(ctx)
	if err != nil {
		return File{}, err
	}
	defer done()
	paper.Pictures = s.pictures(ctx, paper.Instance.Unit)
	same, err := render.PDF(io.Discard, paper)
	var wrong *render.PictureError
	if errors.As(err, &wrong) || err == nil && same.SHA256 != kept {
		return File{}, fault.New(fault.CopyDiffers)
	}
	if err != nil {
		return File{}, fmt.Errorf("a copy: %w", err)
	}
	var out bytes.Buffer
	paper.Copy = mark
	result, err := render.PDF(&out, paper)
	if err != nil {
		return File{}, fmt.Errorf("a copy: %w", err)
	}
	return File{out.Bytes(), result.SHA256, "application/pdf", "pdf"}, nil
}
