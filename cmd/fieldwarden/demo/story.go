package demo

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/law"
)

// story tells the day while it happens: when, who, what.
type story struct {
	mu  sync.Mutex
	out io.Writer
	now func() time.Time
}

// scene begins a part of the day.
func (s *story) scene(zh, en string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "\n== %s / %s\n", zh, en)
}

// tell is one line of progress. Names are padded as terminals count, so that what happened stands in one column.
func (s *story) tell(who, zh, en string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%s  %s  %s / %s\n", s.now().In(law.Beijing).Format("15:04:05.000"), terminal.FillRight(who, 10), zh, en)
}
