package document

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// photos are the photographs of the visit that a page can hold, as rows of a field of pictures, in the order in which they were taken. Of each is said what its
// record says: which octets, when, where and by whom. What it shows nobody has written yet: the caption is left to be asked, and so is a place or a maker that
// is not on record.
func (v *Visit) photos() any {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(v.Evidence)) {
		if printable(v.Evidence[id]) {
			ids = append(ids, id)
		}
	}
	slices.SortStableFunc(ids, func(a, b string) int {
		return cmp.Or(moment(v.Evidence[a], "startedAt").Compare(moment(v.Evidence[b], "startedAt")), cmp.Compare(a, b))
	})
	rows := record.Object{}
	for i, id := range ids {
		e := v.Evidence[id]
		row := record.Object{"order": float64(i + 1), "evidence": id}
		for key, value := range map[string]any{"sha256": e["sha256"], "length": e["length"], "at": e["startedAt"],
			"place": object(e, "place")["address"], "by": object(v.Officers, text(e, "officer"))["name"]} {
			if !empty(value) {
				row[key] = value
			}
		}
		rows[fmt.Sprintf("p%02d", i+1)] = row
	}
	return given(rows)
}

// printable reports whether evidence is a photograph in a form that is printed, and the octets that were announced are there or still to come.
func printable(e record.Object) bool {
	state := text(object(e, "custody"), "state")
	return text(e, "kind") == "photo" && slices.Contains([]string{"image/jpeg", "image/png"}, text(e, "mime")) && (state == "" || state == "held")
}

// begun are the rows of pictures of which nothing is wrong but that something is still to be written: they stand in the draft, and what is missing is asked.
// A row with a wrong part is left out whole, since it would name a picture that no page can hold.
func begun(rows record.Object, flaws []Flaw) record.Object {
	rest := maps.Clone(rows)
	for _, flaw := range flaws {
		id, part, inside := strings.Cut(flaw.Path, "/")
		row, ok := rows[id].(record.Object)
		if !inside || !ok {
			return nil // too many, or too large together
		}
		if !empty(row[part]) {
			delete(rest, id)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return rest
}
