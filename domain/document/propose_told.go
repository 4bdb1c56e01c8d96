package document

import "github.com/fieldwarden/fieldwarden/domain/record"

// ProposalsVersion counts the forms of the three tables and of the steps. It changes when a client must change to run them; rows come and go by
// their days.
const ProposalsVersion = 2

// Published is the three tables of proposals for clients that run [Propose] themselves: {version, outcomes, papers, fields, failing}. Arrays are
// in the order of the tables, which counts.
func Published() record.Object {
	var told, papers, fields []any
	for _, o := range outcomes {
		told = append(told, lean(record.Object{"outcome": o.Key, "name": o.Name.object(), "conclusion": o.Conclusion}))
	}
	for _, r := range rules {
		papers = append(papers, lean(record.Object{"outcomes": list(r.Outcomes), "kind": r.Kind, "need": string(r.Need), "when": r.When.object(), "basis": r.Basis,
			"confirmed": r.Confirmed, "from": r.From, "to": r.To}))
	}
	for _, a := range askings {
		fields = append(fields, lean(record.Object{"kind": a.Kind, "field": a.Field, "question": a.Question, "source": a.Source}))
	}
	return record.Object{"version": float64(ProposalsVersion), "outcomes": told, "papers": papers, "fields": fields, "failing": list(failing)}
}

// Object is the proposal as it is told: {kind, number, name, need, outcomes, basis, confirmed, template?, templateVersion?, existing?, draft?, missing}. No
// template is a paper to be written by hand.
func (p Proposal) Object() record.Object {
	missing := []any{}
	for _, g := range p.Missing {
		refused := []any{}
		for _, f := range g.Refused {
			refused = append(refused, lean(record.Object{"path": f.Path, "zh": f.Zh, "en": f.En}))
		}
		gap := lean(record.Object{"field": g.Field, "question": g.Question, "label": g.Label.object(), "type": string(g.Type), "basis": g.Basis,
			"signer": string(g.Signer), "after": g.After})
		if g.Basis != "" {
			gap["confirmed"] = g.Confirmed
		}
		if len(refused) > 0 {
			gap["refused"] = refused
		}
		missing = append(missing, gap)
	}
	out := lean(record.Object{"kind": p.Kind.Key, "number": p.Kind.Number, "name": p.Kind.Name, "need": string(p.Need), "outcomes": list(p.Outcomes), "basis": p.Basis,
		"confirmed": p.Confirmed, "template": p.Template.ID, "existing": p.Existing, "missing": missing})
	if p.Template.ID != "" {
		out["templateVersion"] = float64(p.Template.Version)
	}
	if p.Draft != nil {
		out["draft"] = p.Draft
	}
	return out
}

// Object is the question as it is told: {question, label, type, fields}.
func (a Ask) Object() record.Object {
	return record.Object{"question": a.ID, "label": a.Label.object(), "type": string(a.Type), "fields": list(a.Fields)}
}

func (t Text) object() record.Object { return lean(record.Object{"zh": t.Zh, "en": t.En}) }

func list(texts []string) []any {
	out := make([]any, len(texts))
	for i, s := range texts {
		out[i] = s
	}
	return out
}

// lean leaves out what is empty: texts and objects.
func lean(o record.Object) record.Object {
	for key, value := range o {
		if inner, isObject := value.(record.Object); value == "" || isObject && len(inner) == 0 {
			delete(o, key)
		}
	}
	return o
}
