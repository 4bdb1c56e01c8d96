package api

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

// Templates are the templates in force for a unit on a day.
type Templates struct {
	Unit      string       `json:"unit"`
	On        string       `json:"on" format:"date"`
	Templates []TemplateOn `json:"templates"`
}

// TemplateOn is the template of one kind of paper on a day.
type TemplateOn struct {
	ID        string            `json:"id"`
	Kind      string            `json:"kind"`
	Number    string            `json:"number" doc:"place in the list of papers, as D10"`
	Name      string            `json:"name"`
	Version   int               `json:"version"`
	ValidFrom string            `json:"validFrom" format:"date"`
	Pattern   string            `json:"pattern,omitempty" doc:"of the numbers of the unit's organ; {n} is the number"`
	External  bool              `json:"external" doc:"it leaves the organ"`
	Seal      bool              `json:"seal"`
	Copies    int               `json:"copies"`
	Versions  []TemplateVersion `json:"versions" doc:"all there are, oldest first: a draft is finished by the version it was begun on"`
}

// TemplateVersion names a version of a template.
type TemplateVersion struct {
	ID        string `json:"id"`
	Version   int    `json:"version"`
	ValidFrom string `json:"validFrom" format:"date"`
}

// TemplateBody is a template whole.
type TemplateBody struct {
	ID      string         `json:"id"`
	Version int            `json:"version"`
	Body    map[string]any `json:"body" doc:"by /v1/schemas/template"`
}

// Sketch is a paper that need not be on record. Its template is named by record and version, or by kind and day.
type Sketch struct {
	Template        string        `json:"template,omitempty"`
	TemplateVersion int           `json:"templateVersion,omitzero" doc:"default: the one in force on the day"`
	Kind            string        `json:"kind,omitempty" doc:"in place of template"`
	On              string        `json:"on,omitempty" format:"date" doc:"default today"`
	Unit            string        `json:"unit,omitempty" doc:"default this device's"`
	Subject         string        `json:"subject,omitempty" doc:"fills in a party that is left out"`
	Officers        record.Object `json:"officers,omitempty" doc:"as in documents"`
	Data            record.Object `json:"data,omitempty" doc:"as in documents"`
	Signatures      record.Object `json:"signatures,omitempty" doc:"as in documents; a preview shows none"`
}

// Checked says what is wrong with a sketch.
type Checked struct {
	Template TemplateVersion `json:"template"`
	Complete bool            `json:"complete" doc:"nothing is wrong: it can be handed over"`
	Flaws    []Flaw          `json:"flaws"`
	Steps    []Step          `json:"steps" doc:"who must sign, in order"`
}

// Step is a place where somebody must sign, and how far it is.
type Step struct {
	Signer string `json:"signer"`
	Role   string `json:"role"`
	Zh     string `json:"zh"`
	En     string `json:"en"`
	Count  int    `json:"count" doc:"people who must sign"`
	Signed int    `json:"signed" doc:"people who have"`
	State  string `json:"state" doc:"signed, awaited: it is the next, later: another comes before it"`
}

// Flaw is one thing that is wrong, at its place in the paper: data/fine, signatures/<id>/reason.
type Flaw struct {
	Path string `json:"path"`
	Zh   string `json:"zh"`
	En   string `json:"en"`
}

// sketchLimit is what a sketch may hold, in octets: a few pictures of signatures besides its texts.
const sketchLimit = 1 << 20

// visitedLimit is what the answers to questions may hold, in octets.
const visitedLimit = 256 << 10

// Visited asks which papers follow from an inspection.
type Visited struct {
	Outcomes []string      `json:"outcomes,omitempty" doc:"default: those on record"`
	On       string        `json:"on,omitempty" format:"date" doc:"default today"`
	Given    record.Object `json:"given,omitempty" doc:"answers to questions, by question"`
}

// Proposals are the papers that follow, as docs/protocol/proposals.md describes them.
type Proposals struct {
	On        string          `json:"on" format:"date"`
	Outcomes  []string        `json:"outcomes"`
	Proposals []record.Object `json:"proposals"`
	Asks      []record.Object `json:"asks" doc:"what is still to be asked, each thing once"`
}

const mimeSchema = "application/schema+json"

