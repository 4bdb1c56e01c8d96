package document

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Words is everything a paper's texts can name: its template, its data, and what the records say around it.
type Words struct {
	Template Template
	Instance Instance
	Organ    string // 行政机关名称, as it stands over the paper
}

// Expand fills the tokens of a text. A token is {field}, or {field|form}, or one of the names below. Of a token that names
// nothing, nothing is left: [Lint] finds those.
//
//	{organ} {name} {number} {issuedAt} {officers} {remedies} {term.<name>} {party.<key>} (of a field "party")
//
// {remedies} is what remedies.csv says of the paper's kind on the day of its issue.
//
// The form of a period is length (15日), last (its last day) or the whole. The form of money is figures (200.00), capitals (贰佰元整), or with its unit (the default, 200.00元); of a time, date
// (2026年11月25日) or the whole; of a place, coordinates (（东经117.247900°，北纬39.130000°，WGS-84）) or its address.
func (w *Words) Expand(text string) string {
	var b strings.Builder
	for b.Len() <= MostText {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		token, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return b.String()
		}
		value, _ := w.token(token)
		b.WriteString(value)
		text = after
	}
	return b.String()
}

// MostText is how many octets of text a paper may print: some hundred thousand characters more than any has. A template that names long fields over
// and over cannot fill the memory: [Words.Expand] ends once it is beyond, and who prints refuses the paper.
const MostText = 2 << 20

// token is the text of one token; ok is false when there is no such thing.
func (w *Words) token(token string) (string, bool) {
	name, form, _ := strings.Cut(token, "|")
	switch name {
	case "organ":
		return w.Organ, true
	case "name":
		return w.Template.Name, true
	case "number":
		return w.Instance.NumberText, true
	case "issuedAt":
		return day(w.Instance.IssuedAt), true
	case "officers":
		return w.officers(), true
	case "remedies":
		return w.remedies(), true
	}
	id, inner, nested := strings.Cut(name, ".")
	if nested && id == "term" {
		term, ok := w.Template.Terms[inner]
		return term, ok
	}
	f, ok := w.Template.Field(id)
	if !ok || nested && (f.Kind != Party || !knownPartyKey(inner)) {
		return "", false
	}
	if nested {
		return text(object(w.Instance.Data, id), inner), true
	}
	return w.Value(f, form)
}

// officers names the officers of the paper with their certificates.
func (w *Words) officers() string {
	var all []string
	for _, o := range w.Instance.Officers {
		if Role(o.Role) == auxiliary {
			continue
		}
		name := o.Name
		if o.Certificate != "" {
			name += "（执法证号" + o.Certificate + "）"
		}
		all = append(all, name)
	}
	return strings.Join(all, "、")
}

// auxiliary is the role of those who help and do not enforce.
const auxiliary Role = "auxiliary"

// Value is the text of a field's value; "" when it has none. ok is false when the field's kind has no such form.
func (w *Words) Value(f Field, form string) (value string, ok bool) {
	data := w.Instance.Data
	switch f.Kind {
	case Money:
		return moneyText(data[f.ID], form)
	case Time:
		at := moment(data, f.ID)
		if form == "date" {
			return day(at), true
		}
		return minute(at), form == ""
	case Date:
		at, _ := time.ParseInLocation(time.DateOnly, text(data, f.ID), record.Beijing)
		return day(at), form == ""
	case Number:
		if n, present := data[f.ID].(float64); present && plain(n) {
			if n == 0 {
				n = 0 // -0 is written as 0
			}
			value = strconv.FormatFloat(n, 'f', -1, 64)
		}
	case Place:
		at := object(data, f.ID)
		if form == "coordinates" {
			return coordinates(at), true
		}
		value = text(at, "address")
	case Party:
		value = text(object(data, f.ID), "name")
	case Provision:
		value = provision(object(data, f.ID))
	case Enum:
		label, _ := f.option(text(data, f.ID))
		value = label.Zh
	case Period:
		return spanText(f.Span(data), form)
	case DocumentRef:
		value = referenceText(object(data, f.ID))
	case Line, LongText, Credit, IDNumber:
		value = text(data, f.ID)
	case QA, List, Pictures:
		return "", false // a block of its own shows it
	}
	return value, form == ""
}

func moneyText(value any, form string) (string, bool) {
	known := form == "" || form == "figures" || form == "capitals"
	yuan, present := value.(float64)
	fen, ok := FenOf(yuan)
	switch {
	case !present || !ok:
		return "", known
	case form == "capitals":
		return Capitals(fen), true
	case form == "figures":
		return Figures(fen), true
	}
	return Figures(fen) + "元", known
}

// provision cites a provision: 《中华人民共和国行政处罚法》第五十一条.
func provision(p record.Object) string {
	law := text(p, "law")
	if law == "" {
		return ""
	}
	if !strings.HasPrefix(law, "《") {
		law = "《" + law + "》"
	}
	return law + text(p, "article")
}

// day writes a day as papers do: Arabic figures without leading zeros.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(record.Beijing)
	return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
}

// Day is a day as papers write it, in Beijing time.
func Day(t time.Time) string { return day(t) }

// Minute is a moment as papers write it, to the minute, in Beijing time.
func Minute(t time.Time) string { return minute(t) }

func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	b := t.In(record.Beijing)
	return fmt.Sprintf("%s%d时%02d分", day(t), b.Hour(), b.Minute())
}
