package document

import (
	"slices"
	"strings"
)

// prints lists the fields whose values the layout shows somewhere, whatever the conditions: in a cell, as rows of a party, in a block of their own, or in a text.
// A label alone shows nothing.
func (t *Template) prints() map[string]bool {
	shown := map[string]bool{}
	for _, b := range t.Layout {
		shown[b.Field] = true
		for _, text := range append([]string{b.Text}, b.Lines...) {
			tokensIn(text, shown)
		}
		for _, r := range b.Rows {
			shown[r.Party] = true
			for _, c := range r.Cells {
				shown[c.Value] = true
				tokensIn(c.Text, shown)
			}
		}
	}
	return shown
}

// decides lists the fields on whose values something else hangs: what is printed, required or signed.
func (t *Template) decides() map[string]bool {
	named := map[string]bool{}
	note := func(c Condition) {
		for path := range c {
			field, _, _ := strings.Cut(path, ".")
			named[field] = true
		}
	}
	for _, f := range t.Fields {
		note(f.RequiredWhen)
	}
	for _, s := range t.Signers {
		note(s.When)
	}
	for _, b := range t.Layout {
		note(b.When)
		for _, r := range b.Rows {
			note(r.When)
		}
	}
	return named
}

// forTheFile reports whether a field says what a decision rests on, an approval or the ground on which none was needed: the gates look at it, and it is no part
// of what the party is told.
func forTheFile(kind string, f Field) bool {
	return slices.ContainsFunc(rulesOf(kind), func(r GateRule) bool {
		return r.Field == f.ID && (r.Test == "upon" || r.Test == "stated" && f.Kind == Enum)
	})
}

// tokensIn notes the names of a text's tokens, without what stands behind them: {party.name} and {fine|capitals} show party and fine.
func tokensIn(text string, shown map[string]bool) {
	for {
		_, after, found := strings.Cut(text, "{")
		token, next, closed := strings.Cut(after, "}")
		if !found || !closed {
			return
		}
		name, _, _ := strings.Cut(token, "|")
		name, _, _ = strings.Cut(name, ".")
		shown[name], text = true, next
	}
}

// unprinted tells what is entered, given or signed and would stand nowhere on the page: a paper that was filled in as law asks, and is handed over without it.
func (l *linting) unprinted() {
	shown, decides := l.t.prints(), l.t.decides()
	for _, d := range demandsOf(l.t.Kind) {
		f, ok := l.t.Field(d.Field)
		told := shown[f.ID] || f.Kind == Enum && decides[f.ID] || forTheFile(l.t.Kind, f)
		if ok && f.Kind == d.Type && !told {
			flaw, _ := d.say("layout", "版式中没有印出“"+d.Name+"”（"+d.Field+"）", "the layout does not print the field "+d.Field)
			l.flaws = append(l.flaws, flaw)
		}
	}
	numbered := shown["number"] || slices.ContainsFunc(l.t.Layout, func(b Block) bool { return b.Kind == NumberBlock })
	if l.t.Number != nil && !numbered {
		l.say("layout", "文书编有号码，版式中没有印出号码处", "the paper has a number, and the layout does not print it")
	}
	for _, s := range l.t.Signers {
		if s.Count > 0 && !l.shown(s.ID) {
			l.say("signers/"+s.ID, "版式中没有该签名人的签名处", "the layout has no place for this signature")
		}
	}
}