var onParam = Param{Name: "on", In: "query", Zh: "日期，缺省为今天", En: "the day, YYYY-MM-DD in Beijing; default today", Schema: ""}

var paperRoutes = []Route{
	{Method: "GET", Path: "/v1/schemas/template", Name: "templateSchema", Zh: "文书模板的 JSON Schema", En: "the form of a template, as JSON Schema 2020-12",
		Access: public, Within: soon, Media: mimeSchema, Serve: (*server).templateSchema},
	{Method: "GET", Path: "/v1/schemas/proposals", Name: "proposalRules", Zh: "由检查结果推出文书的规则表", En: "the tables by which papers follow from a visit",
		Access: public, Within: soon, Out: map[string]any{}, Serve: (*server).proposalRules},
	{Method: "GET", Path: "/v1/schemas/remedies", Name: "remedies", Zh: "各类文书在各时期的救济告知", En: "what papers say of remedies, by kind and day",
		Access: public, Within: soon, Out: map[string]any{}, Serve: (*server).remedies},
	{Method: "GET", Path: "/v1/templates", Name: "listTemplates", Zh: "某机构某日有效的文书模板", En: "the templates in force for a unit on a day",
		Access: signedIn, Right: "templates.read", Within: soon, Out: Templates{}, Serve: (*server).listTemplates, Params: []Param{onParam, unitParam}},
	{Method: "GET", Path: "/v1/templates/{id}", Name: "readTemplate", Zh: "文书模板的某一版", En: "one version of a template",
		Access: signedIn, Right: "templates.read", Within: soon, Out: TemplateBody{}, Serve: (*server).readTemplate,
		Params: []Param{{Name: "version", In: "query", Zh: "版次，缺省为有效的一版", En: "the version; default the one in force", Schema: 0}, onParam}},
	{Method: "POST", Path: "/v1/papers/check", Name: "checkSketch", Zh: "校验文书草稿，逐项指出错误", En: "what is wrong with a draft, field by field",
		Access: signedIn, Right: "documents.check", Body: jsonBody, Limit: sketchLimit, Within: soon, In: Sketch{}, Out: Checked{}, Serve: (*server).checkSketch},
	{Method: "POST", Path: "/v1/papers/preview", Name: "previewSketch", Zh: "预览文书草稿（草稿水印、不编号、不保存）", En: "a draft as a page: marked, without a number, not kept",
		Access: signedIn, Right: "documents.check", Body: jsonBody, Limit: sketchLimit, Within: soon, In: Sketch{}, Media: mimePDF, Serve: (*server).previewSketch},
	{Method: "POST", Path: "/v1/inspections/{id}/proposals", Name: "proposePapers", Zh: "由一次检查推出应制作的文书并预填", En: "the papers that follow from an inspection, drafted",
		Access: signedIn, Right: "documents.create", Body: jsonBody, Limit: visitedLimit, Within: soon, In: Visited{}, Out: Proposals{}, Serve: (*server).proposePapers},
}

func (s *server) templateSchema(r *request) error {
	r.Set(fiber.HeaderContentType, mimeSchema)
	r.Set(fiber.HeaderCacheControl, "public, max-age=3600")
	return r.SendString(document.TemplateSchema())
}

func (s *server) listTemplates(r *request) error {
	unit := r.Query("unit", r.caller.Unit)
	on := r.Query("on", s.Now().In(beijing).Format("2006-01-02"))
	offers, err := s.Papers.Catalogue(r.ctx, r.caller, unit, on)
	if err != nil {
		return err
	}
	out := Templates{Unit: unit, On: on, Templates: make([]TemplateOn, len(offers))}
	for i, o := range offers {
		t := TemplateOn{ID: o.ID, Kind: o.Kind.Key, Number: o.Kind.Number, Name: o.Name, Version: o.Version, ValidFrom: o.ValidFrom, Pattern: o.Pattern,
			External: o.Kind.External, Seal: o.Kind.Seal, Copies: o.Kind.Copies}
		for _, v := range o.Versions {
			t.Versions = append(t.Versions, versionOf(v))
		}
		out.Templates[i] = t
	}
	return r.reply(http.StatusOK, out)
}

