package inspect

import (
	"context"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// officersNeeded is how many certified officers an inspection takes (处罚法第四十二条, 国办发〔2024〕54号).
const officersNeeded = 2

// Performs tells how many certified officers the event's act needs: an inspection is opened or completed, questions are
// answered, or the record of who inspects changes while it is under way. 0: the event is no such act.
func Performs(_ context.Context, ev record.Event, _ record.Facts) (int, error) {
	if ev.After == nil || !changed(ev, "answers") && !(underWay(ev.After) && changed(ev, "state", "officers", "unit")) {
		return 0, nil
	}
	return officersNeeded, nil
}

func underWay(body record.Object) bool { return body["state"] == Open || body["state"] == Completed }

func changed(ev record.Event, fields ...string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { return !record.Equal(ev.Before[f], ev.After[f]) })
}

// Assigns reports whether a task's event puts people on it: it becomes assigned, or who or where changes while it is.
func Assigns(ev record.Event) bool { return puts(ev, "officers", "unit") }

// puts reports whether a task takes effect, or one of the fields changes while it is in effect.
func puts(ev record.Event, fields ...string) bool {
	return inEffect(ev.After) && (!inEffect(ev.Before) || changed(ev, fields...))
}

func inEffect(body record.Object) bool {
	return body["state"] == TaskAssigned || body["state"] == TaskAccepted
}
