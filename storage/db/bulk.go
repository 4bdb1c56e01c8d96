package db

import (
	"context"
	"fmt"
	"strings"
)

// column is one column of a bulk insert, with its values: []string, []int64 or []bool, all of one length.
type column struct {
	name   string
	values any
}

// table describes a bulk insert.
type table struct {
	name    string
	then    string // after the rows: ON CONFLICT …
	columns []column
}

// insert writes all rows of a table in one statement per dialect's fastest way: unnest of one array per column on
// PostgreSQL; rows of parameters on SQLite, in statements of a fixed size so that they are prepared once.
func (t *tx) insert(ctx context.Context, tab table, n int) error {
	if n == 0 {
		return nil
	}
	if t.dialect == postgreSQL {
		return t.insertArrays(ctx, tab)
	}
	for from := 0; from < n; from += liteRows {
		if err := t.insertRows(ctx, tab, from, min(n, from+liteRows)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) insertArrays(ctx context.Context, tab table) error {
	var arrays, names []string
	var args []any
	for i, c := range tab.columns {
		arrays = append(arrays, fmt.Sprintf("$%d::%s", i+1, arrayType(c.values)))
		names = append(names, c.name)
		args = append(args, c.values)
	}
	list := strings.Join(names, ", ")
	return t.exec(ctx, "INSERT INTO "+tab.name+" ("+list+") SELECT * FROM unnest("+strings.Join(arrays, ", ")+") AS u("+list+") "+tab.then, args...)
}

func arrayType(values any) string {
	switch values.(type) {
	case []int64, []*int64:
		return "bigint[]"
	case []bool:
		return "boolean[]"
	}
	return "text[]"
}

// liteRows is how many rows one SQLite statement inserts.
const liteRows = 50

func (t *tx) insertRows(ctx context.Context, tab table, from, to int) error {
	var names []string
	for _, c := range tab.columns {
		names = append(names, c.name)
	}
	row := "(" + t.marks(1, len(names)) + ")"
	args := make([]any, 0, (to-from)*len(names))
	for i := from; i < to; i++ {
		for _, c := range tab.columns {
			args = append(args, at(c.values, i))
		}
	}
	list := row + strings.Repeat(","+row, to-from-1)
	then := tab.then
	return t.exec(ctx, "INSERT INTO "+tab.name+" ("+strings.Join(names, ", ")+") VALUES "+list+" "+then, args...)
}

func at(values any, i int) any {
	switch v := values.(type) {
	case []int64:
		return v[i]
	case []bool:
		return v[i]
	case []string:
		return v[i]
	case []*string:
		return v[i]
	case []*int64:
		return v[i]
	}
	return nil
}

// collect makes a column's values out of rows.
func collect[R, V any](rows []R, get func(R) V) []V {
	out := make([]V, len(rows))
	for i, r := range rows {
		out[i] = get(r)
	}
	return out
}
