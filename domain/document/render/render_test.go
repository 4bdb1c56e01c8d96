package render

import (
	"bytes"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// update rewrites the files under testdata that say where every line of the sample papers stands:
//
//	go test ./domain/document/render -run TestLayout -update
//
// Look at the pages before you commit what it has written, and count layoutVersion up.
var update = flag.Bool("update", false, "rewrite the golden layouts")

// printed renders a paper into memory.
func printed(t testing.TB, p Paper) ([]byte, Result) {
	t.Helper()
	var out bytes.Buffer
	r, err := PDF(&out, p)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), r
}

func samples(t testing.TB) map[string]Paper {
	return map[string]Paper{"inspection": inspection(t), "penalty": penalty(t), "inquiry": inquiry(30), "photographs": example(t, "evidence-extraction")}
}

// digestsOf renders all samples and names their digests, sorted.
func digestsOf(t testing.TB) string {
	var lines []string
	for name, p := range samples(t) {
		_, r := printed(t, p)
		lines = append(lines, name+" "+r.SHA256)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

const childVariable = "FIELDWARDEN_RENDER_CHILD"

// The same paper has the same bytes: in other goroutines, and in another process with other map seeds.
func TestSameBytes(t *testing.T) {
	want := digestsOf(t)
	if os.Getenv(childVariable) != "" {
		os.Stdout.WriteString("digests:" + strings.ReplaceAll(want, "\n", ";") + "\n")
		return
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if got := digestsOf(t); got != want {
				t.Errorf("another goroutine made\n%s\nnot\n%s", got, want)
			}
		})
	}
	all.Wait()
	child := exec.Command(os.Args[0], "-test.run=^TestSameBytes$", "-test.v")
	child.Env = append(os.Environ(), childVariable+"=1", "TZ=America/New_York")
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(string(out), "digests:"+strings.ReplaceAll(want, "\n", ";")+"\n") {
		t.Errorf("another process made\n%s\nnot\n%s", out, want)
	}
}

