package api

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
)

// Completeness is what is to be recorded of an inspection, and what has come.
type Completeness struct {
	Inspection string             `json:"inspection"`
	Unit       string             `json:"unit"`
	State      string             `json:"state"`
	Complete   bool               `json:"complete" doc:"everything asked for is there, and everything announced has come"`
	Demands    []RecordingDemand  `json:"demands"`
	Recordings []RecordingOnBoard `json:"recordings"`
	Missing    MissingOfRecord    `json:"missing"`
	At         time.Time          `json:"at"`
}

// RecordingDemand is what a rule asks for.
type RecordingDemand struct {
	Step      string     `json:"step"`
	Name      string     `json:"name"`
	AV        string     `json:"av" doc:"full, yes, photo, when or optional"`
	Recorded  string     `json:"recorded" doc:"met, partly, unmet, open (people judge) or unknown (nobody said when)"`
	Paper     string     `json:"paper,omitempty" doc:"kind of the record in writing"`
	Document  string     `json:"document,omitempty" doc:"the paper that calls for it"`
	Written   *bool      `json:"written,omitempty"`
	Span      *TimeSpan  `json:"span,omitempty"`
	Covered   []TimeSpan `json:"covered"`
	Announced []TimeSpan `json:"announced" doc:"by recordings that have not come"`
	Uncovered []TimeSpan `json:"uncovered"`
	Basis     string     `json:"basis"`
	Confirmed bool       `json:"confirmed" doc:"the rule, by the legal office"`
}

// TimeSpan is a stretch of time.
type TimeSpan struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// RecordingOnBoard is a recording as the board shows it.
type RecordingOnBoard struct {
	Evidence string     `json:"evidence"`
	Step     string     `json:"step,omitempty"`
	Photo    bool       `json:"photo,omitempty"`
	Missing  bool       `json:"missing" doc:"the bytes have not come"`
	Octets   int64      `json:"octets"`
	Device   string     `json:"device,omitempty" doc:"that announced it"`
	Since    *time.Time `json:"since,omitempty" doc:"when the server heard of it"`
	Covers   []TimeSpan `json:"covers"`
}

// MissingOfRecord is what was announced and has not come.
type MissingOfRecord struct {
	Recordings int   `json:"recordings"`
	Octets     int64 `json:"octets"`
}

// CaseCompleteness is what is to be recorded of a case, and what has come.
type CaseCompleteness struct {
	Case        string             `json:"case" doc:"record id of the paper of filing"`
	Unit        string             `json:"unit"`
	Number      string             `json:"number,omitempty" doc:"of the paper of filing"`
	Complete    bool               `json:"complete" doc:"everything asked for is there, everything announced has come, and no inspection of the case is unseen"`
	Sums        DemandSums         `json:"sums" doc:"of all demands, those of the inspections and those below"`
	Missing     MissingOfRecord    `json:"missing"`
	Papers      int                `json:"papers" doc:"of the case, that the caller may see"`
	Inspections []Completeness     `json:"inspections"`
	Demands     []RecordingDemand  `json:"demands" doc:"by papers of the case that belong to no inspection"`
	Recordings  []RecordingOnBoard `json:"recordings" doc:"that papers of the case name and that belong to none of its inspections"`
	Unseen      []string           `json:"unseen" doc:"inspections that papers of the case name and that are not there, or not for the caller"`
	At          time.Time          `json:"at"`
}

// DemandSums counts demands by what has come of them.
type DemandSums struct {
	Met       int `json:"met"`
	Partly    int `json:"partly"`
	Unmet     int `json:"unmet"`
	Open      int `json:"open"`
	Unknown   int `json:"unknown"`
	Unwritten int `json:"unwritten" doc:"the record in writing is missing, whatever was recorded"`
}

// CompletenessBoard is a page of inspections.
type CompletenessBoard struct {
	Inspections []Completeness `json:"inspections"`
	Next        string         `json:"next,omitempty" doc:"to ask for the next page with; absent at the end"`
}

// LooseBoard is a page of recordings that belong to no inspection.
type LooseBoard struct {
	Recordings []RecordingOnBoard `json:"recordings"`
	Next       string             `json:"next,omitempty" doc:"to ask for the next page with; absent at the end"`
}

var unitParam = Param{Name: "unit", In: "query", Zh: "机构代码，缺省为本设备所属机构", En: "code of the unit; default this device's", Schema: ""}

