// Package migrations holds the database's schema as goose SQL, one folder per dialect, embedded.
//
// It imports nothing of ours: rows age with migrations, not with the domain.
package migrations

import "embed"

// Files holds postgres/*.sql and sqlite/*.sql.
//
//go:embed postgres/*.sql sqlite/*.sql
var Files embed.FS