// Every line of the sample papers stands where it stood when somebody last looked at the pages.
func TestLayout(t *testing.T) {
	for name, p := range samples(t) {
		f := traced(t, p)
		path := filepath.Join("testdata", name+".layout")
		if *update {
			if err := os.WriteFile(path, []byte(f), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Split(f, "\n"); f != string(want) {
			for i, line := range strings.Split(string(want), "\n") {
				if i >= len(got) || got[i] != line {
					t.Errorf("%s: line %d moved: want %q; see -update", name, i+1, line)
					break
				}
			}
		}
	}
}

// A correction names the paper that it corrects above its own text, as it is written and not as tokens; a refusal names the recording that shows it.
func TestCorrectionAndRefusalArePrinted(t *testing.T) {
	p := penalty(t)
	p.Instance.Corrects = document.Correction{Name: "当场行政处罚决定书", Number: "津河东东新执当罚决字〔2026〕第11号", Reason: "地点{facts}有误"}
	for i := range p.Instance.Signatures {
		if p.Instance.Signatures[i].Refused {
			p.Instance.Signatures[i].Recording = "01890000-0000-7000-8000-0000000000e1"
		}
	}
	correction := "本文书更正《当场行政处罚决定书》（津河东东新执当罚决字〔2026〕第11号）。更正事由：地点{facts}有误。"
	for form, text := range formsOf(t, p) {
		for _, want := range []string{correction, "音像记录编号01890000-0000-7000-8000-0000000000e1"} {
			if strings.Count(text, want) != 1 {
				t.Errorf("%s: %q is %d times in\n%s", form, want, strings.Count(text, want), text)
			}
		}
		title, told, facts := strings.Index(text, p.Instance.NumberText), strings.Index(text, correction), strings.Index(text, p.Expand("{occurredAt}"))
		if title < 0 || title > told || told > facts {
			t.Errorf("%s: the correction stands at %d, the number at %d, the facts at %d", form, told, title, facts)
		}
	}
	p.Template.Layout = p.Template.Layout[:1]
	for form, text := range formsOf(t, p) {
		if !strings.Contains(text, correction) {
			t.Errorf("%s: a paper of nothing but a title does not say what it corrects", form)
		}
	}
	p.Instance.Corrects = document.Correction{}
	for form, text := range formsOf(t, p) {
		if strings.Contains(text, "更正") {
			t.Errorf("%s: a paper that corrects none speaks of it", form)
		}
	}
}

// formsOf are the words of a paper in each of its forms, without blanks.
func formsOf(t testing.TB, p Paper) map[string]string {
	t.Helper()
	page, _ := printed(t, p)
	slip, _ := onRoll(t, p)
	text, _, _ := edited(t, p)
	return map[string]string{"page": wordsOf(extract(t, page)), "roll": wordsOf(extract(t, slip)), "text": wordsOf(text)}
}

// traced lays a paper out and returns what was set where.
func traced(t testing.TB, p Paper) string {
	t.Helper()
	f, err := compose(p, true)
	if err != nil {
		t.Fatal(err)
	}
	return f.trace.String()
}

// What a person can read can be copied and searched: the text comes back from the PDF by its own character maps, names of
// rare characters and of those beyond the first plane of Unicode included.
func TestTextComesBack(t *testing.T) {
	pages, _ := printed(t, inspection(t))
	text := extract(t, pages)
	for _, want := range []string{"天津市河东区人民政府东新街道办事处", "现场检查（勘验）笔录", "堃喆餐饮", "龑镕", "赵翀（执法证号02010200017）、钱珺", "孙昇",
		"11.16㎡（6.2m×1.8m）", "“今天天气好，就", "共3页 第1页", "共3页 第3页", "以上笔录我看过"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the text", want)
		}
	}
	pages, _ = printed(t, penalty(t))
	for _, want := range []string{"李𬭎", "人民币伍拾元整（￥50.00）", "津河东东新执当罚决字〔2026〕第12号", "■罚款", "□警告", "拒绝签名。理由：当事人称没有带笔"} {
		if !strings.Contains(extract(t, pages), want) {
			t.Errorf("%q is not in the text", want)
		}
	}
}

// A second reader agrees, where the machine has one.
func TestTextByPoppler(t *testing.T) {
	program := services.Program(t, "pdftotext", "install poppler, on Debian: apt-get install poppler-utils")
	pages, _ := printed(t, penalty(t))
	cmd := exec.Command(program, "-", "-")
	cmd.Stdin = bytes.NewReader(pages)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	text, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%v: %s", err, complaints.String())
	}
	for _, want := range []string{"李𬭎", "人民币伍拾元整（￥50.00）", "先向天津市河东区人民政", "府申请行政复议"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in the text:\n%s", want, text)
		}
	}
}

func TestVoidIsMarked(t *testing.T) {
	p := penalty(t)
	p.Instance.State, p.Instance.VoidReason = document.Voided, "当事人姓名有误，另行制作"
	pages, r := printed(t, p)
	text := extract(t, pages)
	if n := strings.Count(text, "作废\n"); n != r.Pages {
		t.Errorf("%d of %d pages are marked", n, r.Pages)
	}
	if !strings.Contains(text, "本文书已作废。当事人姓名有误，另行制作") {
		t.Error("the reason is not on the paper")
	}
	p.Instance.State = document.Draft
	if pages, _ = printed(t, p); !strings.Contains(extract(t, pages), "草稿\n") {
		t.Error("a draft says that it is one")
	}
	if pages, _ = printed(t, penalty(t)); strings.Contains(extract(t, pages), "作废") {
		t.Error("what is in force is not marked")
	}
}

