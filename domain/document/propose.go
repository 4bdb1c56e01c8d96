package document

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Edition is a template in one of its versions.
type Edition struct {
	ID string // of its record
	Template
	Body record.Object
}

// InForce finds the version in force on a day (YYYY-MM-DD) among versions of one kind: of those that have begun the one that began last.
func InForce(versions []Edition, on string) (best Edition, ok bool) {
	for _, t := range versions {
		later := cmp.Or(cmp.Compare(t.ValidFrom, best.ValidFrom), cmp.Compare(t.Version, best.Version))
		if t.ValidFrom <= on && (!ok || later > 0) {
			best, ok = t, true
		}
	}
	return best, ok
}

// Visit is what is known of an inspection: bodies of records as they stand, each of which may be nil.
type Visit struct {
	ID         string        // record id of the inspection
	Inspection record.Object // inspections
	Subject    record.Object // subjects
	Checklist  record.Object // checklists
	Task       record.Object // tasks
	Items      []record.Object
	Officers   record.Object            // {<id>: {role, name, certificate}}, as documents have them
	Evidence   map[string]record.Object // by record id
	Papers     map[string]record.Object // documents of the visit, by record id
	Outcomes   []string                 // keys of outcomes.csv
	Given      record.Object            // answers to questions, by question
}

// Proposal is a paper that follows from a visit, drafted as far as what is known goes.
type Proposal struct {
	Kind      Kind
	Need      Need
	Outcomes  []string // that it follows from
	Basis     string   // the article, in Chinese
	Confirmed bool     // somebody has read it in the law's text
	Template  Edition  // in force on the day; ID "" when there is none: it is written by hand
	Existing  string   // record id of the paper of this kind that the visit has already; then nothing is drafted
	Draft     record.Object
	Missing   []Gap
}

// Gap is what a drafted paper still lacks: a required field, or one whose value on record its field does not take.
type Gap struct {
	Field     string // id in the template
	Question  string // fields with the same question are asked once
	Label     Text
	Type      FieldKind
	Basis     string // the article that demands it, in Chinese; "" when only the template does
	Confirmed bool
	Refused   []Flaw // why what is known was not filled in; paths are relative to the field
	Signer    Role   // who says it himself when he approves; "" for what the officers fill in
	After     string // kind of the paper that it names and that is drafted beside this one: known when that one is there
}

// asked reports whether the officers can be asked for it now.
func (g Gap) asked() bool { return g.Signer == "" && g.After == "" }

// Ask is one thing to be asked, for all the fields that it fills.
type Ask struct {
	ID     string
	Label  Text // as its first field has it
	Type   FieldKind
	Fields []string // <kind>.<field>
}

// Propose names the papers that follow from a visit on a day (YYYY-MM-DD), in the order of the rules, and drafts each from what is known.
// Editions are all versions of all templates at hand. It asks nothing but its arguments, so that every client in every language can run
// the same with the same tables.
//
// A value comes from what was given, else from a paper that the visit has already, else from the question's source. Every value that is
// filled in passes [Check] for its field, but for pictures that lack their captions; one that does not is a [Gap] that says why.
func Propose(v Visit, editions []Edition, on string) []Proposal {
	known := v.known()
	var all []Proposal
	for _, p := range v.follow(on) {
		p.Existing = v.existing(p.Kind.Key)
		mine := slices.DeleteFunc(slices.Clone(editions), func(e Edition) bool { return e.Kind != p.Kind.Key })
		var ok bool
		if p.Template, ok = InForce(mine, on); ok && p.Existing == "" {
			v.draft(&p, known)
		}
		all = append(all, p)
	}
	return await(all)
}

// await says of each reference that is missing whether the paper that it is to name is drafted beside it.
func await(all []Proposal) []Proposal {
	for _, p := range all {
		for i, g := range p.Missing {
			kind, is := strings.CutPrefix(sourceOf(g.Question), paperSource)
			if is && len(g.Refused) == 0 && slices.ContainsFunc(all, func(other Proposal) bool { return other.Kind.Key == kind && other.Existing == "" }) {
				p.Missing[i].After = kind
			}
		}
	}
	return all
}

// Asks lists what is still to be asked for the papers together, each thing once, in the order in which it comes up. Papers that come later are not
// asked for, nor is what somebody else says when he signs, or a paper that is being drafted beside.
func Asks(proposals []Proposal) []Ask {
	var all []Ask
	for _, p := range proposals {
		if p.Need == Later {
			continue
		}
		for _, g := range p.Missing {
			if !g.asked() {
				continue
			}
			field := p.Kind.Key + "." + g.Field
			if i := slices.IndexFunc(all, func(q Ask) bool { return q.ID == g.Question }); i >= 0 {
				all[i].Fields = append(all[i].Fields, field)
				continue
			}
			all = append(all, Ask{g.Question, g.Label, g.Type, []string{field}})
		}
	}
	return all
}

