package api_test

import (
	"context"
	"testing"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/sync/derive"
)

// Whether copies are made of recordings is told before anybody asks for one, and if not, why.
func TestCapabilitiesSayWhetherCopiesAreMade(t *testing.T) {
	for _, lack := range []derive.Lack{derive.LackOff, derive.LackProgram, derive.LackSandbox} {
		w := newWorld(t, func(d *api.Deps) { d.Derive.Lacks = lack })
		var got api.Capabilities
		w.send("GET", "/v1/capabilities", nil, nil).want(200).into(&got)
		if got.Derivatives != (api.Making{Reason: lack.Code, Zh: lack.Zh, En: lack.En}) || lack.Code == "" || lack.Zh == "" || lack.En == "" {
			t.Errorf("%+v, want %+v", got.Derivatives, lack)
		}
		id := w.hold(street, []byte("0123456789"))
		w.officer.send("POST", "/v1/evidence/"+id+"/derivatives", map[string]any{"recipe": map[string]any{"kind": "poster"}, "reason": "x"}).fails(503, "derive.not_available")
	}
	w := newWorld(t, func(d *api.Deps) { d.Derive.Maker = idle{} })
	var got api.Capabilities
	w.send("GET", "/v1/capabilities", nil, nil).want(200).into(&got)
	if got.Derivatives != (api.Making{Available: true}) {
		t.Errorf("%+v", got.Derivatives)
	}
}

// idle is somebody who could make copies.
type idle struct{ derive.Maker }

func (idle) Make(context.Context, derive.Source, evidence.Recipe) (derive.Made, error) {
	return derive.Made{}, nil
}