// A paper is rendered whatever is in it: it was handed over. What no font has is told, and printed as a geta.
func TestWhateverIsInIt(t *testing.T) {
	odd := func(change func(*Paper)) Paper {
		p := penalty(t)
		change(&p)
		return p
	}
	for name, p := range map[string]Paper{
		"nothing":  {},
		"no data":  odd(func(p *Paper) { p.Instance.Data = nil }),
		"no organ": odd(func(p *Paper) { p.Organ = "" }),
		"data of wrong forms": odd(func(p *Paper) {
			p.Instance.Data = record.Object{"party": "x", "fine": "much", "penalty": 3.0, "occurredAt": true, "place": []any{"y"}}
		}),
		"broken picture":    odd(func(p *Paper) { p.Instance.Signatures[0].Image = "AAAA" }),
		"endless word":      odd(func(p *Paper) { p.Instance.Data = record.Object{"facts": strings.Repeat("x", 9000)} }),
		"endless stops":     odd(func(p *Paper) { p.Instance.Data = record.Object{"facts": strings.Repeat("，", 3000)} }),
		"controls":          odd(func(p *Paper) { p.Instance.Data = record.Object{"facts": "a\x00\r\n\t\u202e\ufe0f\U000e0100b\xff"} }),
		"code is too long":  odd(func(p *Paper) { p.CheckURL = strings.Repeat("x", 5000) }),
		"long name":         odd(func(p *Paper) { p.Organ = strings.Repeat("天津市", 40) }),
		"refusal is a book": odd(func(p *Paper) { p.Instance.Signatures[2].Reason = strings.Repeat("不签", 2000) }),
	} {
		if _, r := printed(t, p); r.Pages == 0 {
			t.Errorf("%s: no page", name)
		}
	}
	p := odd(func(p *Paper) { p.Instance.Data = record.Object{"facts": "😀甲"} })
	pages, r := printed(t, p)
	if !slices.Equal(r.Missing, []rune{'😀'}) || !strings.Contains(extract(t, pages), "〓甲") {
		t.Errorf("missing: %q", r.Missing)
	}
}

// Nothing is lost and nothing stands beyond the type area, however long a paper gets.
func TestLongPapers(t *testing.T) {
	p := inspection(t)
	facts := strings.Repeat("甲乙丙丁，戊己庚辛；", 900)
	answers := record.Object{}
	for i := range 120 {
		answers["q"+itoa(1000+i)] = record.Object{"order": float64(i), "text": "检查内容第" + itoa(i) + "项是否符合要求", "value": "是"}
	}
	p.Instance.Data = record.Apply(p.Instance.Data, record.Object{"findings": facts, "answers": answers})
	pages, r := printed(t, p)
	text := strings.ReplaceAll(extract(t, pages), "\n", "")
	if got := strings.Count(text, "庚"); got != 900 {
		t.Errorf("%d of 900 are there", got)
	}
	if heads := strings.Count(text, "序号检查内容检查结果备注"); heads < 3 {
		t.Errorf("the head of the checklist is repeated on each page, found %d", heads)
	}
	if r.Pages < 14 || !strings.Contains(text, "共"+itoa(r.Pages)+"页 第"+itoa(r.Pages)+"页") {
		t.Errorf("%d pages", r.Pages)
	}
	for _, set := range settings(t, traced(t, p)) {
		if set.size == sizeForm && (set.y > bottom || set.y < top || set.x < left-1) {
			t.Errorf("%q stands outside the type area, at %.1f, %.1f", set.text, set.x, set.y)
		}
	}
}

// Documents a second: run it with -cpu 1, as make bench does. A decision on the spot and a record of three pages; the first also on a roll and to be
// edited.
func BenchmarkPDF(b *testing.B) {
	for _, c := range []struct {
		name  string
		paper Paper
		write func(io.Writer, Paper) (Result, error)
	}{{"penalty", penalty(b), PDF}, {"record", inspection(b), PDF}, {"receipt", penalty(b), Receipt}, {"docx", penalty(b), DOCX}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.write(io.Discard, c.paper); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "documents/s")
		})
	}
}
