package seed

import (
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// templates brings in the papers that a new district begins with.
func (b *builder) templates() error {
	for _, kind := range templates.Kinds() {
		text, err := templates.Files.ReadFile(kind + ".json")
		if err != nil {
			return err
		}
		body, err := wire.Object(text)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
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
