package document

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// reserved are the tokens that no field may be named like.
var reserved = []string{"organ", "name", "number", "issuedAt", "officers", "remedies", "term"}

var fieldID = regexp.MustCompile(`^[a-z][A-Za-z0-9]{0,39}$`)

// Lint lists what is wrong with a template: unknown kinds, tokens that name nothing, tables that do not add up, and what a
// paper of its kind must have by law and this one lacks.
func Lint(body record.Object) []Flaw {
	l := linting{t: ReadTemplate(body)}
	l.texts("", body)
	l.fields()
	l.signers()
	for _, b := range l.t.Layout {
		l.block(b)
	}
	l.repeats()
	l.unprinted()
	l.law()
	return l.flaws[:min(len(l.flaws), mostFlaws)]
}

type linting struct {
	t       Template
	flaws   []Flaw
	printed strings.Builder // every text with tokens
}

func (l *linting) say(path, zh, en string) { l.flaws = append(l.flaws, Flaw{path, zh, en}) }

func (l *linting) fields() {
	for _, f := range l.t.Fields {
		path := "fields/" + f.ID
		l.entered(path, f, reserved, fieldKinds)
		l.condition(path+"/requiredWhen", f.RequiredWhen)
		if _, own := f.RequiredWhen[f.ID]; own {
			l.say(path+"/requiredWhen", "不能以本项自身为条件", "the condition names its own field")
		}
		if _, most := f.rows(); f.MaxRows < 0 || f.MaxRows > most {
			l.say(path+"/maxRows", fmt.Sprintf("行数上限应为1至%d", most), fmt.Sprintf("at most %d rows", most))
		}
		switch f.Kind {
		case List:
			l.columns(path+"/columns", f.Columns)
		case Period:
			l.names(path+"/from", f.From, Date, Time)
		}
	}
}

// entered checks what a field and a column of a list have alike: a name that is not taken, a kind of those there may be, a label, and options to choose from.
func (l *linting) entered(path string, f Field, taken []string, kinds []FieldKind) {
	if !fieldID.MatchString(f.ID) || slices.Contains(taken, f.ID) {
		l.say(path, "名称不可用", "this name cannot be used")
	}
	if !slices.Contains(kinds, f.Kind) {
		l.say(path+"/kind", "类型不存在或者不能用在此处", "there is no such kind here")
	}
	if f.Label.Zh == "" {
		l.say(path+"/label", "缺少名称", "the label is missing")
	}
	if f.Kind == Enum && len(f.Options) == 0 {
		l.say(path+"/options", "缺少选项", "the options are missing")
	}
}

// mostColumns is what fits across a page.
const mostColumns = 10

// columns checks what the rows of a list hold.
func (l *linting) columns(path string, columns []Field) {
	if len(columns) == 0 || len(columns) > mostColumns {
		l.say(path, fmt.Sprintf("应有1至%d列", mostColumns), fmt.Sprintf("from 1 to %d columns are needed", mostColumns))
	}
	for _, c := range columns {
		at := path + "/" + c.ID
		l.entered(at, c, []string{"order"}, columnKinds)
		if c.Width < 0 {
			l.say(at+"/width", "列宽不能为负", "a width is not negative")
		}
	}
}

// worded are the kinds of fields whose values are texts, which a condition can name.
var worded = []FieldKind{Line, LongText, Date, Time, Enum, Credit, IDNumber}

