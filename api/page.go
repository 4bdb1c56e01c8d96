package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

//go:embed pages/pages.html
var pageText string

//go:embed pages/style.css
var pageStyle string

var pages = template.Must(template.New("pages").Parse(pageText))

// pagePolicy lets a page have its own style and nothing else: no script, no frame, no form, nothing from elsewhere.
var pagePolicy = func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// beijing is the time in which people read dates.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// page writes one of the pages.
func page(c *fiber.Ctx, status int, name, title string, body any) error {
	return pageWith(c, status, name, title, pagePolicy, body)
}

// pageWith writes one of the pages under a policy of its own.
func pageWith(c *fiber.Ctx, status int, name, title, policy string, body any) error {
	var out bytes.Buffer
	err := pages.ExecuteTemplate(&out, name, map[string]any{"Title": title, "Style": template.CSS(pageStyle), "Body": body})
	if err != nil {
		return err
	}
	c.Status(status)
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentSecurityPolicy, policy)
	return c.Send(out.Bytes())
}

type pageMark struct{}

// markPage notes that people see the route in a browser.
func markPage(c *fiber.Ctx) error {
	c.Locals(pageMark{}, true)
	return c.Next()
}

// wantsPage reports whether an error should be a page: on a route for people, unless a program asks for something else.
func (s *server) wantsPage(c *fiber.Ctx) bool {
	return c.Locals(pageMark{}) != nil && strings.Contains(c.Get(fiber.HeaderAccept), "text/html")
}

func (s *server) problemPage(c *fiber.Ctx, p Problem) {
	if err := page(c, p.Status, "problem", p.Title, p); err != nil {
		s.Log.ErrorContext(c.Context(), "problem page", "error", err)
	}
}

// home says what runs here.
func (s *server) home(r *request) error {
	return page(r.Ctx, http.StatusOK, "home", "Fieldwarden", map[string]string{"District": s.District, "Version": s.Version,
		"Now": s.Now().In(beijing).Format("2006-01-02 15:04:05")})
}

// check shows what the public may know of an issued paper, which is for papers.Service.Public to say.
func (s *server) check(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	p, err := s.Papers.Public(r.ctx, id)
	if err != nil {
		return err
	}
	date := ""
	if !p.IssuedAt.IsZero() {
		date = p.IssuedAt.In(beijing).Format("2006年1月2日")
	}
	return page(r.Ctx, http.StatusOK, "check", "文书查验 "+cmp.Or(p.Number, p.Name), map[string]any{"Paper": p, "Date": date})
}

// code is a registered code with its status.
type code struct {
	fault.Error
	Status int
}

// problems lists every code, or shows one.
func (s *server) problems(r *request) error {
	all := fault.Codes()
	if name := r.Params("code"); name != "" {
		f, ok := all[fault.Code(name)]
		if !ok {
			return fault.New(fault.NotFound)
		}
		return page(r.Ctx, http.StatusOK, "code", name, code{f, statusOf(&f)})
	}
	list := make([]code, 0, len(all))
	for _, f := range all {
		list = append(list, code{f, statusOf(&f)})
	}
	slices.SortFunc(list, func(a, b code) int { return cmp.Compare(a.Code, b.Code) })
	return page(r.Ctx, http.StatusOK, "codes", "错误代码", list)
}

// text and object read a member of a body; what is not of the form is empty.
func text(body record.Object, name string) string {
	s, _ := body[name].(string)
	return s
}

func object(body record.Object, name string) record.Object {
	o, _ := body[name].(record.Object)
	return o
}
