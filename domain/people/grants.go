package people

import (
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// GrantsOf reads the grants of an officer's body, in key order: {grants: {key: {role, unit, from, to}}}. A grant whose role
// or dates cannot be read gives nothing: deny first.
func GrantsOf(body record.Object) []Grant {
	set, _ := body["grants"].(record.Object)
	var grants []Grant
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if g, ok := grantOf(set[key]); ok {
			grants = append(grants, g)
		}
	}
	return grants
}

func grantOf(value any) (Grant, bool) {
	entry, _ := value.(record.Object)
	role, _ := entry["role"].(string)
	unit, _ := entry["unit"].(string)
	from, okFrom := momentOf(entry["from"])
	to, okTo := momentOf(entry["to"])
	ok := slices.Contains(Roles, Role(role)) && unit != "" && okFrom && okTo
	return Grant{Role: Role(role), Unit: unit, From: from, To: to}, ok
}

// momentOf reads an RFC 3339 time; absent is the zero time.
func momentOf(value any) (time.Time, bool) {
	if value == nil {
		return time.Time{}, true
	}
	text, _ := value.(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	return t, err == nil
}
