package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// demandsOf lists the rows of a kind.
func demandsOf(kind string) []document.Demand {
	return slices.DeleteFunc(document.Statutory(), func(d document.Demand) bool { return d.Kind != kind })
}

// lawful is a template that has what the rows demand and nothing else.
func lawful(kind string, rows []document.Demand) record.Object {
	fields, terms, signers, words := record.Object{"begins": record.Object{"kind": "date", "label": "起算日期"}}, record.Object{}, record.Object{}, ""
	layout := record.Object{"number": record.Object{"kind": "number"}, "seal": record.Object{"kind": "seal"}, "signatures": record.Object{"kind": "signatures"}}
	for _, d := range rows {
		switch d.Type {
		case document.Term:
			terms[d.Field], words = "某", words+"{term."+d.Field+"}"
		case document.RemediesDemand:
			terms["reconsiderationOrgan"], terms["suitCourt"], words = "某机关", "某法院", words+"{remedies}"
		case document.Phrase:
			words += d.Name + "。"
		case document.Signing:
			signers[d.Field] = record.Object{"role": d.Field, "count": 1.0, "label": d.Name}
		default:
			fields[d.Field] = fieldFor(d)
			if block := map[document.FieldKind]string{document.Checklist: "checklist", document.QA: "qa", document.List: "list", document.Pictures: "pictures"}[d.Type]; block != "" {
				layout[d.Field] = record.Object{"kind": block, "field": d.Field}
			} else {
				layout[d.Field] = record.Object{"kind": "paragraph", "text": "{" + d.Field + "}"}
			}
		}
	}
	for _, d := range rows {
		for path, test := range d.When {
			if f, _ := fields[path].(record.Object); f["kind"] == "enum" {
				for _, value := range test.OneOf {
					f["options"].(record.Object)[value] = record.Object{"label": value}
				}
			}
		}
	}
	return record.Object{"kind": kind, "fields": fields, "terms": terms, "signers": signers, "number": record.Object{"token": "津河东{organ}{word}〔{year}〕第{n}号", "word": "罚字"},
		"layout": record.Apply(layout, record.Object{"all": record.Object{"kind": "paragraph", "text": words}})}
}

func fieldFor(d document.Demand) record.Object {
	f := record.Object{"kind": string(d.Type), "label": d.Name, "required": !d.Optional && len(d.When) == 0}
	if d.Type == document.Enum {
		f["options"] = record.Object{"yes": record.Object{"label": "是"}}
	}
	when := record.Object{}
	for path, test := range d.When {
		array := []any{}
		for _, v := range test.OneOf {
			array = append(array, v)
		}
		when[path] = array
	}
	f["requiredWhen"] = when
	f["columns"] = record.Object{"a": record.Object{"kind": "text", "label": "甲"}}
	f["from"] = "begins"
	return f
}

// For every row: the template that has all of its kind is sound, and without this one the flaw names the article.
func TestEveryDemandIsFound(t *testing.T) {
	for _, kind := range document.Kinds() {
		rows := demandsOf(kind.Key)
		if len(rows) == 0 {
			t.Errorf("nothing is demanded of %s %s", kind.Number, kind.Key)
		}
		if flaws := document.Lint(lawful(kind.Key, rows)); len(flaws) > 0 {
			t.Errorf("%s with all that is demanded: %v", kind.Key, flaws)
		}
		for i, d := range rows {
			flaws := document.Lint(lawful(kind.Key, slices.Delete(slices.Clone(rows), i, i+1)))
			if !names(flaws, d.Basis) || names(flaws, d.Basis+"（待核实）") == d.Confirmed {
				t.Errorf("%s without %s: no flaw names %s in %v", kind.Key, d.Field, d.Basis, flaws)
			}
		}
	}
}

// What bears the seal of the organ has a place for it; what stays in the file needs none.
func TestSealedPapersHaveAPlaceForTheSeal(t *testing.T) {
	for _, kind := range document.Kinds() {
		flaws := document.Lint(edit(lawful(kind.Key, demandsOf(kind.Key)), "layout/seal", nil))
		if sealed := names(flaws, "行政处罚法第五十九条第二款"); sealed != kind.Seal {
			t.Errorf("%s bears a seal: %v; a template without one: %v", kind.Key, kind.Seal, flaws)
		}
	}
}

func names(flaws []document.Flaw, basis string) bool {
	return slices.ContainsFunc(flaws, func(f document.Flaw) bool { return strings.Contains(f.Zh, basis) && strings.Contains(f.En, basis) })
}

