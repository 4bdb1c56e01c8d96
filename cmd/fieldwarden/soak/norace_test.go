//go:build !race

package soak

// Together they are the 200 seeds of CI.
const (
	seedsOnSQLite   = 150
	seedsOnPostgres = 50
	underRace       = false
)
