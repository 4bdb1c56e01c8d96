package db

import (
	"database/sql"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"

	_ "modernc.org/sqlite" // the driver "sqlite", without cgo
)

// liteDialector tells GORM how SQLite wants its statements. GORM's own dialect for SQLite links the C library besides, which this program never calls, and
// which takes a compiler and a minute to build. Tables are made by the migrations, so nothing here knows how to make one.
type liteDialector struct{ dsn string }

var _ gorm.Dialector = liteDialector{}

// Name implements gorm.Dialector.
func (liteDialector) Name() string { return string(sqLite) }

// Initialize implements gorm.Dialector.
func (d liteDialector) Initialize(g *gorm.DB) (err error) {
	callbacks.RegisterDefaultCallbacks(g, &callbacks.Config{
		CreateClauses: []string{"INSERT", "VALUES", "ON CONFLICT"},
		UpdateClauses: []string{"UPDATE", "SET", "WHERE"},
		DeleteClauses: []string{"DELETE", "FROM", "WHERE"},
	})
	// A row cannot be locked, and need not be: there is one writer.
	g.ClauseBuilders["FOR"] = func(clause.Clause, clause.Builder) {}
	g.ConnPool, err = sql.Open("sqlite", d.dsn)
	return err
}

// BindVarTo implements gorm.Dialector.
func (liteDialector) BindVarTo(w clause.Writer, _ *gorm.Statement, _ any) { _ = w.WriteByte('?') }

// QuoteTo implements gorm.Dialector: names are quoted as the standard says, those of tables and their columns each by itself.
func (liteDialector) QuoteTo(w clause.Writer, name string) {
	_, _ = w.WriteString(`"` + strings.ReplaceAll(strings.ReplaceAll(name, `"`, `""`), ".", `"."`) + `"`)
}

// DefaultValueOf implements gorm.Dialector.
func (liteDialector) DefaultValueOf(*schema.Field) clause.Expression { return clause.Expr{SQL: "NULL"} }

// Explain implements gorm.Dialector.
func (liteDialector) Explain(query string, vars ...any) string {
	return logger.ExplainSQL(query, nil, `'`, vars...)
}

// DataTypeOf implements gorm.Dialector.
func (liteDialector) DataTypeOf(f *schema.Field) string { return string(f.DataType) }

// Migrator implements gorm.Dialector.
func (d liteDialector) Migrator(g *gorm.DB) gorm.Migrator {
	return migrator.Migrator{Config: migrator.Config{DB: g, Dialector: d}}
}
