package render

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
)

// A copy says on every page which it is, beside all other marks, and nothing else is moved by that.
func TestCopiesAreMarked(t *testing.T) {
	p := penalty(t)
	p.Instance.State, p.Instance.VoidReason = document.Voided, "姓名有误"
	plain := traced(t, p)
	p.Copy = "送达联（一式三份）"
	marked := traced(t, p)
	var rest []string
	marks := 0
	for _, line := range strings.Split(marked, "\n") {
		if strings.HasSuffix(line, " "+p.Copy) {
			marks++
			continue
		}
		rest = append(rest, line)
	}
	if strings.Join(rest, "\n") != plain || marks != 2 {
		t.Errorf("%d marks, or other lines moved", marks)
	}
	file, _ := printed(t, p)
	for _, fault := range faultsOf(t, file) {
		t.Error(fault)
	}
}
