package db

import (
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

// inserts makes the statements that write all rows of a table in the dialect's fastest way: unnest of one array per column on
// PostgreSQL; rows of parameters on SQLite, in statements of a fixed size so that they are prepared once.
func (d *DB) inserts(tab table, n int) []statement {
	switch {
	case n == 0:
		return nil
	case d.dialect == postgreSQL:
		return []statement{insertArrays(tab)}
	}
	var all []statement
	for from := 0; from < n; from += liteRows {
		all = append(all, d.insertRows(tab, from, min(n, from+liteRows)))
	}
	return all
}

func insertArrays(tab table) statement {
	var arrays, names []string
	var args []any
	for i, c := range tab.columns {
		arrays = append(arrays, fmt.Sprintf("$%d::%s", i+1, arrayType(c.values)))
		names = append(names, c.name)
		args = append(args, c.values)
	}
	list := strings.Join(names, ", ")
	query := "INSERT INTO " + tab.name + " (" + list + ") SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ") AS u(" + list + ") " + tab.then
	return statement{query: query, args: args}
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

func (d *DB) insertRows(tab table, from, to int) statement {
	var names []string
	for _, c := range tab.columns {
		names = append(names, c.name)
	}
	row := "(" + d.marks(1, len(names)) + ")"
	args := make([]any, 0, (to-from)*len(names))
	for i := from; i < to; i++ {
		for _, c := range tab.columns {
			args = append(args, at(c.values, i))
		}
	}
	list := row + strings.Repeat(","+row, to-from-1)
	return statement{query: "INSERT INTO " + tab.name + " (" + strings.Join(names, ", ") + ") VALUES " + list + " " + tab.then, args: args}
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
