package push

import (
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Everything in here is worked in the newest forms. What is stored stays as it was written: ops as their devices signed them, bodies as
// their versions were made. Both are lifted when they are read.

// lifted returns the ops with their patches in the newest form; their texts stay. The slice itself is not changed: a transaction may
// begin again with it.
func (s *Service) lifted(ops []wire.Sealed) []wire.Sealed {
	out, own := ops, false
	for i, op := range ops {
		patch, older := s.lift(op.Op)
		if !older {
			continue
		}
		if !own {
			out, own = append([]wire.Sealed(nil), ops...), true
		}
		out[i].Patch, out[i].Said = patch, nil
	}
	return out
}

// lift returns the patch of an op in the newest form, and whether it was in an older one. A form that is not known is taken for
// the newest: such an op stands only when a person decides so.
func (s *Service) lift(op wire.Op) (patch record.Object, older bool) {
	c := s.Catalogue[op.Collection]
	if c == nil || op.Schema >= c.Schema || !c.Knows(op.Schema) {
		return op.Patch, false
	}
	return c.LiftPatch(op.Patch, op.Schema, c.Schema), true
}

// maxPatchDepth is how deep a patch may nest, in the newest form: lifting may move a value down. An op may nest 30 deep, and the op that
// makes a conflict holds whole bodies five levels down.
const maxPatchDepth = 25

func tooDeep() *fault.Error {
	return fault.New(fault.OpInvalid).At("patch").Detail("嵌套过深", "it nests too deep")
}

// opened reads an op as it is stored, with its patch in the newest form.
func (s *Service) opened(text []byte) (wire.Op, error) {
	sealed, err := wire.Open(text)
	if err != nil {
		return wire.Op{}, err
	}
	sealed.Patch, _ = s.lift(sealed.Op)
	return sealed.Op, nil
}

// said is the patch of an op as its author said it.
func (s *Service) said(op wire.Sealed) (record.Object, error) {
	if c := s.Catalogue[op.Collection]; c == nil || op.Schema >= c.Schema {
		return op.Patch, nil
	}
	first, err := wire.Open(append([]byte(nil), op.Text...))
	if err != nil {
		return nil, fmt.Errorf("op %s as sealed: %w", op.ID, err)
	}
	return first.Patch, nil
}

// choices is what was chosen for the fields of a conflict, and the form of the record's collection that these are in. What was decided
// in an older form means what it says of the fields.
func (w *work) choices(conflict, current record.Object) (c *record.Collection, form int, choices record.Object) {
	name, _ := conflict["collection"].(string)
	c = w.s.Catalogue[name]
	form = formIn(conflict, "schema", 1)
	if c == nil || !c.Knows(form) {
		return nil, 0, nil
	}
	choices, _ = conflict["resolution"].(record.Object)
	fields, _ := conflict["fields"].(record.Object)
	if made := formIn(conflict, "resolutionSchema", form); made < form && c.Knows(made) {
		choices = c.ResolutionFrom(choices, fields, c.BodyIn(current, c.Schema, form), made, form)
	}
	return c, form, choices
}

// formIn is the number of a form that a body names.
func formIn(body record.Object, name string, absent int) int {
	if schema, ok := body[name].(float64); ok {
		return int(schema)
	}
	return absent
}
