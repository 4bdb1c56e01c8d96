package soak

import (
	"fmt"
	"math/rand/v2"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const (
	district = "120102"
	password = "Ninefold-Harbour-41"
	public   = "http://fw.test" // where the server is for its clients
)

var streets = []string{district + "001", district + "002"}

// person is somebody with an account, as the town was founded.
type person struct {
	account string
	officer string // record id
	unit    string // where the person's handhelds are enrolled
	grants  record.Object
}

// town is what every run begins with: units, people, certificates, templates. It is the same for every seed, so that a run
// needs no time to build it: it is built once, and its database copied.
type town struct {
	people    []person // those who work in the street
	desk      person   // secadmin: grants roles, revokes devices
	templates map[string]string
}

func grant(role, unit string) record.Object { return record.Object{"role": role, "unit": unit} }

// found builds the town on an empty server.
func found(core *server.Core, newID func() string) (*town, error) {
	t := &town{templates: map[string]string{}}
	var ops []push.ServerOp
	put := func(collection string, body record.Object) string {
		id := newID()
		ops = append(ops, push.ServerOp{Collection: collection, Record: id, Action: record.Create, Patch: body})
		return id
	}
	put("units", record.Object{"code": district, "name": "河东区", "kind": "district", "short": "河东区"})
	for i, code := range streets {
		put("units", record.Object{"code": code, "name": fmt.Sprintf("第%d街道", i+1), "short": fmt.Sprintf("街%d", i+1), "kind": "street", "parent": district})
	}
	hire := func(account, unit string, grants record.Object) person {
		p := person{account: account, unit: unit, grants: grants}
		p.officer = put("officers", record.Object{"name": account, "unit": unit, "state": "active", "grants": grants})
		return p
	}
	for i := range 6 {
		unit := streets[i%2]
		grants := record.Object{"o": grant("officer", unit), "l": grant("leader", unit)}
		if i%3 == 0 { // the first person of each street is at home in both
			grants["o2"], grants["l2"] = grant("officer", streets[1-i%2]), grant("leader", streets[1-i%2])
		}
		t.people = append(t.people, hire(fmt.Sprint("person", i), unit, grants))
	}
	t.desk = hire("desk", district, record.Object{"s": grant("secadmin", district)})
	for i, p := range t.people[:5] { // the last person has no certificate: some edits are refused, some raise findings
		put("certificates", record.Object{"number": fmt.Sprintf("0212001%04d", i), "officer": p.officer, "organ": p.unit, "area": []any{district},
			"fields": []any{"城市管理"}, "issuedBy": "天津市人民政府", "issuedAt": "2025-01-01", "validFrom": "2025-01-01", "validTo": "2029-12-31"})
	}
	if err := t.printTemplates(put); err != nil {
		return nil, err
	}
	if err := core.Push.ApplyOwn(ctx, ops); err != nil {
		return nil, err
	}
	for _, p := range append(t.people[:len(t.people):len(t.people)], t.desk) {
		if _, err := core.Sessions.CreateAccountByServer(ctx, session.NewAccount{Name: p.account, Password: password, Officer: p.officer}); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *town) printTemplates(put func(string, record.Object) string) error {
	for _, kind := range templates.Kinds() {
		text, err := templates.Files.ReadFile(kind + ".json")
		if err != nil {
			return err
		}
		body, err := wire.Object(text)
		if err != nil {
			return err
		}
		t.templates[kind] = put("templates", body)
	}
	return nil
}

// pick chooses one of the choices.
func pick[T any](dice *rand.Rand, from ...T) T { return from[dice.IntN(len(from))] }
