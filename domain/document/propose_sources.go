package document

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// sources are what is known of a visit, by the names that prefill.csv uses. Each gives a value in the form of papers, or nil for what is not
// known.
var sources = map[string]func(v *Visit) any{
	"subject":                func(v *Visit) any { return given(partyOf(v.Subject)) },
	"subject.name":           func(v *Visit) any { return v.Subject["name"] },
	"subject.phone":          func(v *Visit) any { return v.Subject["phone"] },
	"subject.address":        func(v *Visit) any { return v.Subject["address"] },
	"inspection.startedAt":   func(v *Visit) any { return v.Inspection["startedAt"] },
	"inspection.endedAt":     func(v *Visit) any { return v.Inspection["endedAt"] },
	"inspection.summary":     func(v *Visit) any { return v.Inspection["summary"] },
	"inspection.opinion":     func(v *Visit) any { return v.Inspection["opinion"] },
	"inspection.place":       (*Visit).place,
	"inspection.present":     func(v *Visit) any { return object(v.Inspection, "present")["name"] },
	"inspection.presentRole": func(v *Visit) any { return object(v.Inspection, "present")["role"] },
	"certificates":           (*Visit).certificates,
	"recorder":               (*Visit).recorder,
	"assistants":             (*Visit).assistants,
	"answers":                (*Visit).answers,
	"answers.failed":         (*Visit).failed,
	"answers.basis":          (*Visit).broken,
	"conclusion":             (*Visit).conclusion,
	"exhibits":               (*Visit).exhibits,
	"exhibits.photos":        (*Visit).photos,
	"exhibit.takenAt":        func(v *Visit) any { return v.exhibit()["startedAt"] },
	"exhibit.digest":         func(v *Visit) any { return v.exhibit()["sha256"] },
	"items":                  (*Visit).items,
	"item.code":              func(v *Visit) any { return v.item("penalty")["code"] },
	"item.penalty":           func(v *Visit) any { return basisOf(v.item("penalty")) },
	"item.inspection":        func(v *Visit) any { return basisOf(v.item("inspection")) },
	"task.kind": func(v *Visit) any {
		return map[string]any{"routine": "daily", "special": "special", "individual": "individual"}[text(v.Task, "kind")]
	},
	"task.title": func(v *Visit) any { return v.Task["title"] },
	"task.due":   (*Visit).due,
}

// Sources lists the names that prefill.csv may use, besides "=" with a text and "paper." with a kind of paper.
func Sources() []string { return slices.Sorted(maps.Keys(sources)) }

// A text behind "=" is a constant.
const constant = "="

// paperSource begins the name of a paper of the visit: paper.rectification-order.
const paperSource = "paper."

func knownSource(name string) bool {
	if kind, ok := strings.CutPrefix(name, paperSource); ok {
		_, known := KindOf(kind)
		return known
	}
	_, known := sources[name]
	return known || strings.HasPrefix(name, constant)
}

// value is what a source says of the visit.
func (v *Visit) value(source string) any {
	if text, ok := strings.CutPrefix(source, constant); ok {
		return text
	}
	if kind, ok := strings.CutPrefix(source, paperSource); ok {
		return v.reference(kind)
	}
	if of, ok := sources[source]; ok {
		return of(v)
	}
	return nil
}

// given is a value, or nil instead of an object that holds nothing.
func given(o record.Object) any {
	if len(o) == 0 {
		return nil
	}
	return o
}

// place is where the visit was: the address on record, with the coordinates that the device took.
func (v *Visit) place() any {
	at := object(v.Inspection, "place")
	address := text(at, "address")
	if address == "" {
		address = text(v.Subject, "address")
	}
	if address == "" {
		return nil
	}
	place, datum := record.Object{"address": address}, text(at, "datum")
	if datum == "" {
		datum = text(at, "crs")
	}
	east, north := firstNumber(at, "longitude", "lon"), firstNumber(at, "latitude", "lat")
	if datum != "" && east != nil && north != nil { // coordinates of an unknown datum say no place
		place["longitude"], place["latitude"], place["datum"] = east, north, datum
	}
	return place
}

func firstNumber(o record.Object, names ...string) any {
	for _, name := range names {
		if n, ok := o[name].(float64); ok {
			return n
		}
	}
	return nil
}

func (v *Visit) certificates() any {
	if text(object(v.Inspection, "certificatesShown"), "at") == "" {
		return nil
	}
	return "shown"
}

// officersBy lists the officers of the visit whose role the test takes, by record id.
func (v *Visit) officersBy(test func(role string) bool) []record.Object {
	var found []record.Object
	for _, id := range slices.Sorted(maps.Keys(v.Officers)) {
		if o := object(v.Officers, id); test(text(o, "role")) {
			found = append(found, o)
		}
	}
	return found
}

// recorder is who writes the record: the one with that role, or else the second of two.
func (v *Visit) recorder() any {
	for _, role := range []string{"recorder", "second"} {
		if found := v.officersBy(func(r string) bool { return r == role }); len(found) == 1 && text(found[0], "name") != "" {
			return text(found[0], "name")
		}
	}
	return nil
}

func (v *Visit) assistants() any {
	return float64(len(v.officersBy(func(r string) bool { return Role(r) == auxiliary })))
}

