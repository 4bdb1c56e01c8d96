package api

import (
	"bytes"
	"cmp"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/custody"
)

// Custody is what is known of the custody of a recording, and what is not.
type Custody struct {
	Evidence  string            `json:"evidence"`
	Unit      string            `json:"unit"`
	State     string            `json:"state" doc:"held, mismatch, disposing or disposed; empty: the bytes have not come"`
	SHA256    string            `json:"sha256"`
	Length    int64             `json:"length"`
	Receipt   string            `json:"receipt,omitempty" doc:"the server's signed receipt: a compact JWS"`
	Acts      []Act             `json:"acts" doc:"in the order of their time; the first is the announcement"`
	Retention Retention         `json:"retention"`
	Held      bool              `json:"held" doc:"under a legal hold"`
	CheckedAt *time.Time        `json:"checkedAt,omitempty" doc:"when the bytes were last read and hashed"`
	Sound     *bool             `json:"sound,omitempty" doc:"what that gave"`
	Findings  []CustodyFinding  `json:"findings"`
	Names     map[string]string `json:"names" doc:"of persons by record id and of units by code"`
	Unknown   []CustodyGap      `json:"unknown" doc:"what this trail cannot say"`
	At        time.Time         `json:"at"`
}

// Act is one act on a recording.
type Act struct {
	Act       string         `json:"act"`
	Actor     string         `json:"actor,omitempty" doc:"record id of an officer; absent: the server"`
	ActorUnit string         `json:"actorUnit,omitempty" doc:"of the device"`
	Device    string         `json:"device,omitempty"`
	At        time.Time      `json:"at"`
	Until     *time.Time     `json:"until,omitempty"`
	Reason    string         `json:"reason,omitempty"`
	Ranges    [][2]int64     `json:"ranges,omitempty" doc:"octets that went out, from and behind the last"`
	Related   string         `json:"related,omitempty" doc:"the op, hold, disposal, share or derivative"`
	Detail    map[string]any `json:"detail,omitempty"`
}

// Retention is how long a recording is kept.
type Retention struct {
	Until   *time.Time `json:"until,omitempty"`
	Forever bool       `json:"forever"`
	By      []Term     `json:"by"`
}

// Term is a rule of retention.
type Term struct {
	Class     string `json:"class"`
	Name      string `json:"name"`
	Basis     string `json:"basis"`
	Confirmed bool   `json:"confirmed" doc:"by the legal office"`
}

// CustodyFinding is a finding about a recording.
type CustodyFinding struct {
	Code        string `json:"code"`
	State       string `json:"state"`
	Zh          string `json:"zh"`
	En          string `json:"en"`
	Explanation string `json:"explanation,omitempty"`
}

// CustodyGap is something that is not known.
type CustodyGap struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

var custodyRoutes = []Route{
	{Method: "GET", Path: "/v1/evidence/{id}/custody", Name: "readCustody", Zh: "录音录像的保管链", En: "the chain of custody of a recording",
		Access: signedIn, Right: "custody.read", Within: later, Out: Custody{}, Serve: (*server).readCustody},
	{Method: "GET", Path: "/v1/evidence/{id}/custody.pdf", Name: "custodyReport", Zh: "保管链报告（PDF）", En: "the chain of custody as a report",
		Access: signedIn, Right: "custody.read", Within: later, Media: mimePDF, Serve: (*server).custodyReport},
	{Method: "GET", Path: "/v1/custody", Name: "listCustody", Zh: "一个机构的录音录像调阅和处置记录", En: "what was done with the recordings of a unit, in the order in which it was written",
		Access: signedIn, Right: "custody.read", Within: later, Out: CustodyPage{}, Serve: (*server).listCustody, Params: append([]Param{unitParam}, pageParams...)},
}

// CustodyPage is a page of the acts on recordings of a unit.
type CustodyPage struct {
	Acts []ActOfUnit `json:"acts"`
	Next string      `json:"next,omitempty" doc:"to ask for the next page with; absent at the end"`
}

