package document

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Flaw is one thing that is wrong with a paper or a template, at one place of its body.
type Flaw struct {
	Path   string
	Zh, En string
}

// longest is how many characters a text may have where its template names no limit.
const longest = 20_000

// Check lists what is wrong with a paper by its template, field by field: what is missing, what has the wrong form, what is
// too long, what the template does not know, and whose signature is missing. A paper without flaws can be handed over.
func Check(t Template, in Instance) []Flaw {
	var flaws []Flaw
	for _, f := range t.Fields {
		path := "data/" + f.ID
		value := in.Data[f.ID]
		switch {
		case empty(value) && f.required(in.Data):
			flaws = append(flaws, Flaw{path, "“" + f.Label.Zh + "”未填写", "missing: " + f.Label.En})
		case value != nil:
			for _, why := range f.checkIn(in.Data, value) {
				flaws = append(flaws, Flaw{join(path, why.Path), "“" + f.Label.Zh + "”" + why.Zh, f.Label.En + ": " + why.En})
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(in.Data)) {
		if _, known := t.Field(id); !known {
			flaws = append(flaws, Flaw{"data/" + id, "文书模板中没有这一项", "the template has no such field"})
		}
	}
	flaws = append(flaws, checkSignatures(t, in)...)
	return flaws[:min(len(flaws), mostFlaws)]
}

// checkIn checks a value among the other values of its paper.
func (f Field) checkIn(data record.Object, value any) []Flaw {
	if f.Kind == Period {
		return f.checkSpan(data)
	}
	return f.check(value)
}

func join(path, more string) string {
	if more == "" {
		return path
	}
	return path + "/" + more
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case record.Object:
		return len(v) == 0
	}
	return false
}

// check lists what is wrong with one value; paths are relative to it.
func (f Field) check(value any) []Flaw {
	switch f.Kind {
	case Money, Number:
		n, ok := value.(float64)
		if _, fits := FenOf(n); f.Kind == Money && (!ok || !fits) {
			return wrong("应为金额，单位元，最多两位小数", "want a number of yuan with at most two decimals")
		}
		switch {
		case !ok:
			return wrong("应为数字", "want a number")
		case f.Kind == Number && !plain(n):
			return wrong("应为绝对值不超过一万亿、至多六位小数的数字", "want a number within a million million, with at most six decimals")
		}
		return nil
	case Place, Party, Provision, Checklist, QA, List, DocumentRef, Pictures:
		o, ok := value.(record.Object)
		if !ok {
			return wrong("格式不正确", "want an object")
		}
		return f.checkObject(o)
	}
	s, ok := value.(string)
	if !ok {
		return wrong("应为文字", "want a text")
	}
	switch f.Kind {
	case Date:
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return wrong("日期格式应为YYYY-MM-DD", "want a date YYYY-MM-DD")
		}
	case Time:
		if _, err := time.Parse(time.RFC3339Nano, s); err != nil {
			return wrong("时间格式不正确", "want an RFC 3339 time")
		}
	case Enum:
		if _, ok := f.option(s); !ok {
			return wrong("不在可选范围内", "not one of the options")
		}
	case Credit:
		return checkCredit(s)
	case IDNumber:
		return checkIDNumber(s)
	default:
		return f.checkText(s)
	}
	return nil
}

// plain reports whether a number can be read on a page, and is written alike by every client.
func plain(n float64) bool {
	_, decimals, _ := strings.Cut(strconv.FormatFloat(n, 'f', -1, 64), ".")
	return math.Abs(n) <= 1e12 && len(decimals) <= 6
}

func (f Field) checkText(s string) []Flaw {
	limit := f.MaxLength
	if limit == 0 {
		limit = longest
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return []Flaw{{Zh: fmt.Sprintf("共%d字，超过%d字", n, limit), En: fmt.Sprintf("%d characters, at most %d", n, limit)}}
	}
	if f.Kind == Line && strings.ContainsAny(s, "\n\r") {
		return []Flaw{{Zh: "不能换行", En: "must be one line"}}
	}
	return checkCharacters(s)
}

// checkObject checks what is inside a value that is an object.
func (f Field) checkObject(o record.Object) []Flaw {
	switch f.Kind {
	case Checklist:
		return checkAnswers(o)
	case QA, List:
		return f.checkRows(o)
	case Pictures:
		return append(f.checkRows(o), checkPictures(o)...)
	case DocumentRef:
		return checkReference(o)
	case Party:
		return checkParty(o)
	case Place:
		return checkPlace(o)
	}
	return checkParts(f.Kind, o)
}

// checkSignatures checks that those have signed who must, and that every refusal says why (处罚法第五十二条).
func checkSignatures(t Template, in Instance) []Flaw {
	var flaws []Flaw
	for _, s := range t.Signers {
		if n := s.signed(in); s.When.Holds(in.Data) && n < s.Count {
			flaws = append(flaws, Flaw{"signatures", fmt.Sprintf("“%s”应有%d人签名，现有%d人", s.Label.Zh, s.Count, n),
				fmt.Sprintf("%s: %d signatures are needed, %d are there", s.Label.En, s.Count, n)})
		}
	}
	return append(flaws, checkSigned(in)...)
}

// check checks the picture of a signature; a refusal has none, see checkRefusal.
func (s *Signature) check() (Flaw, bool) {
	if s.Image == "" && s.Strokes == "" {
		return Flaw{"image", "没有签名笔迹或者图像", "there are neither strokes nor a picture of the signature"}, true
	}
	if s.Strokes != "" {
		var wrong *StrokesError
		if _, err := ReadStrokes(s.Strokes); errors.As(err, &wrong) {
			return Flaw{"strokes", wrong.Zh, wrong.En}, true
		}
	}
	if s.Image == "" {
		return Flaw{}, false
	}
	_, err := s.Picture()
	return Flaw{"image", "签名图像无法识别或者过大", "the picture of the signature cannot be read or is too large"}, err != nil
}