func (l *linting) condition(path string, c Condition) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		id, inner, nested := strings.Cut(name, ".")
		f, ok := l.t.Field(id)
		test := c[name]
		if !ok || nested && (f.Kind != Party || !knownPartyKey(inner)) || !test.Filled && !test.Empty && len(test.OneOf) == 0 {
			l.say(path, "条件引用了不存在的字段", "the condition names no field, or no values")
		}
		if ok && !nested && len(test.OneOf) > 0 && !slices.Contains(worded, f.Kind) {
			l.say(path, "“"+f.Label.Zh+"”的值不是文字，列出的值永远不会成立；只能以是否填写（true、false）为条件", "the condition never holds: the value of "+id+" is no text; ask whether it is filled in (true, false)")
		}
		for _, value := range test.OneOf {
			if inner == "kind" && !slices.Contains(partyKinds, value) {
				l.say(path, "条件中的“"+value+"”不是当事人类型（"+strings.Join(partyKinds, "、")+"），永远不会成立", "the condition never holds: "+value+" is no kind of party")
			}
			if _, known := f.option(value); f.Kind == Enum && !known {
				l.say(path, "条件中的“"+value+"”不是“"+f.Label.Zh+"”的选项，永远不会成立", "the condition never holds: "+value+" is none of the options of "+id)
			}
		}
		if f.Required && !nested && (test.Filled || test.Empty) {
			l.say(path, "“"+f.Label.Zh+"”为必填，是否填写不能作为条件", id+" is required: whether it is filled in is no condition")
		}
	}
}

func (l *linting) signers() {
	entered := map[string]bool{}
	for _, s := range l.t.Signers {
		path := "signers/" + s.ID
		if !slices.Contains(roles, s.Role) {
			l.say(path+"/role", "签名人角色不存在", "there is no such role")
		}
		l.condition(path+"/when", s.When)
		for _, id := range s.Fields {
			if l.names(path+"/fields", id); entered[id] {
				l.say(path+"/fields", "同一项由两处签名人填写："+id, "two signers fill in the same field: "+id)
			}
			entered[id] = true
		}
	}
}

// shown reports whether the layout has a place for a signer's signatures.
func (l *linting) shown(id string) bool {
	return slices.ContainsFunc(l.t.Layout, func(b Block) bool {
		return b.Kind == SignaturesBlock && (len(b.Signers) == 0 || slices.Contains(b.Signers, id)) || b.signs(id)
	})
}

// known reports whether there is such a signer.
func (l *linting) known(id string) bool {
	return slices.ContainsFunc(l.t.Signers, func(s Signer) bool { return s.ID == id })
}

func (l *linting) block(b Block) {
	path := "layout/" + b.ID
	if !slices.Contains(blockKinds, b.Kind) {
		l.say(path+"/kind", "版式类型不存在", "there is no such kind of block")
	}
	l.condition(path+"/when", b.When)
	for _, text := range append([]string{b.Text}, b.Lines...) {
		l.tokens(path, text)
	}
	for _, id := range b.Signers {
		if !l.known(id) {
			l.say(path+"/signers", "签名人不存在", "there is no such signer")
		}
	}
	if kind, ok := map[BlockKind]FieldKind{ChecklistBlock: Checklist, QABlock: QA, ListBlock: List, PicturesBlock: Pictures}[b.Kind]; ok {
		l.names(path+"/field", b.Field, kind)
	}
	if b.PerPage < 0 || b.PerPage > MostPerPage {
		l.say(path+"/perPage", fmt.Sprintf("每页应为1至%d幅", MostPerPage), fmt.Sprintf("from 1 to %d pictures share a page", MostPerPage))
	}
	if b.Kind == TableBlock {
		l.table(path, b)
	}
}

// names checks that a field exists, and is of one of the kinds if any are given.
func (l *linting) names(path, id string, kinds ...FieldKind) {
	f, ok := l.t.Field(id)
	if !ok || len(kinds) > 0 && !slices.Contains(kinds, f.Kind) {
		l.say(path, "引用的字段不存在或者类型不符", "the field does not exist or is of another kind")
	}
}

// table checks that the cells of each row fill the columns, those that reach down from above included.
func (l *linting) table(path string, b Block) {
	if len(b.Columns) == 0 {
		l.say(path+"/columns", "缺少列宽", "the widths of the columns are missing")
		return
	}
	below := make([]int, len(b.Columns)) // rows that a cell above still takes of each column
	for _, r := range b.Rows {
		at := path + "/rows/" + r.ID
		l.condition(at+"/when", r.When)
		if r.Party != "" {
			l.names(at+"/party", r.Party, Party)
			continue
		}
		column := 0
		for _, c := range r.Cells {
			for column < len(below) && below[column] > 0 {
				column++
			}
			for range max(1, c.Span) {
				if column < len(below) {
					below[column] = max(1, c.Rows)
				}
				column++
			}
			l.cell(at+"/cells/"+c.ID, c)
		}
		for column < len(below) && below[column] > 0 {
			column++
		}
		if column != len(below) {
			l.say(at, fmt.Sprintf("单元格占%d列，表格有%d列", column, len(below)), fmt.Sprintf("cells take %d of %d columns", column, len(below)))
		}
		for i := range below {
			below[i] = max(0, below[i]-1)
		}
	}
}

