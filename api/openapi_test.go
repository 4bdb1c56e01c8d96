package api

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func interfaceOf(t *testing.T) map[string]any {
	t.Helper()
	text, err := describeInterface(Routes(), "https://warden.example", "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := wire.Object(text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheInterfaceDocumentListsEveryRoute(t *testing.T) {
	paths := interfaceOf(t)["paths"].(map[string]any)
	listed := 0
	for _, item := range paths {
		listed += len(item.(map[string]any))
	}
	table := Routes()
	if listed != len(table) {
		t.Errorf("%d operations are listed, want %d", listed, len(table))
	}
	for _, r := range table {
		item, _ := paths[r.described()].(map[string]any)
		op, ok := item[strings.ToLower(r.Method)].(map[string]any)
		if !ok {
			t.Errorf("%s %s is not listed", r.Method, r.Path)
			continue
		}
		if _, secured := op["security"]; secured != (r.Access != public) {
			t.Errorf("%s %s: security listed: %v", r.Method, r.Path, secured)
		}
		if _, body := op["requestBody"]; body != (r.Body != noBody) {
			t.Errorf("%s %s: body listed: %v", r.Method, r.Path, body)
		}
		if op["summary"] != r.Zh {
			t.Errorf("%s %s: summary %v", r.Method, r.Path, op["summary"])
		}
	}
}

func TestTheInterfaceDocumentIsWellFormed(t *testing.T) {
	for _, fault := range findings(interfaceOf(t)) {
		t.Error(fault)
	}
}

// TestTheCheckOfTheDocumentSees proves that the check above fails for documents that are not well formed.
func TestTheCheckOfTheDocumentSees(t *testing.T) {
	op := func(doc map[string]any) map[string]any {
		return doc["paths"].(map[string]any)["/v1/sessions"].(map[string]any)["post"].(map[string]any)
	}
	for name, spoil := range map[string]func(map[string]any){
		"version":     func(d map[string]any) { d["openapi"] = "3.0.3" },
		"info":        func(d map[string]any) { delete(d, "info") },
		"path":        func(d map[string]any) { d["paths"].(map[string]any)["x"] = map[string]any{} },
		"responses":   func(d map[string]any) { op(d)["responses"] = map[string]any{} },
		"reference":   func(d map[string]any) { delete(d["components"].(map[string]any)["schemas"].(map[string]any), "Tokens") },
		"operationId": func(d map[string]any) { op(d)["operationId"] = "push" },
		"scheme":      func(d map[string]any) { op(d)["security"] = []any{map[string]any{"none": []any{}}} },
		"status": func(d map[string]any) {
			op(d)["responses"].(map[string]any)["2000"] = map[string]any{"description": ""}
		},
		"parameter": func(d map[string]any) { d["paths"].(map[string]any)["/x/{y}"] = map[string]any{"get": op(d)} },
		"method":    func(d map[string]any) { d["paths"].(map[string]any)["/v1/sessions"].(map[string]any)["POST"] = op(d) },
		"media":     func(d map[string]any) { op(d)["requestBody"].(map[string]any)["content"] = map[string]any{} },
		"kind of value": func(d map[string]any) {
			d["components"].(map[string]any)["schemas"].(map[string]any)["Tokens"].(map[string]any)["type"] = "thing"
		},
	} {
		doc := interfaceOf(t)
		spoil(doc)
		if len(findings(doc)) == 0 {
			t.Errorf("%s: a spoilt document passes", name)
		}
	}
}

// checker walks an OpenAPI 3.1 document by the rules of its specification, as far as this document uses it.
type checker struct {
	doc    map[string]any
	ids    map[string]bool
	faults []string
}

func findings(doc map[string]any) []string {
	c := &checker{doc: doc, ids: map[string]bool{}}
	c.root()
	return c.faults
}

func (c *checker) bad(place, format string, args ...any) {
	c.faults = append(c.faults, place+": "+fmt.Sprintf(format, args...))
}

// child is a member that must be an object.
func (c *checker) child(place string, of map[string]any, name string) map[string]any {
	value, ok := of[name].(map[string]any)
	if !ok {
		c.bad(place, "%s is missing or not an object", name)
	}
	return value
}

func (c *checker) text(place string, of map[string]any, name string) string {
	value, _ := of[name].(string)
	if value == "" {
		c.bad(place, "%s is missing", name)
	}
	return value
}

func (c *checker) root() {
	if !strings.HasPrefix(c.text("root", c.doc, "openapi"), "3.1.") {
		c.bad("root", "version %v", c.doc["openapi"])
	}
	info := c.child("root", c.doc, "info")
	c.text("info", info, "title")
	c.text("info", info, "version")
	for path, item := range c.child("root", c.doc, "paths") {
		if !strings.HasPrefix(path, "/") {
			c.bad(path, "does not begin with a slash")
		}
		for method, op := range item.(map[string]any) {
			if !slices.Contains([]string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}, method) {
				c.bad(path, "%s is no method", method)
				continue
			}
			c.operation(method+" "+path, path, op.(map[string]any))
		}
	}
	for name, schema := range c.child("root", c.child("root", c.doc, "components"), "schemas") {
		c.schema(name, schema.(map[string]any))
	}
}