const mimeSVG = "image/svg+xml"

var completenessRoutes = []Route{
	{Method: "GET", Path: "/v1/inspections/{id}/completeness", Name: "readCompleteness", Zh: "检查记录的完整性", En: "what is to be recorded of an inspection, and what has come",
		Access: signedIn, Right: "completeness.read", Within: later, Out: Completeness{}, Serve: (*server).readCompleteness},
	{Method: "GET", Path: "/v1/inspections/{id}/timeline.svg", Name: "readTimeline", Zh: "检查记录的时间轴", En: "the same on a time line, as an image",
		Access: signedIn, Right: "completeness.read", Within: later, Media: mimeSVG, Serve: (*server).readTimeline},
	{Method: "GET", Path: "/v1/cases/{id}/completeness", Name: "readCaseCompleteness", Zh: "案件记录的完整性（以立案审批表指明案件）", En: "what is to be recorded of a case, by its paper of filing, and what has come",
		Access: signedIn, Right: "completeness.read", Within: later, Out: CaseCompleteness{}, Serve: (*server).readCaseCompleteness},
	{Method: "GET", Path: "/v1/cases/{id}/timeline.svg", Name: "readCaseTimeline", Zh: "案件记录的时间轴", En: "the same on time lines, as an image",
		Access: signedIn, Right: "completeness.read", Within: later, Media: mimeSVG, Serve: (*server).readCaseTimeline},
	{Method: "GET", Path: "/v1/completeness", Name: "listCompleteness", Zh: "各次检查记录的完整性", En: "inspections of a unit and those below it, with how complete their record is",
		Access: signedIn, Right: "completeness.read", Within: later, Out: CompletenessBoard{}, Serve: (*server).listCompleteness,
		Params: append([]Param{unitParam, {Name: "state", In: "query", Zh: "检查状态，缺省为 completed", En: "of the inspections; default completed", Schema: ""}}, pageParams...)},
	{Method: "GET", Path: "/v1/completeness/loose", Name: "listLoose", Zh: "不属于任何检查的录音录像", En: "recordings of a unit and those below it that belong to no inspection",
		Access: signedIn, Right: "completeness.read", Within: later, Out: LooseBoard{}, Serve: (*server).listLoose, Params: append([]Param{unitParam}, pageParams...)},
}

func (s *server) completeness(r *request) (custody.Completeness, error) {
	id, err := r.id("id")
	if err != nil {
		return custody.Completeness{}, err
	}
	return s.Custody.Completeness(r.ctx, r.caller, id)
}

func (s *server) readCompleteness(r *request) error {
	c, err := s.completeness(r)
	if err != nil {
		return err
	}
	return r.reply(fiber.StatusOK, completenessOf(c))
}

func (s *server) caseCompleteness(r *request) (custody.CaseCompleteness, error) {
	id, err := r.id("id")
	if err != nil {
		return custody.CaseCompleteness{}, err
	}
	return s.Custody.CompletenessOfCase(r.ctx, r.caller, id)
}

func (s *server) readCaseCompleteness(r *request) error {
	c, err := s.caseCompleteness(r)
	if err != nil {
		return err
	}
	return r.reply(fiber.StatusOK, caseCompletenessOf(c))
}

func (s *server) readCaseTimeline(r *request) error {
	c, err := s.caseCompleteness(r)
	if err != nil {
		return err
	}
	return r.image(custody.CaseTimeline(c))
}

func (s *server) readTimeline(r *request) error {
	c, err := s.completeness(r)
	if err != nil {
		return err
	}
	return r.image(custody.Timeline(c))
}

// image gives an image that a browser shows as one and never runs as a page.
func (r *request) image(svg []byte) error {
	r.Set(fiber.HeaderContentType, mimeSVG)
	r.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; sandbox")
	r.Set(fiber.HeaderCacheControl, "private, no-store")
	return r.Send(svg)
}

// board reads which page of which unit is asked for. A unit that is not the caller's answers like one that is not there.
func (s *server) board(r *request) (unit, after string, limit int, err error) {
	unit = r.Query("unit", r.caller.Unit)
	if after, limit, err = r.page(); err != nil {
		return "", "", 0, err
	}
	if after != "" && !record.IsID(after) {
		return "", "", 0, fault.New(fault.FieldInvalid).At("after")
	}
	if unit == "" || !record.Storable(unit) || !r.caller.May("completeness.read", unit, s.Now()) {
		return "", "", 0, fault.New(fault.NotFound)
	}
	return unit, after, limit, nil
}

