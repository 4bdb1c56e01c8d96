package db

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Match implements push.Tx.
func (t *tx) Match(ctx context.Context, collection, field, value string) ([]push.Row, error) {
	asked := record.Lookup{Collection: collection, Field: field, Value: value}
	found := map[record.Lookup][]push.Row{}
	all, err := t.matches([]record.Lookup{asked}, found)
	if err == nil {
		err = t.together(ctx, all...)
	}
	return found[asked], err
}

// matches makes one statement for each field that is looked up. The collection and the field stand in its text, so that the partial
// expression index of the migrations applies; both come from our own declarations and are checked to be plain names.
func (d *DB) matches(lookups []record.Lookup, into map[record.Lookup][]push.Row) (all []statement, err error) {
	values := map[record.Lookup][]string{}
	for _, l := range lookups {
		if !plain(l.Collection) || slices.ContainsFunc(strings.Split(l.Field, "/"), func(step string) bool { return !plain(step) }) {
			return nil, fmt.Errorf("match %q.%q: not plain names", l.Collection, l.Field)
		}
		into[l] = nil
		of := record.Lookup{Collection: l.Collection, Field: l.Field}
		values[of] = append(values[of], l.Value)
	}
	for of, among := range values {
		path := d.fieldText(of.Field)
		where, arg := d.among(path, 1, among)
		query := "SELECT " + rowColumns + ", " + path + " FROM records WHERE collection = '" + of.Collection + "' AND " + where + " AND NOT removed ORDER BY id"
		all = append(all, statement{query: query, args: []any{arg}, scan: func(r scanner) error {
			asked := of
			row, err := scanRow(r, &asked.Value)
			into[asked] = append(into[asked], row)
			return err
		}})
	}
	return all, nil
}

// fieldText is the text that a field of a body has, or one inside of it; its steps are plain names. The indexes of the migrations say the same.
func (d *DB) fieldText(field string) string {
	steps := strings.Split(field, "/")
	switch nested := len(steps) > 1; {
	case nested && d.dialect == postgreSQL:
		return "(body::jsonb) #>> '{" + strings.Join(steps, ",") + "}'"
	case nested:
		return "body ->> '$." + strings.Join(steps, ".") + "'"
	case d.dialect == postgreSQL:
		return "(body::jsonb) ->> '" + field + "'"
	}
	return "body ->> '" + field + "'"
}

func plain(name string) bool {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