// answers are the answers of the checklist in the form of papers. That one is missing is for the field's check to tell.
func (v *Visit) answers() any {
	return given(AnswersOf(v.Checklist, v.Inspection))
}

// failing are the words by which an answer says that something is not in order.
var failing = []string{"不符合", "不合格", "不达标", "有问题"}

// failures lists the questions whose answer says that something is not in order.
func (v *Visit) failures() (lines []Answer, bases []string) {
	for _, q := range ordered(object(v.Checklist, "questions")) {
		answer := object(object(v.Inspection, "answers"), q.id)
		if value := answerText(answer["value"]); slices.Contains(failing, value) {
			lines = append(lines, Answer{text(q.body, "text"), value, text(answer, "note")})
			bases = append(bases, text(q.body, "basis"))
		}
	}
	return lines, bases
}

// failed says what was found not to be in order, a line for each; where no question says so, what the officers have summed up.
func (v *Visit) failed() any {
	lines, _ := v.failures()
	if len(lines) == 0 {
		return v.Inspection["summary"]
	}
	var out []string
	for i, l := range lines {
		line := fmt.Sprintf("%d.%s：%s", i+1, l.Text, l.Value)
		if l.Note != "" {
			line += "（" + l.Note + "）"
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// broken is the provision that was broken, where what is not in order breaks one only. Checklists cite statutes by their short names; a paper
// has the whole one, where an item of the visit tells it.
func (v *Visit) broken() any {
	_, bases := v.failures()
	slices.Sort(bases)
	if bases = slices.Compact(bases); len(bases) != 1 {
		return nil
	}
	provision, ok := cite(bases[0])
	if !ok {
		return nil
	}
	for _, item := range v.Items {
		for _, b := range ordered(object(item, "basis")) {
			if name := text(b.body, "law"); strings.HasSuffix(name, text(provision, "law")) {
				provision["law"] = name
			}
		}
	}
	return provision
}

// cite reads a provision as people write it: 《行政处罚法》第二十八条第一款, or without the marks. It names one article.
func cite(text string) (record.Object, bool) {
	at := strings.Index(text, "第")
	if at <= 0 || strings.Contains(text, "、") {
		return nil, false
	}
	return record.Object{"law": strings.Trim(text[:at], "《》"), "article": text[at:]}, true
}

// conclusion words the weightiest of the outcomes that have a word.
func (v *Visit) conclusion() any {
	for _, o := range slices.Backward(outcomes) {
		if o.Conclusion != "" && slices.Contains(v.Outcomes, o.Key) {
			return o.Conclusion
		}
	}
	return nil
}

// exhibits counts what was recorded, as papers write it: 照片6张，录像1段.
func (v *Visit) exhibits() any {
	count := map[string]int{}
	for _, e := range v.Evidence {
		main, _, _ := strings.Cut(text(e, "mime"), "/")
		count[main]++
	}
	var parts []string
	for _, kind := range []struct{ main, form string }{{"image", "照片%d张"}, {"video", "录像%d段"}, {"audio", "录音%d段"}} {
		if n := count[kind.main]; n > 0 {
			parts = append(parts, fmt.Sprintf(kind.form, n))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return strings.Join(parts, "，")
}

// exhibit is the one thing that was recorded, where there is only one.
func (v *Visit) exhibit() record.Object {
	if len(v.Evidence) != 1 {
		return nil
	}
	for _, e := range v.Evidence {
		return e
	}
	return nil
}

// items are the items of the visit as rows of a list with code and name.
func (v *Visit) items() any {
	rows := record.Object{}
	for i, item := range v.Items {
		rows[fmt.Sprintf("i%02d", i+1)] = record.Object{"order": float64(i + 1), "code": text(item, "code"), "name": text(item, "name")}
	}
	return given(rows)
}

// item is the one item of a kind, where the visit has only one.
func (v *Visit) item(kind string) record.Object {
	var found []record.Object
	for _, item := range v.Items {
		if text(item, "kind") == kind {
			found = append(found, item)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// basisOf is the provision of an item that rests on one only, and names its article.
func basisOf(item record.Object) any {
	bases := ordered(object(item, "basis"))
	if len(bases) != 1 || text(bases[0].body, "article") == "" {
		return nil
	}
	provision := record.Object{}
	for _, key := range []string{"law", "article", "text"} {
		if s := text(bases[0].body, key); s != "" {
			provision[key] = s
		}
	}
	return provision
}

// due is the day until which the task is to be done.
func (v *Visit) due() any {
	at, ok := dayIn(text(v.Task, "due"))
	if !ok {
		return nil
	}
	return at.Format("2006-01-02")
}

// reference names the one paper of a kind that the visit has already, void ones aside.
func (v *Visit) reference(kind string) any {
	id := v.existing(kind)
	if id == "" {
		return nil
	}
	k, _ := KindOf(kind)
	ref := record.Object{"document": id, "name": k.Name}
	if number := text(object(v.Papers[id], "number"), "text"); number != "" && utf8.RuneCountInString(number) <= 100 {
		ref["number"] = number
	}
	return ref
}

// fit brings a value into the form of a field where people write both: a provision that is cited, an address that is a place.
func (f Field) fit(value any) any {
	s, ok := value.(string)
	if !ok {
		return value
	}
	switch f.Kind {
	case Provision:
		if provision, ok := cite(s); ok {
			return provision
		}
	case Place:
		return record.Object{"address": s}
	}
	return value
}
