package document

import (
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// FillingOf is what the records said in place of a paper's author when it was rendered: {organ: {code, name}, parties: {<field>: …}, officers: {<id>: {name, certificate}}},
// each but the organ only where he left it to them. It stands in the paper's field "rendered", so that all forms of a paper say the same ever after; nil in
// papers that are not rendered yet, and in those of before this was kept.
func FillingOf(body record.Object) record.Object { return object(renderedFirst(body), "filling") }

// renderedFirst is what was said of a paper's rendering when it was issued: of a void one it stands below what is said of the copy with the mark.
func renderedFirst(body record.Object) record.Object {
	rendered := object(body, "rendered")
	if issued := object(rendered, "issued"); issued != nil {
		return issued
	}
	return rendered
}

// Filling is what an instance has and the one of its author has not.
func Filling(author, full Instance) record.Object {
	parties, officers := record.Object{}, record.Object{}
	for id, value := range full.Data {
		if author.Data[id] == nil {
			parties[id] = value
		}
	}
	for i, o := range full.Officers {
		said := record.Object{}
		if author.Officers[i].Name == "" && o.Name != "" {
			said["name"] = o.Name
		}
		if author.Officers[i].Certificate == "" && o.Certificate != "" {
			said["certificate"] = o.Certificate
		}
		if len(said) > 0 {
			officers[o.ID] = said
		}
	}
	out := record.Object{}
	if len(parties) > 0 {
		out["parties"] = parties
	}
	if len(officers) > 0 {
		out["officers"] = officers
	}
	return out
}

// Fill completes an instance by a filling.
func (in *Instance) Fill(filling record.Object) {
	for id, party := range object(filling, "parties") {
		if in.Data[id] == nil {
			in.Data = record.Apply(in.Data, record.Object{id: party})
		}
	}
	in.Officers = slices.Clone(in.Officers)
	for i := range in.Officers {
		o := &in.Officers[i]
		said := object(object(filling, "officers"), o.ID)
		if o.Name == "" {
			o.Name = text(said, "name")
		}
		if o.Certificate == "" {
			o.Certificate = text(said, "certificate")
		}
	}
}