func (l *linting) cell(path string, c Cell) {
	if c.Label != "" {
		l.names(path+"/label", c.Label)
	}
	if c.Value != "" {
		l.names(path+"/value", c.Value)
		if f, _ := l.t.Field(c.Value); f.Kind == QA || f.Kind == List || f.Kind == Pictures {
			l.say(path+"/value", "问答、清单和照片应以单独的版式列出", "questions, lists and pictures have blocks of their own")
		}
	}
	if c.Signer != "" && (!l.known(c.Signer) || c.Label != "" || c.Value != "") {
		l.say(path+"/signer", "签名人不存在，或者该单元格另有内容", "there is no such signer, or the cell shows a field")
	}
	if c.Choices {
		l.names(path+"/value", c.Value, Enum)
	}
	l.tokens(path+"/text", c.Text)
}

func (l *linting) tokens(path, text string) {
	l.printed.WriteString(text)
	l.named(path, text)
}

// named checks that every token of a text names something.
func (l *linting) named(path, text string) {
	w := Words{Template: l.t}
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			return
		}
		token, next, closed := strings.Cut(after, "}")
		if token == "remedies" {
			l.remedies(path)
		}
		switch _, ok := w.token(token); {
		case !closed:
			l.say(path, "占位符“{"+start(after)+"”缺少右花括号", "the token {"+start(after)+" is not closed")
			return
		case !ok:
			l.say(path, "占位符 {"+token+"} 不存在", "there is no token {"+token+"}")
		}
		rest = next
	}
}

var termToken = regexp.MustCompile(`\{term\.([^{}|]+)\}`)

// remedies checks that the template has the words that the texts of {remedies} name, those of every day.
func (l *linting) remedies(path string) {
	missing := map[string]bool{}
	for _, r := range remediesOf(l.t.Kind) {
		for _, token := range termToken.FindAllStringSubmatch(r.Text, -1) {
			if _, ok := l.t.Terms[token[1]]; !ok {
				missing[token[1]] = true
			}
		}
	}
	for _, term := range slices.Sorted(maps.Keys(missing)) {
		l.say(path, "{remedies} 用到 terms/"+term+"，请填写", "{remedies} needs terms/"+term)
	}
}

// start is the beginning of a text, to be quoted.
func start(text string) string {
	if runes := []rune(text); len(runes) > 20 {
		return string(runes[:20]) + "…"
	}
	return text
}

// sealBasis is what asks for the seal of the organ on what leaves it.
const sealBasis = "行政处罚法第五十九条第二款、行政强制法第二十四条、第三十七条；其他文书按执法文书格式惯例"

// law checks what a paper of the template's kind must have: statutory.csv.
func (l *linting) law() {
	for _, d := range demandsOf(l.t.Kind) {
		if flaw, ok := d.lacks(&l.t, l.printed.String()); !ok {
			l.flaws = append(l.flaws, flaw)
		}
	}
	if l.t.Kind == SummaryPenalty && l.t.Number == nil {
		l.say("number", "当场处罚决定书应编有号码", "a penalty on the spot carries a number")
	}
	if k, ok := KindOf(l.t.Kind); ok && k.Seal && !slices.ContainsFunc(l.t.Layout, func(b Block) bool { return b.Kind == SealBlock }) {
		l.say("layout", "缺少加盖印章处："+sealBasis, "there is no place for the seal: "+sealBasis)
	}
	if l.t.Number != nil {
		l.flaws = append(l.flaws, l.t.Number.flaws()...)
	}
	slices.SortStableFunc(l.flaws, func(a, b Flaw) int { return strings.Compare(a.Path, b.Path) })
}
