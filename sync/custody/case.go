package custody

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/cases"
	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// CaseCompleteness is what is to be recorded of a case, and what has come: of each of its inspections, and of its papers that belong to none.
type CaseCompleteness struct {
	Filing      string
	Body        record.Object // of the paper of filing
	Papers      int           // that the caller may see
	Inspections []Completeness
	Demands     []evidence.Demand // by papers that belong to no inspection
	Recordings  []Recorded        // that the papers name and that belong to none of the inspections
	Unseen      []string          // inspections that the papers name and that are not there, or not for the caller
	At          time.Time
}

// Sums counts the demands of a case by what has come of them, and those whose record in writing is missing.
type Sums struct{ Met, Partly, Unmet, Open, Unknown, Unwritten int }

// Sums of all demands.
func (c CaseCompleteness) Sums() (s Sums) {
	count := map[evidence.Verdict]*int{evidence.Met: &s.Met, evidence.Partly: &s.Partly, evidence.Unmet: &s.Unmet, evidence.Open: &s.Open, evidence.Unknown: &s.Unknown}
	for _, d := range c.all() {
		*count[d.Recorded]++
		if d.Written != nil && !*d.Written {
			s.Unwritten++
		}
	}
	return s
}

func (c CaseCompleteness) all() (demands []evidence.Demand) {
	for _, one := range c.Inspections {
		demands = append(demands, one.Demands...)
	}
	return append(demands, c.Demands...)
}

// Complete reports whether everything that is asked for is there, everything that was announced has come, and nothing of the case could not be looked at.
func (c CaseCompleteness) Complete() bool {
	n, _ := c.Missing()
	return n == 0 && len(c.Unseen) == 0 && !slices.ContainsFunc(c.all(), evidence.Demand.Lacks)
}

// Missing counts what was announced and has not come.
func (c CaseCompleteness) Missing() (recordings int, octets int64) {
	for _, one := range append(slices.Clone(c.Inspections), Completeness{Recordings: c.Recordings}) {
		n, o := one.Missing()
		recordings, octets = recordings+n, octets+o
	}
	return recordings, octets
}

// CompletenessOfCase tells how complete the record of a case is, by its paper of filing, for those who have the right over that paper's unit: absent and foreign are alike fault
// request.not_found. One that is no issued paper of filing is fault case.not_filing. Of the case is told what the caller has the right over.
func (s *Service) CompletenessOfCase(ctx context.Context, caller people.Caller, filing string) (CaseCompleteness, error) {
	c := CaseCompleteness{Filing: filing, At: s.Now()}
	if !record.IsID(filing) {
		return c, fault.New(fault.NotFound)
	}
	var err error
	if c.Body, err = s.find(ctx, document.Documents.Name, filing); err != nil {
		return c, err
	}
	if c.Body == nil || !s.reads(caller, &document.Documents, c.Body) {
		return c, fault.New(fault.NotFound)
	}
	if cases.Filing(c.Body) != nil {
		return c, fault.New(fault.CaseNotFiling)
	}
	found, err := cases.Find(ctx, s.History, filing, c.Body)
	if err != nil {
		return c, err
	}
	papers, err := s.among(ctx, caller, &document.Documents, found.Papers)
	if err != nil {
		return c, err
	}
	c.Papers = len(papers)
	if err := s.visits(ctx, caller, &c, found.Inspections, papers); err != nil {
		return c, err
	}
	return c, s.without(ctx, caller, &c, papers)
}

// reads reports whether the caller may hear how complete a record is.
func (s *Service) reads(caller people.Caller, of *record.Collection, body record.Object) bool {
	return caller.MayAny("completeness.read", of.UnitsOf(body), s.Now())
}

// among reads the named records that the caller may hear of.
func (s *Service) among(ctx context.Context, caller people.Caller, of *record.Collection, ids []string) (map[string]record.Object, error) {
	all := map[string]record.Object{}
	for some := range slices.Chunk(ids, 200) {
		bodies, err := bodiesOf(s.History.Among(ctx, of.Name, some))
		if err != nil {
			return nil, err
		}
		maps.DeleteFunc(bodies, func(_ string, body record.Object) bool { return !s.reads(caller, of, body) })
		maps.Copy(all, bodies)
	}
	return all, nil
}

// visits tells of each inspection of the case what is told of it by itself.
func (s *Service) visits(ctx context.Context, caller people.Caller, c *CaseCompleteness, inspections []string, papers map[string]record.Object) error {
	bodies, err := s.among(ctx, caller, &inspect.Inspections, inspections)
	if err != nil {
		return err
	}
	for _, id := range inspections {
		body, seen := bodies[id]
		if !seen {
			if slices.ContainsFunc(slices.Collect(maps.Values(papers)), func(p record.Object) bool { return p["inspection"] == id }) {
				c.Unseen = append(c.Unseen, id)
			}
			continue
		}
		one, err := s.complete(ctx, id, body)
		if err != nil {
			return err
		}
		c.Inspections = append(c.Inspections, one)
	}
	return nil
}

// without tells what the papers ask for that belong to no inspection. What counts for it are the recordings of the case's inspections, and those that its papers name; one that
// belongs to no inspection and that no paper names is of no case yet.
func (s *Service) without(ctx context.Context, caller people.Caller, c *CaseCompleteness, papers map[string]record.Object) error {
	var taken []evidence.Taken
	had := map[string]bool{}
	for _, one := range c.Inspections {
		for _, r := range one.Recordings {
			taken, had[r.Evidence] = append(taken, r.Taken), true
		}
	}
	var named []string
	for _, body := range papers {
		named = append(named, document.RecordingsOf(body)...)
	}
	slices.Sort(named)
	named = slices.DeleteFunc(slices.Compact(named), func(id string) bool { return had[id] })
	bodies, err := s.among(ctx, caller, &evidence.Evidence, named)
	if err != nil {
		return err
	}
	if c.Recordings, err = s.recorded(ctx, bodies); err != nil {
		return err
	}
	for _, r := range c.Recordings {
		taken = append(taken, r.Taken)
	}
	apart := slices.DeleteFunc(inForce(papers), func(p evidence.Paper) bool { return p.Body["inspection"] != nil && p.Body["inspection"] != "" })
	c.Demands = evidence.Recording.Demands(nil, apart, taken, c.At)
	return nil
}

var _ cases.History = (pull.History)(nil)
