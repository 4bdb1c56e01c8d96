package db

import "github.com/fieldwarden/fieldwarden/sync/wire"

// jsonArray is how a list of texts becomes one parameter on SQLite.
func jsonArray(values []string) string {
	text, err := wire.Canonical(values)
	if err != nil {
		return "[]" // a list of texts always marshals unless one is not UTF-8, and then it matches nothing
	}
	return string(text)
}
