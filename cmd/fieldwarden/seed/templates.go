package seed

import (
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// templates brings in the papers that a new district begins with, and the versions that follow on a later day.
func (b *builder) templates() error {
	for _, name := range templates.Names() {
		text, err := templates.Files.ReadFile(name + ".json")
		if err != nil {
			return err
		}
		body, err := wire.Object(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b.d.Templates = append(b.d.Templates, b.op("templates", fmt.Sprintf("%v/%v", body["kind"], body["version"]), body))
	}
	return nil
}

// Template finds the template of a kind of paper that is in force at a moment.
func (d *District) Template(kind string, at time.Time) document.Edition {
	var versions []document.Edition
	for _, op := range d.Templates {
		if op.Patch["kind"] == kind {
			versions = append(versions, document.Edition{ID: op.Record, Template: document.ReadTemplate(op.Patch), Body: op.Patch})
		}
	}
	found, _ := document.InForce(versions, at.In(record.Beijing).Format(time.DateOnly))
	return found
}
