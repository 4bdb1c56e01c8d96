package document

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Question is one question of an inquiry with its answer.
type Question struct{ Question, Answer string }

// Questions lists a QA value in its order.
func Questions(value any) []Question {
	set, _ := value.(record.Object)
	var out []Question
	for _, e := range ordered(set) {
		out = append(out, Question{text(e.body, "question"), text(e.body, "answer")})
	}
	return out
}

// Rows lists a List value in its order: for each row the texts of its columns, "" for what is empty or has the wrong form.
func (f Field) Rows(value any) [][]string {
	set, _ := value.(record.Object)
	var out [][]string
	for _, e := range ordered(set) {
		row := make([]string, len(f.Columns))
		w := Words{Instance: Instance{Data: e.body}}
		for i, column := range f.Columns {
			row[i], _ = w.Value(column, "")
		}
		out = append(out, row)
	}
	return out
}

// Bounds of what a set of rows may hold.
const (
	usualRows  = 200     // where the template says nothing
	mostRows   = 500     // that a template may allow
	mostSet    = 100_000 // characters of all questions and answers together, or of all texts of a list
	mostFlaws  = 100     // that are told of one paper
	longestAsk = 2_000   // characters of a question
	longestSay = 5_000   // characters of an answer, where its template says nothing
	longestRow = 1_000   // characters of a text in a list, where its column says nothing
)

// columnKinds are the kinds that a column of a list may have: what fits into a cell.
var columnKinds = []FieldKind{Line, LongText, Money, Number, Date, Time, Enum, Credit, IDNumber}

var (
	questionColumns = []Field{{ID: "question", Label: Text{"问题", "question"}, Kind: LongText, Required: true, MaxLength: longestAsk}}
	rowID           = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// columns are what a row of the field's value holds.
func (f Field) columns() []Field {
	switch f.Kind {
	case List:
		return f.Columns
	case Pictures:
		return f.pictureColumns()
	}
	answer := Field{ID: "answer", Label: Text{"回答", "answer"}, Kind: LongText, Required: true, MaxLength: f.MaxLength}
	if answer.MaxLength == 0 {
		answer.MaxLength = longestSay
	}
	return append(slices.Clone(questionColumns), answer)
}

// rows are how many rows the field's value may have: where its template says nothing, and at most.
func (f Field) rows() (usual, most int) {
	if f.Kind == Pictures {
		return usualPictures, MostPictures
	}
	return usualRows, mostRows
}

// checkRows checks a QA, a List or Pictures: how many rows, how much text, and each cell by its column.
func (f Field) checkRows(set record.Object) []Flaw {
	most, _ := f.rows()
	if f.MaxRows > 0 {
		most = f.MaxRows
	}
	if len(set) > most {
		return wrong(fmt.Sprintf("共%d行，超过%d行", len(set), most), fmt.Sprintf("%d rows, at most %d", len(set), most))
	}
	var flaws []Flaw
	total := 0
	for _, id := range slices.Sorted(maps.Keys(set)) {
		row, ok := set[id].(record.Object)
		if !rowID.MatchString(id) {
			return append(flaws, wrong("有一行的键不能用（应为1至64个字母、数字、“-”或者“_”）", "the key of a row cannot be used: want 1 to 64 letters, digits, - or _")...)
		}
		if !ok {
			return append(flaws, Flaw{id, "中这一行格式不正确", "this row is no object"})
		}
		for _, why := range f.checkRow(row, &total) {
			flaws = append(flaws, Flaw{join(id, why.Path), why.Zh, why.En})
		}
		if len(flaws) > mostFlaws {
			break
		}
	}
	if total > mostSet {
		flaws = append(flaws, wrong(fmt.Sprintf("文字总数超过%d字", mostSet), fmt.Sprintf("more than %d characters in all", mostSet))...)
	}
	return flaws
}

// checkRow checks one row and adds its characters to the total.
func (f Field) checkRow(row record.Object, total *int) []Flaw {
	var flaws []Flaw
	columns := f.columns()
	for _, c := range columns {
		value := row[c.ID]
		if s, ok := value.(string); ok {
			*total += utf8.RuneCountInString(s)
		}
		if c.MaxLength == 0 {
			c.MaxLength = longestRow
		}
		switch {
		case empty(value) && c.Required:
			flaws = append(flaws, Flaw{c.ID, "中“" + c.Label.Zh + "”未填写", "missing: " + c.Label.En})
		case value != nil && value != "":
			for _, why := range c.check(value) {
				flaws = append(flaws, Flaw{join(c.ID, why.Path), "中“" + c.Label.Zh + "”" + why.Zh, c.Label.En + ": " + why.En})
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(row)) {
		if key == "order" {
			if _, ok := row[key].(float64); !ok {
				flaws = append(flaws, Flaw{"order", "中序号应为数字", "order: want a number"})
			}
		} else if !slices.ContainsFunc(columns, func(c Field) bool { return c.ID == key }) {
			return append(flaws, Flaw{key, "中没有这一列", "there is no such column"})
		}
	}
	return flaws
}
