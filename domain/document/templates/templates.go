// Package templates holds the templates a new district begins with, as JSON: each file is the body of one record of the
// collection templates. They are data: a district changes them by operations, with versions, and not here.
package templates

import "embed"

// Files holds one JSON object per file, <kind>.json.
//
//go:embed *.json
var Files embed.FS
