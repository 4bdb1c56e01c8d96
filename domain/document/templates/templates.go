// Package templates holds the templates a new district begins with, as JSON: each file is the body of one record of the
// collection templates. They are data: a district changes them by operations, with versions, and not here.
package templates

import (
	"embed"
	"slices"
	"strings"
)

// Files holds one JSON object per file: <kind>.json is the first version of a template, <kind>.<version>.json a later one. Each version is a
// record of its own, so that devices have the one in force and the one that follows, without a network.
//
//go:embed *.json
var Files embed.FS

// Samples holds an issued paper of each kind, samples/<kind>.json: the body of a record of the collection documents but for unit, kind and
// template, and "organ", the name of the organ. All of it is invented. Signatures have no picture: who shows a sample draws one.
//
//go:embed samples/*.json
var Samples embed.FS

// Pictures holds the pictures that samples name by their digest, as files under samples/pictures. They are drawn for the purpose.
//
//go:embed samples/pictures
var Pictures embed.FS

// Kinds lists the kinds of papers that there is a template for, in the order of their names.
func Kinds() []string {
	var kinds []string
	for _, name := range Names() {
		if kind, _, later := strings.Cut(name, "."); !later {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// Names lists every version of every template: the names of the files without .json, the versions of a kind from the first to the last.
func Names() []string {
	files, err := Files.ReadDir(".")
	if err != nil {
		panic(err) // our own data
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), ".json")
	}
	slices.Sort(names) // "kind" before "kind.2", which the names of files are not
	return names
}
