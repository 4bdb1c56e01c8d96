package render

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// in is the sample of an approval in another state, with some signatures away.
func in(t *testing.T, state string, away ...string) Paper {
	p := example(t, "penalty-approval")
	p.Instance.State = state
	var kept []document.Signature
	for _, s := range p.Instance.Signatures {
		if !strings.Contains(" "+strings.Join(away, " ")+" ", " "+s.ID+" ") {
			kept = append(kept, s)
		}
	}
	p.Instance.Signatures = kept
	return p
}

// Whoever approves signs in the cell of his opinion, below it: two of one day beside each other, and the day at the right, once.
func TestSignaturesStandInTheirCells(t *testing.T) {
	all := settings(t, traced(t, in(t, document.Issued)))
	opinion, one, two, head := find(t, all, "同意承办人意见，报请审批。"), find(t, all, "吴喆"), find(t, all, "郑堃"), find(t, all, "王龑")
	if one.y != two.y || one.x >= two.x || one.y >= opinion.y || head.y <= opinion.y {
		t.Errorf("officers %v %v, opinion of the unit %v, head %v", one, two, opinion, head)
	}
	days := 0
	for _, s := range all {
		if s.text == "2026年9月17日" {
			days++
		}
	}
	if days != 4 {
		t.Errorf("%d days of four steps", days)
	}
}

// A draft says who has still to sign, in his cell and at its head; who has signed of it is named, though a preview shows no hand. On an issued paper an empty
// place is struck.
func TestADraftShowsWhichStepIsMissing(t *testing.T) {
	draft := in(t, document.Draft, "l", "h")
	for i := range draft.Instance.Signatures {
		draft.Instance.Signatures[i].Image = ""
	}
	file, _ := printed(t, draft)
	text := extract(t, file)
	if !strings.Contains(text, "尚待签署：法制审核人员、行政机关负责人。") || strings.Count(text, "（待签）") != 2 || strings.Count(text, "（已签）") != 3 || !strings.Contains(text, "孙昇") {
		t.Error(text)
	}
	file, _ = printed(t, in(t, document.Issued, "h"))
	if text = extract(t, file); strings.Contains(text, "待签") || strings.Contains(text, "签署：") {
		t.Error("an issued paper waits for nobody: ", text)
	}
	struck := in(t, document.Issued, "h")
	for _, s := range struck.signedIn("head") {
		if s.blank != nothing {
			t.Errorf("the head's place is %q", s.blank)
		}
	}
	if p := in(t, document.Draft, "l"); len(p.signedIn("legal")) != 1 {
		t.Error("one place for the reviewer")
	} else if p.Instance.Data = record.Apply(p.Instance.Data, record.Object{"review": "exempt"}); len(p.signedIn("legal")) != 0 {
		t.Error("nobody reviews what needs no review")
	}
}

// Row of roll and text to be edited name who signed too.
func TestApprovalsOnTheRollAndInTheText(t *testing.T) {
	p := in(t, document.Draft, "h")
	file, _ := onRoll(t, p)
	roll := extract(t, file)
	text, _, _ := edited(t, p)
	for _, said := range []string{roll, text} {
		for _, want := range []string{"吴喆", "郑堃", "孙昇", "李镕", "（待签）"} {
			if !strings.Contains(said, want) {
				t.Errorf("lacks %s: %s", want, said)
			}
		}
	}
}

// However long what stands above it is, a signature is not parted from itself, and is on the page.
func TestSignaturesAreNotBroken(t *testing.T) {
	for n := range 60 {
		p := in(t, document.Issued)
		p.Instance.Data = record.Apply(p.Instance.Data, record.Object{"officerOpinion": strings.Repeat("违法事实清楚，证据确凿。\n", n)})
		for _, s := range settings(t, traced(t, p)) {
			if s.text == "签名：" && (s.y < top+pitch || s.y > bottom-pitch) {
				t.Fatalf("with %d lines a signature stands at %v", n, s)
			}
		}
	}
}

// Who signs in a cell signs in no block besides.
func TestABlockOfSignaturesLeavesOutWhoSignsInACell(t *testing.T) {
	p := in(t, document.Issued)
	p.Template.Layout = append(p.Template.Layout, document.Block{ID: "all", Kind: document.SignaturesBlock})
	if places := p.places(nil); len(places) != 0 {
		t.Errorf("%v", places)
	}
	if places := p.places([]string{"head"}); len(places) != 1 || places[0].by.Name != "王龑" {
		t.Errorf("%v", places)
	}
}
