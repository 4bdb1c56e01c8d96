package seed

import (
	"fmt"
	"io/fs"

	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// templates brings in the papers that a new district begins with.
func (b *builder) templates() error {
	files, err := fs.Glob(templates.Files, "*.json")
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := templates.Files.ReadFile(file)
		if err != nil {
			return err
		}
		body, err := wire.Object(text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		b.d.Templates = append(b.d.Templates, b.op("templates", fmt.Sprintf("%v/%v", body["kind"], body["version"]), body))
	}
	return nil
}

// TemplateID finds the record id of a kind of paper.
func (d *District) TemplateID(kind string) string {
	for _, op := range d.Templates {
		if op.Patch["kind"] == kind {
			return op.Record
		}
	}
	return ""
}
