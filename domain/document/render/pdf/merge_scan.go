package pdf

import (
	"bytes"
	"fmt"
	"regexp"
)

// scan reads one object and writes it again with its references moved. It knows the syntax of PDF as far as this package writes it; anything else
// is [ErrForm].
type scan struct {
	in     []byte // from behind "n 0 obj\n" on
	most   int    // the highest number of an object
	moved  func(n int) int
	out    bytes.Buffer
	length int // what /Length says; -1 unless it does
}

var (
	referenceForm = regexp.MustCompile(`^(\d{1,7}) 0 R`)
	lengthForm    = regexp.MustCompile(`^/Length (\d{1,10})[^\d]`)
	numberForm    = regexp.MustCompile(`^[+-]?[0-9]*\.?[0-9]+`)
	nameForm      = regexp.MustCompile(`^/[^\x00-\x20()<>\[\]{}/%]*`)
	wordForm      = regexp.MustCompile(`^[A-Za-z]+`)
	hexForm       = regexp.MustCompile(`^<[0-9A-Fa-f\s]*>`)
)

const (
	objectEnd = "\nendobj\n"
	streamEnd = "\nendstream" + objectEnd
)

// object reads up to the end of the object, its stream as it is.
func (s *scan) object() error {
	s.length = -1
	for {
		switch {
		case bytes.HasPrefix(s.in, []byte(objectEnd)):
			return nil
		case bytes.HasPrefix(s.in, []byte("\nstream\n")):
			return s.stream()
		}
		if err := s.token(); err != nil {
			return err
		}
	}
}

// stream copies what /Length counts.
func (s *scan) stream() error {
	head := len("\nstream\n")
	if s.length < 0 || s.length > len(s.in)-head || !bytes.HasPrefix(s.in[head+s.length:], []byte(streamEnd)) {
		return ErrForm
	}
	s.take(head + s.length)
	s.out.WriteString("\nendstream")
	return nil
}

// take copies n octets.
func (s *scan) take(n int) {
	s.out.Write(s.in[:n])
	s.in = s.in[n:]
}

func (s *scan) token() error {
	if len(s.in) == 0 {
		return ErrForm
	}
	if found := referenceForm.FindSubmatch(s.in); found != nil {
		n := number64(found[1])
		if n < 1 || n > s.most {
			return ErrForm
		}
		fmt.Fprintf(&s.out, "%d 0 R", s.moved(n))
		s.in = s.in[len(found[0]):]
		return nil
	}
	if found := lengthForm.FindSubmatch(s.in); found != nil && !bytes.HasPrefix(s.in[len("/Length "):], append(bytes.Clone(found[1]), " 0 R"...)) {
		s.length = number64(found[1])
	}
	for _, form := range []*regexp.Regexp{nameForm, numberForm, wordForm, hexForm} {
		if n := len(form.Find(s.in)); n > 0 {
			s.take(n)
			return nil
		}
	}
	switch c := s.in[0]; c {
	case '(':
		return s.text()
	case '<', '>', '[', ']', ' ', '\n':
		s.take(1)
		return nil
	}
	return ErrForm
}

// text copies a literal string: parentheses inside it come in pairs or behind a backslash.
func (s *scan) text() error {
	depth := 0
	for i := 0; i < len(s.in); i++ {
		switch s.in[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				s.take(i + 1)
				return nil
			}
		}
	}
	return ErrForm
}
