//go:build race

package soak

// The race detector makes a run ten times as long; `make proof` plays the seeds without it.
const (
	seedsOnSQLite   = 10
	seedsOnPostgres = 4
	underRace       = true
)
