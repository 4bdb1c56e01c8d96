package collections

import (
	"context"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// processBasis asks that every step of enforcement is recorded and kept: what is put aside needs a reason on record.
const processBasis = "行政处罚法第四十七条"

// decided: who ends a conflict says of every field what it shall be, and why.
var decided = record.Gate{Code: "conflict.undecided", Basis: processBasis, Effect: record.Refuse,
	Judge: func(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
		if ev.After["state"] != ConflictResolved || ev.Before["state"] == ConflictResolved {
			return nil, nil
		}
		form := conflictSchema(ev.After)
		if said, ok := ev.After["resolutionSchema"].(float64); ok {
			form = int(said)
		}
		fields, ok := conflictFields(ev.After, form)
		if !ok {
			return []record.Breach{{Field: "resolutionSchema", Zh: "该冲突没有此数据版本的内容", En: "the conflict is not told in this form"}}, nil
		}
		resolution, _ := ev.After["resolution"].(record.Object)
		if open := record.Undecided(fields, resolution); len(open) > 0 {
			return []record.Breach{{Field: "resolution", Zh: "尚有字段未裁定：" + strings.Join(open, "、"),
				En: "not decided: " + strings.Join(open, ", ")}}, nil
		}
		return unexplained(ev), nil
	}}

// explained: a letter is put aside only with a reason.
var explained = record.Gate{Code: "letter.reason", Basis: processBasis, Effect: record.Refuse,
	Judge: func(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
		if ev.After["state"] != LetterDiscarded || ev.Before["state"] == LetterDiscarded {
			return nil, nil
		}
		return unexplained(ev), nil
	}}

// conflictStays and letterStays: what was decided was carried out once, and what says so is not changed afterwards: it would tell of the
// record what nobody has done.
var (
	conflictStays = stays("conflict.decided", func(was record.Object) bool { return was["state"] == ConflictResolved }, "resolution", "resolutionSchema", "reason")
	letterStays   = stays("letter.decided", func(was record.Object) bool { return was["state"] != LetterOpen }, "amendment", "amendmentSchema", "reason")
)

// stays is a gate that keeps the members of a decision once it was made.
func stays(code string, made func(was record.Object) bool, members ...string) record.Gate {
	return record.Gate{Code: code, Basis: processBasis, Effect: record.Refuse,
		Judge: func(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
			if ev.Before == nil || ev.After == nil || !made(ev.Before) {
				return nil, nil
			}
			for _, member := range members {
				if !record.Equal(ev.Before[member], ev.After[member]) {
					return []record.Breach{{Field: member, Zh: "已作出决定，不得更改；如需改变，请直接修改所涉记录",
						En: "it has been decided; what shall be otherwise is changed in the record itself"}}, nil
				}
			}
			return nil, nil
		}}
}

func unexplained(ev record.Event) []record.Breach {
	if reason, _ := ev.After["reason"].(string); strings.TrimSpace(reason) != "" {
		return nil
	}
	return []record.Breach{{Field: "reason", Zh: "须写明理由", En: "a reason is needed"}}
}
