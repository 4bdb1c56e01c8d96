package api

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// schemaPlace is where the schemas of types are in the document.
const schemaPlace = "#/components/schemas/"

// describeInterface makes the OpenAPI 3.1 document out of the table of routes.
func describeInterface(table []Route, publicURL, version string) ([]byte, error) {
	registry := huma.NewMapRegistry(schemaPlace, huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[jsontext.Value](), reflect.TypeFor[map[string]any]())
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "Fieldwarden", Version: version, License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			Description: "行政执法移动终端的后台服务。错误一律为 RFC 9457 问题文档，以 code 区分。\n\n" +
				"The backend of handhelds for administrative enforcement. Every error is a problem document by RFC 9457; branch on its code."},
		Servers: []*huma.Server{{URL: publicURL}},
		Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
			"token": {Type: "http", Scheme: "DPoP", Description: "Authorization: DPoP <access token>，并附 DPoP 证明 (RFC 9449)；with a DPoP proof beside it"},
			"proof": {Type: "apiKey", In: "header", Name: "DPoP", Description: "设备密钥的 DPoP 证明；a DPoP proof by the device's key"},
		}},
	}
	for i := range table {
		doc.AddOperation(describeRoute(&table[i], registry))
	}
	return wire.Canonical(doc)
}

var placeholder = regexp.MustCompile(`\{([^}]+)\}`)

// describeRoute makes one operation.
func describeRoute(r *Route, registry huma.Registry) *huma.Operation {
	op := &huma.Operation{Method: r.Method, Path: r.described(), OperationID: r.Name, Summary: r.Zh, Description: describedAccess(r),
		Tags: []string{tagOf(r.Path)}, Responses: map[string]*huma.Response{}}
	for _, name := range placeholder.FindAllStringSubmatch(r.described(), -1) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: name[1], In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
	}
	for _, p := range r.Params {
		op.Parameters = append(op.Parameters, &huma.Param{Name: p.Name, In: p.In, Required: p.Required, Description: p.Zh + " / " + p.En,
			Schema: registry.Schema(typeOf(p.Schema), true, "")})
	}
	switch r.Body {
	case jsonBody:
		op.RequestBody = &huma.RequestBody{Required: true, Content: content(fiber.MIMEApplicationJSON, registry, r.In)}
	case rawBody:
		op.RequestBody = &huma.RequestBody{Content: content(mimeOffset, registry, nil)}
	}
	op.Responses[strconv.Itoa(r.Status)] = answer(r, registry)
	op.Responses["default"] = &huma.Response{Description: "问题文档 / problem document", Content: content(MIMEProblem, registry, Problem{})}
	switch r.Access {
	case signedIn:
		op.Security = []map[string][]string{{"token": {}, "proof": {}}}
	case proof:
		op.Security = []map[string][]string{{"proof": {}}}
	}
	return op
}

func describedAccess(r *Route) string {
	lines := []string{r.En}
	if r.Access == signedIn {
		lines = append(lines, fmt.Sprintf("所需权限 / right: `%s`", r.Right))
	}
	if r.Limit > 0 {
		lines = append(lines, fmt.Sprintf("内容上限 / body: %d", r.Limit))
	}
	return strings.Join(lines, "\n\n")
}

// tagOf groups routes by the first step of their path behind the version.
func tagOf(path string) string {
	step, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, "/v1"), "/"), "/")
	if !strings.HasPrefix(path, "/v1/") {
		return "public"
	}
	return step
}

func answer(r *Route, registry huma.Registry) *huma.Response {
	out := &huma.Response{Description: http.StatusText(r.Status)}
	switch {
	case r.Out != nil && r.Media == "":
		out.Content = content(fiber.MIMEApplicationJSON, registry, r.Out)
	case r.Media != "":
		out.Content = content(r.Media, registry, r.Out)
	}
	return out
}

// content describes a body of a media type: the schema of a value's type, or bytes and text without one.
func content(media string, registry huma.Registry, value any) map[string]*huma.MediaType {
	schema := &huma.Schema{Type: "string"}
	if value != nil {
		schema = registry.Schema(typeOf(value), true, "")
	}
	return map[string]*huma.MediaType{media: {Schema: schema}}
}
