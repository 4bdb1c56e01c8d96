package custody

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// LateFinding is the code of the finding that a recording was announced and did not come in time.
const LateFinding = "evidence.late"

// Board lists what the records alone do not.
type Board interface {
	// Loose returns live evidence that belongs to no inspection, in the feeds of the units and those below, with an id after the one named, by id.
	Loose(ctx context.Context, units []string, after string, limit int) ([]pull.Record, error)
	// Missing is that of upload.Store.
	Missing(ctx context.Context, after string, limit int) ([]upload.Missing, error)
}

// Recorded is a recording of an inspection.
type Recorded struct {
	evidence.Taken
	Device  string    // that announced it
	Since   time.Time // when the server heard of it
	Missing bool      // the bytes have not come
}

// Completeness is what is to be recorded of an inspection, and what has come.
type Completeness struct {
	Inspection string
	Body       record.Object
	Recordings []Recorded
	Demands    []evidence.Demand
	At         time.Time
}

// Complete reports whether everything that is asked for is there, and everything that was announced has come.
func (c Completeness) Complete() bool {
	n, _ := c.Missing()
	return n == 0 && !slices.ContainsFunc(c.Demands, evidence.Demand.Lacks)
}

// Missing counts what was announced and has not come.
func (c Completeness) Missing() (recordings int, octets int64) {
	for _, r := range c.Recordings {
		if r.Missing {
			recordings, octets = recordings+1, octets+r.Octets
		}
	}
	return recordings, octets
}

// Completeness tells how complete the record of an inspection is, for those who have the right over its unit: absent and foreign are alike
// fault request.not_found.
func (s *Service) Completeness(ctx context.Context, caller people.Caller, id string) (Completeness, error) {
	if !record.IsID(id) {
		return Completeness{}, fault.New(fault.NotFound)
	}
	body, err := s.find(ctx, inspect.Inspections.Name, id)
	if err != nil {
		return Completeness{}, err
	}
	if body == nil || !caller.MayAny("completeness.read", inspect.Inspections.UnitsOf(body), s.Now()) {
		return Completeness{}, fault.New(fault.NotFound)
	}
	return s.complete(ctx, id, body)
}

func (s *Service) complete(ctx context.Context, id string, body record.Object) (Completeness, error) {
	c := Completeness{Inspection: id, Body: body, At: s.Now()}
	recordings, err := bodiesOf(s.History.Lookup(ctx, evidence.Evidence.Name, "inspection", id))
	if err != nil {
		return c, err
	}
	if c.Recordings, err = s.recorded(ctx, recordings); err != nil {
		return c, err
	}
	taken := make([]evidence.Taken, len(c.Recordings))
	for i, r := range c.Recordings {
		taken[i] = r.Taken
	}
	papers, err := bodiesOf(s.History.Lookup(ctx, document.Documents.Name, "inspection", id))
	if err != nil {
		return c, err
	}
	c.Demands = evidence.Recording.Demands(body, inForce(papers), taken, c.At)
	return c, nil
}

// recorded are the recordings of evidence records, by id; those whose times cannot be read are none.
func (s *Service) recorded(ctx context.Context, bodies map[string]record.Object) (recordings []Recorded, err error) {
	for _, key := range slices.Sorted(maps.Keys(bodies)) {
		one, ok := evidence.TakenOf(key, bodies[key])
		if !ok {
			continue
		}
		r := Recorded{Taken: one, Missing: !one.Held}
		if r.Device, r.Since, err = s.announced(ctx, key); err != nil {
			return nil, err
		}
		recordings = append(recordings, r)
	}
	return recordings, nil
}

// inForce are papers, by id, without those that another issued paper corrects: the two are one step.
func inForce(papers map[string]record.Object) []evidence.Paper {
	corrected := map[string]bool{}
	for _, body := range papers {
		if c, corrects := document.CorrectionOf(body); corrects && document.ReadInstance(body).State == document.Issued {
			corrected[c.Document] = true
		}
	}
	sorted := make([]evidence.Paper, 0, len(papers))
	for _, key := range slices.Sorted(maps.Keys(papers)) {
		if !corrected[key] {
			sorted = append(sorted, evidence.Paper{ID: key, Body: papers[key]})
		}
	}
	return sorted
}

