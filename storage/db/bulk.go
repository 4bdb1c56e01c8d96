package db

import (
	"strings"
	"sync"
)

// column is one column of a bulk insert, with its values: a slice of a type that [DB.at] knows, all of one length. Texts that are bytes need not be copied.
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

// perInsert are the numbers of rows that one statement inserts: few sizes, so that statements are prepared once.
var perInsert = []int{64, 16, 4, 1}

// inserts makes the statements that write n rows of a table.
func (d *DB) inserts(tab table, n int) (all []statement) {
	from := 0
	for _, size := range perInsert {
		for ; n-from >= size; from += size {
			all = append(all, d.insertRows(tab, from, size))
		}
	}
	return all
}

func (d *DB) insertRows(tab table, from, size int) statement {
	args := make([]any, 0, size*len(tab.columns))
	for i := from; i < from+size; i++ {
		for _, c := range tab.columns {
			args = append(args, d.at(c.values, i))
		}
	}
	return statement{query: d.insertOf(tab, size), args: args}
}

// insertTexts keeps the texts of inserts of many rows, by that of one row: to make one takes longer than to send its rows.
var insertTexts sync.Map

type insertText struct {
	one  string
	size int
}

func (d *DB) insertOf(tab table, size int) string {
	one := d.insertText(tab, 1)
	if size == 1 {
		return one
	}
	key := insertText{one, size}
	text, ok := insertTexts.Load(key)
	if !ok {
		text, _ = insertTexts.LoadOrStore(key, d.insertText(tab, size))
	}
	return text.(string)
}

// insertText is the text of an insert of so many rows.
func (d *DB) insertText(tab table, size int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + tab.name + " (")
	for i, c := range tab.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.name)
	}
	b.WriteString(") VALUES ")
	for row := range size {
		if row > 0 {
			b.WriteByte(',')
		}
		b.WriteString("(" + d.marks(1+row*len(tab.columns), len(tab.columns)) + ")")
	}
	return b.String() + " " + tab.then
}

func (d *DB) at(values any, i int) any {
	switch v := values.(type) {
	case [][]byte:
		if d.dialect == sqLite {
			return string(v[i]) // bytes would be kept as a BLOB
		}
		return v[i]
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