// A field that is there but of another kind, or may stay empty when law wants it, is a flaw as well.
func TestDemandedFieldsAreRequired(t *testing.T) {
	for path, value := range map[string]any{"fields/facts/required": false, "fields/facts/kind": "text", "fields/fine/requiredWhen": nil,
		"fields/fine/requiredWhen/collection": []any{"onsite"}, "fields/receipt/requiredWhen": record.Object{"collection": []any{"bank"}}} {
		flaws := document.Lint(edit(seed(t, document.SummaryPenalty), path, value))
		if len(flaws) != 1 || !names(flaws, "《行政处罚法》") {
			t.Errorf("%s = %v: %v", path, value, flaws)
		}
	}
	for path, value := range map[string]any{"fields/fine/required": true, "fields/fine/requiredWhen/penalty": []any{"warning", "fine"}} {
		if flaws := document.Lint(edit(seed(t, document.SummaryPenalty), path, value)); len(flaws) > 0 {
			t.Errorf("%s = %v asks for more than law does: %v", path, value, flaws)
		}
	}
}

// What must be said must be printed: a layout without it would be handed over without it. What only decides what else is printed, or stays in the file, need not
// stand on the page.
func TestWhatIsDemandedIsPrinted(t *testing.T) {
	for _, kind := range document.Kinds() {
		body := seed(t, kind.Key)
		flaws := document.Lint(edit(body, "layout", record.Object{"seal": record.Object{"kind": "seal"}}))
		for _, d := range demandsOf(kind.Key) {
			kept := d.Field == "approval" || d.Field == "review" || d.Field == "discussion" || d.Type == document.Enum
			told := slices.ContainsFunc(flaws, func(f document.Flaw) bool {
				return f.Path == "layout" && strings.Contains(f.Zh, "（"+d.Field+"）") && strings.Contains(f.Zh, d.Basis)
			})
			if slices.Contains([]document.FieldKind{document.Term, document.Phrase, document.Signing, document.RemediesDemand}, d.Type) {
				continue
			}
			if !told && !kept {
				t.Errorf("%s prints nothing, and nobody misses %s", kind.Key, d.Field)
			}
		}
	}
	penalty := seed(t, document.SummaryPenalty)
	for path, want := range map[string]string{"layout/number": "layout 文书编有号码，版式中没有印出号码处", "layout/signatures": "signers/officers 版式中没有该签名人的签名处",
		"layout/facts/rows/facts": "layout 版式中没有印出“违法事实”（facts），依据：《行政处罚法》第五十二条第二款"} {
		if flaws := document.Lint(edit(penalty, path, nil)); !slices.ContainsFunc(flaws, func(f document.Flaw) bool { return f.Path+" "+f.Zh == want }) {
			t.Errorf("without %s: want %s, got %v", path, want, flaws)
		}
	}
}

func TestReadStatutoryRefuses(t *testing.T) {
	const head, good = "kind,field,name,type,basis,confirmed,when\n", "summary-penalty,penalty,处罚种类,enum,某条,yes,\n"
	for _, text := range []string{good, good + "summary-penalty,fine,罚款,money,某条,no,penalty=fine|both\n", good + "summary-penalty,a,甲,text,某条,no,optional\n",
		good + "summary-penalty,suitDays,期限,term,某条,no,\nsummary-penalty,late,加处,phrase,某条,no,\n"} {
		if all, err := document.ReadStatutory([]byte(head + text)); err != nil || len(all) != strings.Count(text, "\n") {
			t.Errorf("%q: %v, %v", text, all, err)
		}
	}
	for _, text := range []string{"", good + good, "poem,a,甲,text,某条,no,\n", "summary-penalty,A,甲,text,某条,no,\n", "summary-penalty,number,甲,text,某条,no,\n",
		"summary-penalty,a,,text,某条,no,\n", "summary-penalty,a,甲,poem,某条,no,\n", "summary-penalty,a,甲,text,,no,\n", "summary-penalty,a,甲,text,某条,perhaps,\n",
		"summary-penalty,a,甲,text,某条,no,sometimes\n", "summary-penalty,a,甲,text,某条,no,b=c\n", good + "summary-penalty,a,甲,text,某条,no,penalty=\n",
		good + "summary-penalty,a,甲,text,某条,no,penalty=x|\n", "summary-penalty,a,甲,text,某条,no\n"} {
		if all, err := document.ReadStatutory([]byte(head + text)); err == nil || all != nil || !strings.HasPrefix(err.Error(), "what law demands of papers: ") {
			t.Errorf("%q was read: %v, %v", text, all, err)
		}
	}
}
