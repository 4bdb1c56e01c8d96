package seed

import (
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// item is one line of the catalogue of what may be enforced (职权事项).
type item struct {
	code    string // without the division: department, kind, number
	name    string
	basis   []basis
	fine    *fine
	summary bool   // some of it can be punished on the spot: a warning, or a fine within the limits of 处罚法第五十一条
	note    string // what a lawyer still has to confirm
	bureau  bool   // the department keeps it; the others are given to the streets (处罚法第二十四条)
	off     bool   // suspended: not to be enforced
}

// basis is a provision, with the day from which that wording of its statute is in force.
type basis struct{ law, article, since, text string }

// fine is what the provision allows, in yuan; zero is absent.
type fine struct{ min, max, citizenMax, unitMax float64 }

// Confirm marks in notes what must be confirmed before it is relied on.
const Confirm = "待核实"

// catalogueFrom is the day from which the catalogue is in force: cities had to publish theirs by the end of 2024.
const catalogueFrom = "2025-01-01"

func (b *builder) items() error {
	for _, it := range items {
		code := law.District + it.code
		parsed, err := law.ParseItemCode(code)
		if err != nil {
			return err
		}
		bases := record.Object{}
		for i, base := range it.basis {
			bases[fmt.Sprintf("b%d", i+1)] = base.body()
		}
		organ := law.District // every street
		if it.bureau {
			organ += parsed.Department
		}
		body := record.Object{"code": code, "name": it.name, "kind": parsed.Kind, "organ": organ, "basis": bases,
			"field": fieldOf(parsed.Department), "validFrom": catalogueFrom, "state": law.Published}
		if it.fine != nil {
			body["fine"] = it.fine.body()
		}
		if parsed.Kind == law.Penalty {
			body["summary"] = it.summary
		}
		if it.note != "" {
			body["note"] = it.note
		}
		if it.off {
			body["state"] = law.Suspended
		}
		b.d.Items = append(b.d.Items, b.op("items", code, body))
	}
	return nil
}

func (s basis) body() record.Object {
	body := record.Object{"law": s.law}
	for name, text := range map[string]string{"article": s.article, "since": s.since, "text": s.text} {
		if text != "" {
			body[name] = text
		}
	}
	return body
}

func (f *fine) body() record.Object {
	body := record.Object{}
	for name, amount := range map[string]float64{"min": f.min, "max": f.max, "citizenMax": f.citizenMax, "unitMax": f.unitMax} {
		if amount > 0 {
			body[name] = amount
		}
	}
	return body
}

// ItemID finds the record id of an item by its code.
func (d *District) ItemID(code string) string {
	for _, op := range d.Items {
		if op.Patch["code"] == code {
			return op.Record
		}
	}
	return ""
}
