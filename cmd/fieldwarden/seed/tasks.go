package seed

import (
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// tasksPerStreet is how many tasks each street has for the day.
const tasksPerStreet = 3

// tasks gives each street the day's inspections: who goes where, with which checklist's item, until the evening. Only people
// whose certificates are valid that morning are sent.
func (b *builder) tasks() error {
	for _, s := range law.Streets() {
		team := b.fit(s.Code)
		if len(team) < 2 {
			continue // nobody to send: two must go (处罚法第四十二条)
		}
		parties := b.partiesOf(s.Code)
		for i := range tasksPerStreet {
			list, party := checklists[(i+len(b.d.Tasks))%len(checklists)], parties[i]
			officers := record.Object{team[i%len(team)].ID: record.Object{"role": "lead"},
				team[(i+1)%len(team)].ID: record.Object{"role": "second"}}
			b.d.Tasks = append(b.d.Tasks, b.op("tasks", fmt.Sprintf("%s/%s/%d", b.date(0), s.Code, i), record.Object{
				"title": "日常检查：" + fmt.Sprint(party.Patch["name"]), "unit": s.Code, "subject": party.Record, "kind": "routine",
				"items": []any{law.District + list.item}, "officers": officers, "due": b.moment(0, 18), "state": inspect.TaskAssigned}))
		}
	}
	return nil
}

// fit lists a street's officers and leader whose certificates are valid on the morning of the day.
func (b *builder) fit(street string) []Person {
	var team []Person
	for _, p := range append(b.d.In(street, people.RoleOfficer), b.d.In(street, people.RoleLeader)...) {
		for _, cert := range b.d.Certs {
			c, err := people.ReadCertificate(cert.Patch)
			if err == nil && c.Officer == p.ID && c.StandingAt(b.d.Day).Standing == people.Valid {
				team = append(team, p)
				break
			}
		}
	}
	return team
}

func (b *builder) partiesOf(street string) []push.ServerOp {
	var found []push.ServerOp
	for _, op := range b.d.Subjects {
		if op.Patch["unit"] == street {
			found = append(found, op)
		}
	}
	return found
}