// follow lists the papers that the rules name, each once: by its strongest need, with that row's article.
func (v *Visit) follow(on string) []Proposal {
	var all []Proposal
	for _, r := range rules {
		from := slices.DeleteFunc(slices.Clone(r.Outcomes), func(o string) bool { return !slices.Contains(v.Outcomes, o) })
		if len(from) == 0 || !r.inForce(on) || !r.When.Holds(v.facts()) {
			continue
		}
		kind, _ := KindOf(r.Kind)
		p := Proposal{Kind: kind, Need: r.Need, Outcomes: from, Basis: r.Basis, Confirmed: r.Confirmed}
		i := slices.IndexFunc(all, func(other Proposal) bool { return other.Kind == kind })
		if i < 0 {
			all = append(all, p)
			continue
		}
		p.Outcomes = append(all[i].Outcomes, p.Outcomes...)
		if slices.Index(needs, all[i].Need) <= slices.Index(needs, p.Need) {
			p.Need, p.Basis, p.Confirmed = all[i].Need, all[i].Basis, all[i].Confirmed
		}
		slices.Sort(p.Outcomes)
		p.Outcomes = slices.Compact(p.Outcomes)
		all[i] = p
	}
	return all
}

// facts are what conditions of rules may name.
func (v *Visit) facts() record.Object {
	exhibits := "no"
	if len(v.Evidence) > 0 {
		exhibits = "yes"
	}
	return record.Object{"subject": text(v.Subject, "kind"), "exhibits": exhibits}
}

// existing is the paper of a kind that the visit has, the newest by record id; void ones aside. "" when it has none.
func (v *Visit) existing(kind string) string {
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(v.Papers))) {
		if text(v.Papers[id], "kind") == kind && text(v.Papers[id], "state") != Voided {
			return id
		}
	}
	return ""
}

// known are the answers to questions that were given, or stand in the visit's papers; what was given goes first, then newer papers.
func (v *Visit) known() record.Object {
	known := record.Object{}
	for _, id := range slices.Sorted(maps.Keys(v.Papers)) {
		paper := v.Papers[id]
		if text(paper, "state") == Voided {
			continue
		}
		data := object(paper, "data")
		for _, field := range slices.Sorted(maps.Keys(data)) {
			if !empty(data[field]) {
				known[questionOf(text(paper, "kind"), field)] = data[field]
			}
		}
	}
	maps.Copy(known, v.Given)
	return known
}

// draft fills in a paper's fields and lists what is missing. Periods come last: they are checked by the day they begin.
func (v *Visit) draft(p *Proposal, known record.Object) {
	t, data, refused := p.Template, record.Object{}, map[string][]Flaw{}
	for _, period := range []bool{false, true} {
		for _, f := range t.Fields {
			if (f.Kind == Period) != period || t.saidBy(f.ID) != "" {
				continue
			}
			question := questionOf(t.Kind, f.ID)
			value, ok := known[question]
			if !ok {
				value = f.fit(v.value(sourceOf(question)))
			}
			if empty(value) {
				continue
			}
			data[f.ID] = value
			if flaws := f.checkIn(data, value); len(flaws) > 0 {
				delete(data, f.ID)
				refused[f.ID] = flaws[:min(len(flaws), mostFlaws)]
				if rest := f.sound(value, flaws); rest != nil {
					data[f.ID] = rest
				}
			}
		}
	}
	for _, f := range t.Fields {
		if flaws := refused[f.ID]; flaws != nil || data[f.ID] == nil && f.required(data) {
			g := gap(t.Kind, f, flaws)
			g.Signer = t.saidBy(f.ID)
			p.Missing = append(p.Missing, g)
		}
	}
	p.Draft = record.Object{"kind": t.Kind, "template": t.ID, "templateVersion": float64(t.Version), "state": Draft, "data": data}
	for key, value := range map[string]any{"unit": v.Inspection["unit"], "inspection": v.ID, "subject": v.Inspection["subject"], "officers": given(v.Officers)} {
		if value != nil && value != "" {
			p.Draft[key] = value
		}
	}
}

// sound is what is right of a party or a place: a credit code of the old kind must not cost the name. It is nil if what is left is not right either. Of pictures it
// is the rows that are only not finished.
func (f Field) sound(value any, flaws []Flaw) record.Object {
	o, ok := value.(record.Object)
	switch {
	case ok && f.Kind == Pictures:
		return begun(o, flaws)
	case !ok || f.Kind != Party && f.Kind != Place:
		return nil
	}
	rest := maps.Clone(o)
	for _, flaw := range flaws {
		delete(rest, flaw.Path)
	}
	if len(f.check(rest)) > 0 {
		return nil
	}
	return rest
}

func gap(kind string, f Field, refused []Flaw) Gap {
	g := Gap{Field: f.ID, Question: questionOf(kind, f.ID), Label: f.Label, Type: f.Kind, Refused: refused}
	if i := slices.IndexFunc(statutory, func(d Demand) bool { return d.Kind == kind && d.Field == f.ID }); i >= 0 {
		g.Basis, g.Confirmed = statutory[i].Basis, statutory[i].Confirmed
	}
	return g
}
