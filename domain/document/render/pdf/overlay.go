package pdf

import (
	"bytes"
	"fmt"
	"regexp"
)

// overlay is the first page of a file, to be drawn over pages of another.
type overlay struct {
	*table
	width, height       string
	resources, contents int // objects
}

var (
	leafForm      = regexp.MustCompile(`^<</Type/Page/Parent \d+ 0 R/MediaBox\[0 0 ([0-9.]+) ([0-9.]+)\]/Resources (\d{1,7}) 0 R/Contents (\d{1,7}) 0 R>>`)
	resourcesForm = regexp.MustCompile(`^<</ExtGState<<[^<>]*>>/Font<<[^<>]*>>/XObject<<`)
)

func readOverlay(file []byte) (*overlay, error) {
	t, err := readTable(file)
	if err != nil {
		return nil, err
	}
	text, err := t.body(t.first)
	if err != nil {
		return nil, err
	}
	leaf := leafForm.FindSubmatch(text)
	if leaf == nil {
		return nil, ErrForm
	}
	return &overlay{t, string(leaf[1]), string(leaf[2]), number64(leaf[3]), number64(leaf[4])}, nil
}

// draw has every page among the objects, which are numbered from next on, show the overlay, and returns the further objects that this needs. What a page
// says of itself stays as it is; before and behind it stand streams of their own.
func (o *overlay) draw(on *moved, next int) ([][]byte, error) {
	free := next + len(on.list)
	ours, err := o.renumbered(free, o.resources, o.contents)
	if err != nil {
		return nil, err
	}
	form := ours.number[o.contents]
	ours.list[form-free] = append(fmt.Appendf(nil, "<</Type/XObject/Subtype/Form/BBox[0 0 %s %s]/Resources %d 0 R", o.width, o.height, ours.number[o.resources]),
		ours.list[form-free][len("<<"):]...)
	before := free + len(ours.list)
	ours.list = append(ours.list, plainStream("q"), plainStream("Q q /Mark Do Q"))
	marked := map[int]bool{}
	for i, text := range on.list {
		leaf := leafForm.FindSubmatch(text)
		if leaf == nil {
			continue
		}
		on.list[i] = bytes.Replace(text, fmt.Appendf(nil, "/Contents %s 0 R", leaf[4]), fmt.Appendf(nil, "/Contents[%d 0 R %s 0 R %d 0 R]", before, leaf[4], before+1), 1)
		resources := number64(leaf[3]) - next
		if marked[resources] {
			continue
		}
		marked[resources] = true
		head := resourcesForm.Find(on.list[resources])
		if head == nil {
			return nil, ErrForm
		}
		on.list[resources] = append(fmt.Appendf(nil, "%s/Mark %d 0 R", head, form), on.list[resources][len(head):]...)
	}
	if len(marked) == 0 {
		return nil, ErrForm
	}
	return ours.list, nil
}

// plainStream is a stream that is too short to be packed.
func plainStream(content string) []byte {
	return fmt.Appendf(nil, "<</Length %d>>\nstream\n%s\nendstream", len(content), content)
}
