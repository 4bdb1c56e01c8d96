package demo

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

func TestOnlyEqualTextsHold(t *testing.T) {
	var table Table
	if table.Sound() {
		t.Error("a table without lines is sound")
	}
	table.add("a", "甲", "a", "有效", "有效")
	if !table.Sound() {
		t.Error("equal texts do not hold")
	}
	table.add("b", "乙", "b", "有效", "暂扣")
	if table.Sound() || table.Lines()[1].OK {
		t.Error("different texts hold")
	}
}

// Every row has its separators in the same terminal columns, whatever characters stand in it.
func TestColumnsLineUpWithWideCharacters(t *testing.T) {
	var table Table
	table.add("a", "两名执法人员离线编辑同一检查，互不冲突的答案合并", "two officers edit one inspection offline; answers that do not clash merge",
		"q01=符合 q02=不符合", strings.Repeat("很长的内容longwordwithoutanyspace", 8))
	table.add("b", "短", "short", "〔2026〕第1号", "×")
	var out bytes.Buffer
	if err := table.writeText(&out); err != nil {
		t.Fatal(err)
	}
	columns := func(row string) []int {
		var at []int
		for i, r := range row {
			if r == '|' || r == '+' {
				at = append(at, runewidth.StringWidth(row[:i]))
			}
		}
		return at
	}
	rows := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	first := columns(rows[0])
	if len(first) != 3 {
		t.Fatalf("%d separators in %q", len(first), rows[0])
	}
	for _, row := range rows {
		at := columns(row)
		if len(at) != 3 || at[0] != first[0] || at[1] != first[1] || at[2] != first[2] {
			t.Errorf("separators at %v, not %v: %q", at, first, row)
		}
	}
	if !strings.Contains(out.String(), "longword") || strings.Count(out.String(), "很长的内容") < 7 {
		t.Errorf("text was lost:\n%s", out.String())
	}
}

func TestWrapKeepsEveryCharacterAndTheWidth(t *testing.T) {
	for _, text := range []string{"", "a", "两名执法人员 two officers", "x" + strings.Repeat("宽", 50), strings.Repeat("word ", 30), "宽"} {
		for _, width := range []int{1, 2, 7, 40} {
			lines := wrap(text, width)
			joined := strings.ReplaceAll(strings.Join(lines, ""), " ", "")
			if joined != strings.ReplaceAll(text, " ", "") {
				t.Errorf("width %d: %q became %q", width, text, lines)
			}
			for _, l := range lines {
				if terminal.StringWidth(l) > max(width, 2) {
					t.Errorf("width %d: %q is %d wide", width, l, terminal.StringWidth(l))
				}
			}
		}
	}
}
