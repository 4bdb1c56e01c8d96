package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

// A rule that catches nothing is no rule: each is broken once, in a tree of one file, and must say what was done and why it is
// wrong.
func TestHouseCatchesPlantedViolations(t *testing.T) {
	importing := func(pkg string, paths ...string) string {
		return "package " + pkg + "\n\nimport (\n\t\"" + strings.Join(paths, "\"\n\t\"") + "\"\n)\n"
	}
	const ours = module + "/"
	planted := []struct{ file, text, want string }{
		{"domain/law/x.go", importing("law", ours+"domain/people"), "domain/law imports domain/people, but may import only domain/record, domain/fault"},
		{"domain/law/x.go", importing("law", ours+"sync/wire"), "domain/law imports sync/wire"},
		{"domain/law/deep/x.go", importing("deep", ours+"domain/people"), "domain/law/deep imports domain/people"},
		{"domain/record/x.go", importing("record", ours+"domain/people"), "domain/record imports domain/people, but may import only domain/fault"},
		{"domain/ledger/x.go", importing("ledger", ours+"domain/record"), "domain/ledger imports domain/record, but may import only nothing"},
		{"domain/people/x.go", importing("people", "net/http"), "domain/people imports net/http, which belongs to"},
		{"domain/people/x.go", importing("people", "database/sql"), "domain/people imports database/sql"},
		{"domain/people/x.go", importing("people", "encoding/json"), "domain/people imports encoding/json, which belongs to nothing"},
		{"domain/people/x.go", importing("people", "github.com/go-json-experiment/json"), "domain/people imports github.com/go-json-experiment/json"},
		{"domain/people/x.go", "package people\n\nimport \"time\"\n\nvar t = time.Now()\n", "reads the clock by time.Now"},
		{"sync/wire/x.go", importing("wire", ours+"domain/record"), "sync/wire imports domain/record, but may import only nothing"},
		{"sync/push/x.go", importing("push", ours+"storage/db"), "sync/push imports storage/db, but may import only sync, domain"},
		{"sync/push/x.go", importing("push", ours+"api"), "sync/push imports api"},
		{"sync/push/x.go", importing("push", ours+"sync"), "imports the root of sync"},
		{"sync/push/x_test.go", importing("push", ours+"sync"), "imports the root of sync"},
		{"sync/push/x.go", "package push\n\nimport sync \"time\"\n", "calls time sync"},
		{"sync/push/x.go", importing("push", "gorm.io/gorm"), "sync/push imports gorm.io/gorm, which belongs to storage/db"},
		{"sync/x.go", "package sync\n\nvar x int\n", "holds no code"},
		{"sync/inner/x.go", "package sync\n", "package sync; in code sync is the standard library"},
		{"storage/db/x.go", importing("db", ours+"sync/client"), "storage/db imports sync/client"},
		{"storage/db/x.go", importing("db", ours+"api/guard"), "storage/db imports api/guard"},
		{"storage/db/x.go", importing("db", ours+"storage/storagetest/services"), "which belongs to storage/storagetest"},
		{"api/x.go", importing("api", ours+"storage/db"), "api imports storage/db, but may import only api, sync, domain"},
		{"api/x.go", importing("api", "gorm.io/gorm"), "api imports gorm.io/gorm"},
		{"api/x.go", importing("api", ours+"cmd/fieldwarden/config"), "api imports cmd/fieldwarden/config"},
		{"migrations/x.go", importing("migrations", ours+"domain/record"), "migrations imports domain/record"},
		{"deploy/bench/x.go", importing("main", ours+"sync/push"), "deploy/bench imports sync/push"},
		{"cmd/fieldwarden/x.go", importing("main", "gorm.io/gorm"), "cmd/fieldwarden imports gorm.io/gorm"},
		{"domain/people/x.go", "//go:build never\n\n" + importing("people", "net/http"), "domain/people imports net/http"},
		{"services/x.go", "package services\n", "services: not a room of the house"},
		{"domain/utils/x.go", "package utils\n", "domain/utils: the name says nothing"},
		{"domain/people/x.go", "package helper\n", "package helper says nothing"},
		{"api/x.go", "package api\n" + strings.Repeat("\n", maxLines), "lines; a file over"},
		{"api/web/x.tsx", strings.Repeat("\n", maxLines+1), "lines; a file over"},
	}
	for _, p := range planted {
		found, err := inspectHouse(fstest.MapFS{p.file: {Data: []byte(p.text)}})
		if err != nil {
			t.Fatalf("%s: %v", p.file, err)
		}
		if !strings.Contains(strings.Join(found, "\n"), p.want) {
			t.Errorf("%s: found %q, want a line with %q", p.file, found, p.want)
		}
	}
}

// What the map allows must pass, or the rules above prove nothing.
func TestHouseAllowsWhatTheMapDraws(t *testing.T) {
	const ours = module + "/"
	allowed := map[string][]string{
		"domain/document/render/x.go":    {ours + "domain/document", ours + "domain/record", ours + "domain/fault", "codeberg.org/go-pdf/fpdf"},
		"domain/document/x.go":           {ours + "domain/document/render", "time"},
		"sync/push/x.go":                 {ours + "sync/wire", ours + "domain/people", "sync"},
		"sync/client/x.go":               {"net/http", "database/sql", "modernc.org/sqlite"},
		"storage/db/x.go":                {ours + "sync/push", ours + "domain/people", ours + "migrations", "gorm.io/gorm"},
		"storage/storagetest/push/x.go":  {ours + "sync/push", ours + "storage/db", "testing"},
		"api/token/x.go":                 {ours + "domain/people", ours + "sync/wire", "github.com/golang-jwt/jwt/v5"},
		"cmd/fieldwarden/server/x.go":    {ours + "api", ours + "storage/db", ours + "sync/push"},
		"domain/people/x_test.go":        {ours + "storage/db", "net/http", "encoding/json"},
		"domain/inspect/testdata/one.go": {ours + "storage/db"},
	}
	for name, paths := range allowed {
		text := "package x\n\nimport (\n\t\"" + strings.Join(paths, "\"\n\t\"") + "\"\n)\n"
		found, err := inspectHouse(fstest.MapFS{name: {Data: []byte(text)}})
		if err != nil || len(found) > 0 {
			t.Errorf("%s: %v %q", name, err, found)
		}
	}
}