func (c *checker) operation(place, path string, op map[string]any) {
	if id := c.text(place, op, "operationId"); c.ids[id] {
		c.bad(place, "operationId %s is there twice", id)
	} else {
		c.ids[id] = true
	}
	c.parameters(place, path, op)
	if body, ok := op["requestBody"].(map[string]any); ok {
		c.content(place+" body", c.child(place, body, "content"))
	}
	responses := c.child(place, op, "responses")
	if len(responses) == 0 {
		c.bad(place, "no responses")
	}
	for status, r := range responses {
		if status != "default" && (len(status) != 3 || status < "100" || status > "599") {
			c.bad(place, "status %s", status)
		}
		response := r.(map[string]any)
		if _, ok := response["description"].(string); !ok {
			c.bad(place, "response %s has no description", status)
		}
		if content, ok := response["content"].(map[string]any); ok {
			c.content(place+" "+status, content)
		}
	}
	c.security(place, op)
}

func (c *checker) parameters(place, path string, op map[string]any) {
	inPath := map[string]bool{}
	list, _ := op["parameters"].([]any)
	for _, p := range list {
		param := p.(map[string]any)
		name, where := c.text(place, param, "name"), c.text(place, param, "in")
		if !slices.Contains([]string{"path", "query", "header", "cookie"}, where) {
			c.bad(place, "parameter %s is in %q", name, where)
		}
		if where == "path" {
			inPath[name] = true
			if param["required"] != true {
				c.bad(place, "path parameter %s is not required", name)
			}
		}
		c.schema(place+" "+name, c.child(place, param, "schema"))
	}
	for _, found := range placeholder.FindAllStringSubmatch(path, -1) {
		if !inPath[found[1]] {
			c.bad(place, "path parameter %s is not declared", found[1])
		}
		delete(inPath, found[1])
	}
	for _, name := range slices.Sorted(maps.Keys(inPath)) {
		c.bad(place, "path parameter %s is not in the path", name)
	}
}

func (c *checker) content(place string, content map[string]any) {
	if len(content) == 0 {
		c.bad(place, "no media type")
	}
	for media, value := range content {
		if !strings.Contains(media, "/") {
			c.bad(place, "%s is no media type", media)
		}
		c.schema(place, c.child(place, value.(map[string]any), "schema"))
	}
}

func (c *checker) security(place string, op map[string]any) {
	schemes := c.child("components", c.doc["components"].(map[string]any), "securitySchemes")
	list, _ := op["security"].([]any)
	for _, alternative := range list {
		for name := range alternative.(map[string]any) {
			if schemes[name] == nil {
				c.bad(place, "security scheme %s is not declared", name)
			}
		}
	}
}

// schema checks references, types and the schemas inside.
func (c *checker) schema(place string, s map[string]any) {
	if ref, ok := s["$ref"].(string); ok {
		name, local := strings.CutPrefix(ref, schemaPlace)
		components, _ := c.doc["components"].(map[string]any)
		schemas, _ := components["schemas"].(map[string]any)
		if !local || schemas[name] == nil {
			c.bad(place, "%s leads nowhere", ref)
		}
		return
	}
	types, many := s["type"].([]any)
	if one, ok := s["type"].(string); ok {
		types = []any{one}
	} else if _, there := s["type"]; there && !many {
		c.bad(place, "type %v", s["type"])
	}
	for _, t := range types {
		if !slices.Contains([]any{"object", "array", "string", "number", "integer", "boolean", "null"}, t) {
			c.bad(place, "type %v", t)
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for name, p := range properties {
		c.schema(place+"."+name, p.(map[string]any))
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if properties[name.(string)] == nil {
			c.bad(place, "required %v is no property", name)
		}
	}
	for _, inner := range []string{"items", "additionalProperties"} {
		if p, ok := s[inner].(map[string]any); ok {
			c.schema(place+"/"+inner, p)
		}
	}
}