func versionOf(t document.Edition) TemplateVersion {
	return TemplateVersion{t.ID, t.Version, t.ValidFrom}
}

func (s *server) readTemplate(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(cmp.Or(r.Query("version"), "0"))
	if err != nil || version < 0 {
		return fault.New(fault.FieldInvalid).At("version")
	}
	t, err := s.Papers.Template(r.ctx, papers.Which{ID: id, Version: version, On: r.Query("on")})
	if faultOf(err).Code == fault.PaperTemplateAbsent {
		return fault.New(fault.NotFound)
	}
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, TemplateBody{ID: t.ID, Version: t.Version, Body: t.Body})
}

// sketch reads a sketch out of a body.
func (r *request) sketch() (papers.Sketch, error) {
	var in Sketch
	if err := r.decode(&in); err != nil {
		return papers.Sketch{}, err
	}
	if in.Template == "" && in.Kind == "" {
		return papers.Sketch{}, fault.New(fault.FieldInvalid).At("template").Detail("应指明模板或者文书种类", "name a template or a kind of paper")
	}
	if in.Template != "" && !record.IsID(in.Template) {
		return papers.Sketch{}, fault.New(fault.PaperTemplateAbsent).At("template")
	}
	return papers.Sketch{Which: papers.Which{ID: in.Template, Version: in.TemplateVersion, Kind: in.Kind, On: in.On}, Unit: in.Unit, Subject: in.Subject,
		Officers: in.Officers, Data: in.Data, Signatures: in.Signatures}, nil
}

func (s *server) checkSketch(r *request) error {
	sketch, err := r.sketch()
	if err != nil {
		return err
	}
	found, err := s.Papers.Check(r.ctx, r.caller, sketch)
	if err != nil {
		return err
	}
	out := Checked{Template: versionOf(found.Template), Complete: len(found.Flaws) == 0, Flaws: make([]Flaw, len(found.Flaws)), Steps: make([]Step, len(found.Steps))}
	for i, f := range found.Flaws {
		out.Flaws[i] = Flaw(f)
	}
	for i, step := range found.Steps {
		out.Steps[i] = Step{step.ID, string(step.Role), step.Label.Zh, step.Label.En, step.Count, step.Signed, string(step.State)}
	}
	return r.reply(http.StatusOK, out)
}

// previewSketch costs as much as a page takes to render, so a device has so many in a time; what is refused before costs nothing of it.
func (s *server) previewSketch(r *request) error {
	sketch, err := r.sketch()
	if err != nil {
		return err
	}
	if wait, ok := s.renders.Take(r.caller.Device); !ok {
		return fault.New(fault.RateLimited).After(wait)
	}
	file, err := s.Papers.Preview(r.ctx, r.caller, sketch)
	if err != nil {
		return err
	}
	r.Set(fiber.HeaderContentType, mimePDF)
	r.Set(fiber.HeaderContentDisposition, `inline; filename="preview.pdf"`)
	r.Set(fiber.HeaderContentSecurityPolicy, mediaPolicy)
	r.Set(fiber.HeaderCacheControl, "private, no-store")
	return r.Send(file)
}

func (s *server) proposalRules(r *request) error {
	r.Set(fiber.HeaderCacheControl, "public, max-age=3600")
	return r.reply(http.StatusOK, document.Published())
}

func (s *server) remedies(r *request) error {
	r.Set(fiber.HeaderCacheControl, "public, max-age=3600")
	return r.reply(http.StatusOK, document.PublishedRemedies())
}

// proposePapers writes nothing: the drafts come back as ordinary ops.
func (s *server) proposePapers(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	var in Visited
	if err := r.decode(&in); err != nil {
		return err
	}
	v, all, on, err := s.Papers.Propose(r.ctx, r.caller, id, papers.Visited{Outcomes: in.Outcomes, On: in.On, Given: in.Given})
	if err != nil {
		return err
	}
	out := Proposals{On: on, Outcomes: v.Outcomes, Proposals: []record.Object{}, Asks: []record.Object{}}
	for _, p := range all {
		out.Proposals = append(out.Proposals, p.Object())
	}
	for _, a := range document.Asks(all) {
		out.Asks = append(out.Asks, a.Object())
	}
	return r.reply(http.StatusOK, out)
}
