package document

import (
	"fmt"
	"strconv"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Answer is one line of a checklist as a paper holds it.
type Answer struct{ Text, Value, Note string }

// Answers lists a Checklist value in its order.
func Answers(value any) []Answer {
	set, _ := value.(record.Object)
	var out []Answer
	for _, e := range ordered(set) {
		out = append(out, Answer{text(e.body, "text"), text(e.body, "value"), text(e.body, "note")})
	}
	return out
}

// AnswersOf copies an inspection's answers, with the questions they answer, into the form that a paper keeps. The paper has
// its own copy because it is what was signed: later edits of the inspection or the checklist do not reach it.
func AnswersOf(checklist, inspection record.Object) record.Object {
	out, answers := record.Object{}, object(inspection, "answers")
	for i, q := range ordered(object(checklist, "questions")) {
		a := object(answers, q.id)
		line := record.Object{"order": float64(i + 1), "text": text(q.body, "text")}
		if value := answerText(a["value"]); value != "" {
			line["value"] = value
		}
		if note := text(a, "note"); note != "" {
			line["note"] = note
		}
		out[q.id] = line
	}
	return out
}

func answerText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "是"
		}
		return "否"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}
