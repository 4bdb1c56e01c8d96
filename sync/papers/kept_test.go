package papers_test

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

// Whoever asks for a file that is not there is told why: a draft never has one, one that waits for a photograph says for which, and one that cannot be made says at which
// row and what is wrong with it.
func TestWhyThereIsNoFile(t *testing.T) {
	for about, c := range map[string]struct {
		body        record.Object
		code        fault.Code
		says, field string
	}{
		"a draft":         {record.Object{"state": document.Draft}, fault.PaperPending, "草稿", ""},
		"just issued":     {record.Object{"state": document.Issued}, fault.PaperPending, "请稍后再试", ""},
		"one that waits":  {record.Object{"state": document.Issued, "rendered": record.Object{"waiting": "01890000-0000-7000-8000-0000000000a1"}}, fault.PaperPending, "01890000-0000-7000-8000-0000000000a1", ""},
		"a wrong picture": {record.Object{"state": document.Issued, "rendered": record.Object{"failure": "paper.picture_unfit", "failureAt": "data/photos/p1", "reason": record.Object{"zh": "像素过多", "en": "too many pixels"}}}, fault.PictureUnfit, "像素过多", "data/photos/p1"},
	} {
		for _, issued := range []bool{false, true} {
			_, err := papers.KeptOf(c.body, issued)
			if why := fault.Of(err); why.Code != c.code || !strings.Contains(why.Zh, c.says) || why.Field != c.field {
				t.Errorf("%s: %s %q at %q", about, why.Code, why.Zh, why.Field)
			}
		}
	}
}
