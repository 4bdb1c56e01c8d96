package inspect

import (
	"context"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// TaskItems lists the items that a task relies on when it is assigned, or when they change afterwards; else none.
func TaskItems(_ context.Context, ev record.Event, _ record.Facts) ([]string, error) {
	if ev.After == nil || !puts(ev, "items", "unit") {
		return nil, nil
	}
	return texts(ev.After["items"]), nil
}

// Items lists the items that an inspection relies on when it is opened, completed, or its grounds change while it is under
// way: its own, those of its task and that of its checklist.
func Items(ctx context.Context, ev record.Event, facts record.Facts) ([]string, error) {
	if ev.After == nil || !underWay(ev.After) || !changed(ev, "state", "items", "task", "checklist", "unit") {
		return nil, nil
	}
	items := texts(ev.After["items"])
	task, err := find(ctx, facts, Tasks.Name, ev.After["task"])
	if err != nil {
		return nil, err
	}
	items = append(items, texts(task["items"])...)
	checklist, err := find(ctx, facts, Checklists.Name, ev.After["checklist"])
	if err != nil {
		return nil, err
	}
	if item, _ := checklist["item"].(string); item != "" {
		items = append(items, item)
	}
	slices.Sort(items)
	return slices.Compact(items), nil
}

// find reads a record that a body names; one that is not named or not there is empty.
func find(ctx context.Context, facts record.Facts, collection string, id any) (record.Object, error) {
	name, _ := id.(string)
	if name == "" {
		return nil, nil
	}
	body, _, err := facts.Find(ctx, collection, name)
	return body, err
}

func texts(value any) []string {
	var out []string
	array, _ := value.([]any)
	for _, v := range array {
		if s, _ := v.(string); s != "" {
			out = append(out, s)
		}
	}
	return out
}