// announced tells from where an evidence was announced, and when the server heard of it.
func (s *Service) announced(ctx context.Context, id string) (device string, since time.Time, err error) {
	past, err := s.History.Revisions(ctx, id)
	if err == nil && len(past) > 0 {
		device, since = past[0].Device, past[0].ReceivedAt
	}
	return device, since, err
}

// CompletenessOf is a page of inspections in one state, of the units and those below, by id.
func (s *Service) CompletenessOf(ctx context.Context, units []string, state, after string, limit int) ([]Completeness, error) {
	found, err := s.History.Waiting(ctx, pull.Waiting{Collection: inspect.Inspections.Name, State: state, Units: units, After: after, Limit: limit})
	out := make([]Completeness, 0, len(found))
	for _, r := range found {
		if err != nil {
			return nil, err
		}
		body, bad := wire.Object(r.Body)
		if bad != nil {
			return nil, bad
		}
		var c Completeness
		c, err = s.complete(ctx, r.ID, body)
		out = append(out, c)
	}
	return out, err
}

// Loose is a page of recordings that belong to no inspection, of the units and those below, by id.
func (s *Service) Loose(ctx context.Context, units []string, after string, limit int) ([]Recorded, error) {
	found, err := s.Board.Loose(ctx, units, after, limit)
	out := make([]Recorded, 0, len(found))
	for _, r := range found {
		if err != nil {
			return nil, err
		}
		body, bad := wire.Object(r.Body)
		if bad != nil {
			return nil, bad
		}
		one, _ := evidence.TakenOf(r.ID, body)
		one.Evidence = r.ID
		rec := Recorded{Taken: one, Missing: !one.Held}
		rec.Device, rec.Since, err = s.announced(ctx, r.ID)
		out = append(out, rec)
	}
	return out, err
}

// Late raises a finding for each recording that was announced and did not come within the term of the rules: one each, whoever closes it.
func (s *Service) Late(ctx context.Context) (raised int, err error) {
	const page = 100
	for after := ""; ; {
		missing, err := s.Board.Missing(ctx, after, page)
		if err != nil {
			return raised, err
		}
		for _, m := range missing {
			told, err := s.late(ctx, m)
			if err != nil {
				return raised, err
			}
			if told {
				raised++
			}
			after = m.Evidence
		}
		if len(missing) < page {
			return raised, nil
		}
	}
}

func (s *Service) late(ctx context.Context, m upload.Missing) (bool, error) {
	device, since, err := s.announced(ctx, m.Evidence)
	if term := evidence.Recording.HandIn; err != nil || since.IsZero() || s.Now().Sub(since) <= term {
		return false, err
	}
	told, err := bodiesOf(s.History.Lookup(ctx, "findings", "record", m.Evidence))
	for _, f := range told {
		if f["code"] == LateFinding {
			return false, err
		}
	}
	if err != nil {
		return false, err
	}
	length, _ := m.Body["length"].(float64)
	hours := int(evidence.Recording.HandIn / time.Hour)
	when := since.In(record.Beijing).Format("2006-01-02 15:04")
	return true, s.Records.ApplyOwn(ctx, []push.ServerOp{{Collection: "findings", Record: lateID(m.Evidence), Action: record.Create, Patch: record.Object{
		"unit": m.Body["unit"], "code": LateFinding, "basis": evidence.Recording.Basis, "collection": evidence.Evidence.Name, "record": m.Evidence,
		"field": "custody", "state": "open",
		"zh": fmt.Sprintf("录音录像于 %s 登记，超过 %d 小时仍未送达（%.0f 字节，设备 %s）", when, hours, length, device),
		"en": fmt.Sprintf("the recording was announced at %s Beijing time and has not come within %d hours (%.0f octets, on device %s)", when, hours, length, device)}}})
}

// lateID names the finding, so that two replicas that look at the same moment raise one.
func lateID(evidenceID string) string {
	return uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte("late\x00"+evidenceID), 8).String()
}
