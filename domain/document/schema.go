package document

import _ "embed" // the schema

//go:embed template.schema.json
var schemaText string

// TemplateSchema is the JSON Schema (2020-12) of the body of a template, as it is published. It lies beside the code that it
// describes; a test holds the two together.
func TemplateSchema() string { return schemaText }
