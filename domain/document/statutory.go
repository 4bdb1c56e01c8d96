package document

import (
	_ "embed" // the table
	"fmt"
	"slices"
	"strings"
)

// Demand is one thing that a paper of a kind must have: a row of statutory.csv.
type Demand struct {
	Kind      string    // of the paper
	Field     string    // id of the field, or of the term
	Name      string    // what it is, in Chinese; of a Phrase the words that the paper prints
	Type      FieldKind // of the field, or Term, Phrase, Signing or RemediesDemand
	Basis     string    // the article, in Chinese
	Confirmed bool      // read in the law's text; otherwise practice, or still to be confirmed by the legal office
	Optional  bool      // there is a place for it, and it may stay empty
	When      Condition // it must be filled in when this holds; empty: always, unless Optional
}

// What law demands besides fields.
const (
	Term    FieldKind = "term"    // a word of law that the template holds and its layout prints
	Phrase  FieldKind = "phrase"  // words that the layout prints
	Signing FieldKind = "signing" // the signature of a role, which Field names
)

//go:embed statutory.csv
var statutoryText []byte

var statutory = must(ReadStatutory(statutoryText))

// Statutory lists what the papers of every kind must have.
func Statutory() []Demand { return slices.Clone(statutory) }

// demandsOf lists what a paper of the kind must have.
func demandsOf(kind string) []Demand {
	return slices.DeleteFunc(Statutory(), func(d Demand) bool { return d.Kind != kind })
}

// ReadStatutory reads a table of demands: CSV by RFC 4180 with the head kind,field,name,type,basis,confirmed,when. The last is
// empty, "optional", or a condition like penalty=fine or type=a|b, of one field that the kind has. Or it says in which row
// something is wrong.
func ReadStatutory(text []byte) ([]Demand, error) {
	var all []Demand
	seen := map[string]bool{}
	err := eachRow(text, "kind,field,name,type,basis,confirmed,when", func(cell map[string]string) error {
		d, err := readDemand(cell)
		if err != nil {
			return err
		}
		key := d.Kind + "/" + d.Field
		if d.Type == Signing {
			key = d.Kind + "/signers/" + d.Field // a field may have the name of a role
		}
		if seen[key] {
			return fmt.Errorf("%s has the field %s already", d.Kind, d.Field)
		}
		for path := range d.When {
			if field, _, _ := strings.Cut(path, "."); !seen[d.Kind+"/"+field] {
				return fmt.Errorf("the condition names %s, which %s does not have above it", field, d.Kind)
			}
		}
		seen[key] = true
		all = append(all, d)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("what law demands of papers: %w", err)
	}
	return all, nil
}

func readDemand(cell map[string]string) (Demand, error) {
	d := Demand{Kind: cell["kind"], Field: cell["field"], Name: cell["name"], Type: FieldKind(cell["type"]), Basis: cell["basis"]}
	if _, ok := KindOf(d.Kind); !ok {
		return d, fmt.Errorf("there is no paper %q", d.Kind)
	}
	known := d.Field == "remedies" && d.Type == RemediesDemand
	if !known && (!fieldID.MatchString(d.Field) || slices.Contains(reserved, d.Field)) || d.Name == "" || d.Basis == "" {
		return d, fmt.Errorf("%q: an id, a name and an article are needed", d.Field)
	}
	if !slices.Contains(fieldKinds, d.Type) && !slices.Contains([]FieldKind{Term, Phrase, RemediesDemand, Signing}, d.Type) {
		return d, fmt.Errorf("there is no kind of field %q", d.Type)
	}
	if d.Type == Signing && !slices.Contains(roles, Role(d.Field)) {
		return d, fmt.Errorf("nobody signs as %q", d.Field)
	}
	var err error
	if d.Confirmed, err = either(cell["confirmed"], "yes", "no"); err != nil {
		return d, err
	}
	return d, d.readWhen(cell["when"])
}

func (d *Demand) readWhen(when string) error {
	if when == "" || when == "optional" {
		d.Optional = when != ""
		return nil
	}
	var err error
	d.When, err = conditionIn(when)
	return err
}

// conditionIn reads a condition like penalty=fine or type=a|b; the empty one is none.
func conditionIn(text string) (Condition, error) {
	if text == "" {
		return nil, nil
	}
	path, values, found := strings.Cut(text, "=")
	c := oneOf(path, values)
	if !found || path == "" || slices.Contains(c[path].OneOf, "") {
		return nil, fmt.Errorf("%q is no condition", text)
	}
	return c, nil
}

// say is a flaw that names the article, and whether that has been confirmed.
func (d Demand) say(path, zh, en string) (flaw Flaw, ok bool) {
	note := ""
	if !d.Confirmed {
		note = "（待核实）"
	}
	return Flaw{path, zh + "，依据：" + d.Basis + note, en + " (" + d.Basis + note + ")"}, false
}

// lacks says what a template lacks of the demand, given all that it prints; ok when it lacks nothing.
func (d Demand) lacks(t *Template, printed string) (flaw Flaw, ok bool) {
	switch d.Type {
	case Term:
		if t.Terms[d.Field] == "" || !strings.Contains(printed, "{term."+d.Field+"}") {
			return d.say("terms/"+d.Field, "此类文书应载明“"+d.Name+"”", "a paper of this kind prints the term "+d.Field)
		}
		return Flaw{}, true
	case Signing:
		if !slices.ContainsFunc(t.Signers, d.met) {
			return d.say("signers", "此类文书应有“"+d.Name+"”签名", "a paper of this kind is signed by: "+d.Field)
		}
		return Flaw{}, true
	case RemediesDemand:
		if !strings.Contains(printed, "{remedies}") && !ownRemedies(t, printed) {
			return d.say("layout", "此类文书应以{remedies}载明“"+d.Name+"”", "a paper of this kind prints {remedies}")
		}
		return Flaw{}, true
	case Phrase:
		if !strings.Contains(printed, d.Name) {
			return d.say("layout", "此类文书应载有“"+d.Name+"”的内容", "a paper of this kind prints the words “"+d.Name+"”")
		}
		return Flaw{}, true
	}
	f, found := t.Field(d.Field)
	switch {
	case !found || f.Kind != d.Type:
		return d.say("fields/"+d.Field, "此类文书应有“"+d.Name+"”一项（类型"+string(d.Type)+"）", "a paper of this kind has the field "+d.Field+" of kind "+string(d.Type))
	case !d.Optional && !f.Required && (len(d.When) == 0 || !f.RequiredWhen.covers(d.When)):
		return d.say("fields/"+d.Field+"/required", "此类文书的“"+d.Name+"”应为必填", "in a paper of this kind the field "+d.Field+" is required")
	}
	return Flaw{}, true
}

// met reports whether a place for signatures is what is demanded, and must be filled whenever that is.
func (d Demand) met(s Signer) bool {
	always := s.Count > 0 && (len(s.When) == 0 || len(d.When) > 0 && s.When.covers(d.When))
	return s.Role == Role(d.Field) && (always || d.Optional)
}

// ownTerms are the words with which a template tells the remedies itself.
var ownTerms = []string{"reconsiderationOrgan", "reconsiderationDays", "suitCourt", "suitDays"}

// ownRemedies reports whether a template tells all of the remedies in its own words. Only the penalty on the spot may: its first
// template was written before there was a table, and papers are made with it.
func ownRemedies(t *Template, printed string) bool {
	return t.Kind == SummaryPenalty && !slices.ContainsFunc(ownTerms, func(term string) bool {
		return t.Terms[term] == "" || !strings.Contains(printed, "{term."+term+"}")
	})
}