// ActOfUnit is one act, with the recording it was done with.
type ActOfUnit struct {
	ID       string `json:"id" doc:"of the act; one that goes on comes again under the same id"`
	Evidence string `json:"evidence"`
	Act
}

const mimePDF = "application/pdf"

func (s *server) trail(r *request) (custody.Trail, error) {
	id, err := r.id("id")
	if err != nil {
		return custody.Trail{}, err
	}
	return s.Custody.Trail(r.ctx, r.caller, id)
}

func (s *server) readCustody(r *request) error {
	t, err := s.trail(r)
	if err != nil {
		return err
	}
	return r.reply(fiber.StatusOK, custodyOf(t))
}

func (s *server) custodyReport(r *request) error {
	t, err := s.trail(r)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if _, err := custody.Report(&out, t); err != nil {
		return err
	}
	r.Set(fiber.HeaderContentType, mimePDF)
	r.Set(fiber.HeaderContentDisposition, `inline; filename="custody-`+t.Evidence+`.pdf"`)
	r.Set(fiber.HeaderCacheControl, "private, no-store")
	return r.Send(out.Bytes())
}

func (s *server) listCustody(r *request) error {
	after, limit, err := r.page()
	if err != nil {
		return err
	}
	place, err := strconv.ParseUint(cmp.Or(after, "0"), 10, 63)
	if err != nil {
		return fault.New(fault.FieldInvalid).At("after")
	}
	acts, next, err := s.Custody.Acts(r.ctx, r.caller, r.Query("unit", r.caller.Unit), place, limit)
	if err != nil {
		return err
	}
	out := CustodyPage{Acts: make([]ActOfUnit, len(acts))}
	for i, told := range acts {
		out.Acts[i] = ActOfUnit{told.ID, told.Evidence, actOf(told.Entry)}
	}
	if next > 0 {
		out.Next = strconv.FormatUint(next, 10)
	}
	return r.reply(fiber.StatusOK, out)
}

func actOf(e evidence.Entry) Act {
	a := Act{Act: string(e.Act), Actor: e.Actor, ActorUnit: e.ActorUnit, Device: e.Device, At: e.At.UTC(), Until: unlessZero(e.Until), Reason: e.Reason,
		Related: e.Related, Detail: e.Detail}
	for _, r := range e.Ranges {
		a.Ranges = append(a.Ranges, [2]int64{r.From, r.To})
	}
	return a
}

func custodyOf(t custody.Trail) Custody {
	held := object(t.Body, "custody")
	length, _ := t.Body["length"].(float64)
	out := Custody{Evidence: t.Evidence, Unit: text(t.Body, "unit"), State: string(evidence.StateOf(t.Body)), SHA256: text(t.Body, "sha256"), Length: int64(length),
		Receipt: text(held, "receipt"), Acts: make([]Act, len(t.Acts)), Held: t.Held, Names: t.Names, At: t.At.UTC(), Findings: []CustodyFinding{}, Unknown: []CustodyGap{},
		Retention: Retention{Until: unlessZero(t.Keeping.Until.UTC()), Forever: t.Keeping.Forever, By: []Term{}}}
	for i, e := range t.Acts {
		out.Acts[i] = actOf(e)
	}
	for _, term := range t.Keeping.By {
		out.Retention.By = append(out.Retention.By, Term{string(term.Class), term.Name, term.Basis, term.Confirmed})
	}
	if t.Checked && !t.Check.At.IsZero() {
		out.CheckedAt, out.Sound = unlessZero(t.Check.At.UTC()), &t.Check.Sound
	}
	for _, f := range t.Findings {
		out.Findings = append(out.Findings, CustodyFinding(f))
	}
	for _, g := range t.Unknown {
		out.Unknown = append(out.Unknown, CustodyGap(g))
	}
	return out
}
