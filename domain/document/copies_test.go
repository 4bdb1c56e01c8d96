package document_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
)

// A paper that is made in several copies marks each; there are names for as many as any kind has.
func TestCopies(t *testing.T) {
	for _, k := range document.Kinds() {
		want := k.Copies
		if want == 1 {
			want = 0 // a single paper is no copy
		}
		if got := len(k.CopyList()); got != want {
			t.Errorf("%s is made in %d, %d are named", k.Key, k.Copies, got)
		}
	}
	for _, c := range []struct{ kind, copy, want string }{{"inspection-notice", "served", "送达联（一式两份）"}, {"inspection-notice", "file", "归档联（一式两份）"}, {"inspection-notice", "report", ""},
		{"summary-penalty", "report", "备案联（一式三份）"}, {"summary-penalty", "served", "送达联（一式三份）"}, {"inspection-approval", "file", ""}, {"inspection-notice", "", ""}, {"nothing", "file", ""}} {
		k, _ := document.KindOf(c.kind)
		if mark, ok := k.CopyMark(c.copy); mark != c.want || ok != (c.want != "") {
			t.Errorf("%s %s: %q", c.kind, c.copy, mark)
		}
	}
}
