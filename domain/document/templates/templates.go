// Package templates holds the templates a new district begins with, as JSON: each file is the body of one record of the
// collection templates. They are data: a district changes them by operations, with versions, and not here.
package templates

import (
	"embed"
	"strings"
)

// Files holds one JSON object per file, <kind>.json.
//
//go:embed *.json
var Files embed.FS

// Samples holds an issued paper of each kind, samples/<kind>.json: the body of a record of the collection documents but for unit, kind and
// template, and "organ", the name of the organ. All of it is invented. Signatures have no picture: who shows a sample draws one.
//
//go:embed samples/*.json
var Samples embed.FS

// Kinds lists the kinds of papers that there is a template for, in the order of their names.
func Kinds() []string {
	files, err := Files.ReadDir(".")
	if err != nil {
		panic(err) // our own data
	}
	kinds := make([]string, len(files))
	for i, f := range files {
		kinds[i] = strings.TrimSuffix(f.Name(), ".json")
	}
	return kinds
}
