package document_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// published is template.schema.json, as it is read and as it judges.
func published(t *testing.T) (text record.Object, schema *jsonschema.Schema) {
	t.Helper()
	file, err := os.Open("template.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	read, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	text, _ = read.(map[string]any)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("template.json", read); err != nil {
		t.Fatal(err)
	}
	if schema, err = c.Compile("template.json"); err != nil {
		t.Fatal(err)
	}
	return text, schema
}

// at goes into a schema along the keys.
func at(schema any, keys string) any {
	for key := range strings.SplitSeq(keys, "/") {
		o, _ := schema.(map[string]any)
		schema = o[key]
	}
	return schema
}

func namesOf[T ~string](list []T) []string {
	var out []string
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

func strs(value any) []string {
	var out []string
	list, _ := value.([]any)
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// The schema names the kinds that the code knows, all of them and no others.
func TestSchemaKnowsTheLanguage(t *testing.T) {
	text, _ := published(t)
	for keys, want := range map[string][]string{"$defs/field/properties/kind/enum": namesOf(document.FieldKinds), "$defs/column/properties/kind/enum": namesOf(document.ColumnKinds),
		"$defs/block/properties/kind/enum": namesOf(document.BlockKinds), "$defs/fieldName/not/enum": document.Reserved,
		"$defs/signer/properties/role/enum": namesOf(document.SignerRoles)} {
		got := strs(at(text, keys))
		slices.Sort(got)
		if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, the code knows %v", keys, got, want)
		}
	}
}

// Every template of the house has the form that the schema publishes, and so have those with all that law demands of a kind.
func TestSchemaHoldsTemplates(t *testing.T) {
	_, schema := published(t)
	for _, name := range templates.Names() {
		if err := schema.Validate(seed(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := schema.Validate(lists(t)); err != nil {
		t.Error(err)
	}
}

// lists is a template with everything that the seeds do not use yet.
func lists(t *testing.T) record.Object {
	body := seed(t, document.SummaryPenalty)
	column := record.Object{"order": 1.0, "kind": "enum", "label": "状况", "width": 2.0, "options": record.Object{"good": record.Object{"label": "完好"}}}
	for path, value := range map[string]any{"fields/things": record.Object{"kind": "list", "label": "物品", "maxRows": 20.0, "columns": record.Object{"state": column}},
		"fields/ask": record.Object{"kind": "qa", "label": "询问", "maxRows": 20.0}, "fields/within": record.Object{"kind": "period", "label": "期限", "from": "occurredAt", "roll": true},
		"layout/things": record.Object{"kind": "list", "field": "things", "when": record.Object{"penalty": []any{"fine"}, "receipt": true, "bank": false}}, "layout/ask": record.Object{"kind": "qa", "field": "ask"},
		"fields/photos": record.Object{"kind": "pictures", "label": "照片", "drawn": true, "maxRows": 50.0}, "layout/photos": record.Object{"kind": "pictures", "field": "photos", "perPage": 3.0},
		"layout/seal":              record.Object{"kind": "seal", "lines": []any{"{organ}"}},
		"signers/head":             record.Object{"role": "head", "count": 1.0, "label": "负责人", "fields": []any{"defence"}, "when": record.Object{"penalty": []any{"fine"}}},
		"layout/facts/rows/signed": record.Object{"order": 99.0, "cells": record.Object{"a": record.Object{"signer": "head", "span": 4.0}}}} {
		body = edit(body, path, value)
	}
	if flaws := document.Lint(body); len(flaws) > 0 {
		t.Fatal(flaws)
	}
	return body
}

// What is broken in form is refused.
func TestSchemaRefuses(t *testing.T) {
	_, schema := published(t)
	for path, value := range map[string]any{"kind": nil, "name": "", "version": 1.5, "validFrom": "2024", "colour": "red", "layout": nil, "fields": []any{}, "terms/suitCourt": 3.0, "limits/citizen": -1.0,
		"number/token": "{organ}号", "number/kind": "x", "number/prefix": "{n}", "number/padding": 9.0, "number/word": 3.0, "fields/Party": record.Object{"kind": "text", "label": "甲"}, "fields/remedies": record.Object{"kind": "text", "label": "甲"},
		"fields/facts/kind": "poem", "fields/facts/label": nil, "fields/facts/label/zh": "", "fields/facts/required": "yes", "fields/facts/maxLength": 0.0, "fields/facts/colour": "red", "fields/facts/options": record.Object{"a": record.Object{"label": "甲"}},
		"fields/penalty/options": nil, "fields/fine/requiredWhen/penalty": "fine", "fields/receipt/requiredWhen/bank": []any{true}, "fields/fine/requiredWhen": record.Object{"penalty": []any{}}, "fields/facts/columns": record.Object{"a": record.Object{"kind": "text", "label": "甲"}},
		"fields/things/columns": nil, "fields/things/columns/state/kind": "list", "fields/things/columns/state/options": nil, "fields/things/columns/order": record.Object{"kind": "text", "label": "甲"}, "fields/things/maxRows": 501.0,
		"fields/facts/maxRows": 5.0, "fields/within/from": nil, "fields/facts/from": "occurredAt", "signers/party/role": "mayor", "signers/party/label": nil, "layout/title/kind": "banner", "layout/title/lines": nil,
		"layout/title/text": "x", "layout/remedy/text": nil, "layout/remedy/align": "middle", "layout/facts/columns": []any{0.0}, "layout/facts/rows": nil, "layout/facts/rows/where/party": "party",
		"layout/facts/rows/where/cells/a/span": 0.0, "layout/facts/rows/where/cells/a/colour": "red", "layout/things/field": nil, "layout/signatures/signers": "all",
		"layout/seal/lines": []any{}, "fields/photos/maxRows": 51.0, "fields/facts/drawn": true, "layout/photos/perPage": 4.0, "layout/ask/perPage": 2.0, "layout/photos/field": nil, "signers/head/fields": "defence", "signers/head/fields/x": "y", "signers/head/when": record.Object{"penalty": []any{}}, "signers/head/colour": "red",
		"layout/facts/rows/signed/cells/a/signer": 3.0} {
		if err := schema.Validate(edit(lists(t), path, value)); err == nil {
			t.Errorf("%s = %v is in order", path, value)
		}
		if len(document.Refusal(edit(lists(t), path, value))) == 0 {
			t.Errorf("%s = %v breaks the published form and would be stored", path, value)
		}
	}
}
