package papers

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Public is what anybody who holds a paper may know of it: enough to tell a forged or outdated one, and nothing of persons or the case.
type Public struct {
	Name      string // of the kind of paper, in Chinese
	Number    string // "" for a paper without one
	Organ     string
	IssuedAt  time.Time
	Void      bool
	Corrected string // record id of the paper that corrects it; "" when none does
	By        string // number of that paper; "" for one without
	File      Print  // what was handed over
	Marked    Print  // of a void paper the copy with the mark; else zero
}

// Print is a rendered file. The zero Print is not rendered yet.
type Print struct {
	SHA256 string
	Pages  int
	Failed bool // it cannot be rendered
}

// The public page speaks for the organ, and a device writes the kind and the number of a paper: what can be neither is not repeated there.
const (
	unnamed     = "文书"
	unshown     = "编号无法显示，请向制作机关核实"
	mostOfAName = 100 // characters of a number
)

func shownNumber(text string) string {
	if text != "" && !document.Printable(text, mostOfAName) {
		return unshown
	}
	return text
}

// Public tells of an issued or void paper. Drafts are not there: fault request.not_found.
func (s *Service) Public(ctx context.Context, id string) (Public, error) {
	body, err := s.find(ctx, document.Documents.Name, id)
	if err != nil {
		return Public{}, err
	}
	in := document.ReadInstance(body)
	if in.State != document.Issued && in.State != document.Voided {
		return Public{}, fault.New(fault.NotFound)
	}
	p := Public{Name: unnamed, Number: shownNumber(in.NumberText), IssuedAt: in.IssuedAt, Void: in.State == document.Voided}
	p.prints(body)
	if by, _ := body["correctedBy"].(record.Object); by != nil {
		p.Corrected, _ = by["document"].(string)
		number, _ := by["number"].(string)
		p.By = shownNumber(number)
	}
	if kind, ok := document.KindOf(in.Kind); ok {
		p.Name = kind.Name
	} else if template, err := s.optional(ctx, document.Templates.Name, in.Template); err != nil {
		return Public{}, err
	} else if name, _ := template["name"].(string); name != "" {
		p.Name = name
	} else if document.KindWord(in.Kind) {
		p.Name = in.Kind
	}
	o, err := s.organ(ctx, in.Unit)
	if p.Organ = o.Name; p.Organ == "" {
		p.Organ = in.Unit
	}
	return p, err
}

// prints reads which files there are. Of a void paper "rendered" is the marked copy, and "rendered/issued" what was handed over.
func (p *Public) prints(body record.Object) {
	rendered, _ := body["rendered"].(record.Object)
	issued, marked := rendered["issued"].(record.Object)
	if !marked {
		p.File = printOf(rendered)
		return
	}
	p.File, p.Marked = printOf(issued), printOf(rendered)
}

func printOf(rendered record.Object) Print {
	sum, _ := rendered["sha256"].(string)
	pages, _ := rendered["pages"].(float64)
	return Print{sum, int(pages), rendered["failure"] != nil}
}