func (s *server) listCompleteness(r *request) error {
	unit, after, limit, err := s.board(r)
	if err != nil {
		return err
	}
	state := r.Query("state", inspect.Completed)
	if _, known := inspect.Inspections.Transitions[state]; !known && state != inspect.Completed && state != inspect.Cancelled {
		return fault.New(fault.FieldInvalid).At("state")
	}
	found, err := s.Custody.CompletenessOf(r.ctx, []string{unit}, state, after, limit)
	if err != nil {
		return err
	}
	out := CompletenessBoard{Inspections: make([]Completeness, len(found))}
	for i, c := range found {
		out.Inspections[i] = completenessOf(c)
	}
	if len(found) == limit {
		out.Next = found[limit-1].Inspection
	}
	return r.reply(fiber.StatusOK, out)
}

func (s *server) listLoose(r *request) error {
	unit, after, limit, err := s.board(r)
	if err != nil {
		return err
	}
	found, err := s.Custody.Loose(r.ctx, []string{unit}, after, limit)
	if err != nil {
		return err
	}
	out := LooseBoard{Recordings: make([]RecordingOnBoard, len(found))}
	for i, rec := range found {
		out.Recordings[i] = onBoard(rec)
	}
	if len(found) == limit {
		out.Next = found[limit-1].Evidence
	}
	return r.reply(fiber.StatusOK, out)
}

func completenessOf(c custody.Completeness) Completeness {
	out := Completeness{Inspection: c.Inspection, Unit: text(c.Body, "unit"), State: text(c.Body, "state"), Complete: c.Complete(),
		Demands: make([]RecordingDemand, len(c.Demands)), Recordings: make([]RecordingOnBoard, len(c.Recordings)), At: c.At.UTC()}
	out.Missing.Recordings, out.Missing.Octets = c.Missing()
	for i, d := range c.Demands {
		out.Demands[i] = demandOf(d)
	}
	for i, r := range c.Recordings {
		out.Recordings[i] = onBoard(r)
	}
	return out
}

func caseCompletenessOf(c custody.CaseCompleteness) CaseCompleteness {
	out := CaseCompleteness{Case: c.Filing, Unit: text(c.Body, "unit"), Number: text(object(c.Body, "number"), "text"), Complete: c.Complete(), Sums: DemandSums(c.Sums()), Papers: c.Papers,
		Inspections: make([]Completeness, len(c.Inspections)), Demands: make([]RecordingDemand, len(c.Demands)), Recordings: make([]RecordingOnBoard, len(c.Recordings)),
		Unseen: append([]string{}, c.Unseen...), At: c.At.UTC()}
	out.Missing.Recordings, out.Missing.Octets = c.Missing()
	for i, one := range c.Inspections {
		out.Inspections[i] = completenessOf(one)
	}
	for i, d := range c.Demands {
		out.Demands[i] = demandOf(d)
	}
	for i, r := range c.Recordings {
		out.Recordings[i] = onBoard(r)
	}
	return out
}

func demandOf(d evidence.Demand) RecordingDemand {
	out := RecordingDemand{Step: d.Step, Name: d.Name, AV: d.AV, Recorded: string(d.Recorded), Paper: d.Paper, Document: d.Document, Written: d.Written,
		Covered: spansOf(d.Covered), Announced: spansOf(d.Announced), Uncovered: spansOf(d.Uncovered), Basis: d.Basis, Confirmed: d.Confirmed}
	if d.Span.Len() > 0 {
		out.Span = &spansOf([]evidence.Range{d.Span})[0]
	}
	return out
}

func onBoard(r custody.Recorded) RecordingOnBoard {
	return RecordingOnBoard{Evidence: r.Evidence, Step: r.Step, Photo: r.Photo, Missing: r.Missing, Octets: r.Octets, Device: r.Device,
		Since: unlessZero(r.Since.UTC()), Covers: spansOf(r.Covers)}
}

func spansOf(ranges []evidence.Range) []TimeSpan {
	out := make([]TimeSpan, len(ranges))
	for i, r := range ranges {
		out[i] = TimeSpan{time.UnixMilli(r.From).UTC(), time.UnixMilli(r.To).UTC()}
	}
	return out
}
