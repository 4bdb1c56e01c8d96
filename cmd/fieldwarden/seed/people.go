package seed

import (
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// people invents the officers: in each street a chief, a leader and a team, in the bureau of justice those who review and
// supervise, and the three administrators.
func (b *builder) people() error {
	for i, s := range law.Streets() {
		officers := 2
		if i == 0 {
			officers = 5 // the street that the scripted day plays in
		}
		b.person(s.Code, people.RoleLeader, "综合行政执法大队大队长")
		for range officers {
			b.person(s.Code, people.RoleOfficer, "综合行政执法大队执法队员")
		}
		if i%3 == 0 {
			b.person(s.Code, people.RoleAuxiliary, "综合行政执法大队执法辅助人员")
		}
		b.person(s.Code, people.RoleChief, "街道办事处主任")
	}
	for range 2 {
		b.person(Justice, people.RoleReviewer, "法制审核人员（公职律师）")
	}
	// what they supervise is the whole district, so they hold the role there
	for range 2 {
		b.person(law.District, people.RoleSupervisor, "区司法局行政执法监督科科员")
	}
	b.person(law.District, people.RoleSysAdmin, "系统管理员")
	b.person(law.District, people.RoleSecAdmin, "安全管理员")
	b.person(law.District, people.RoleAuditAdmin, "审计管理员")
	return nil
}

// person invents one officer with the certificate that the post needs.
func (b *builder) person(unit string, role people.Role, post string) {
	n := b.names.next()
	p := Person{Name: n.zh, Account: b.names.account(n), Role: role, Unit: unit, Post: post}
	p.ID = b.id("officers", p.Account)
	seat := unit
	switch role {
	case people.RoleLeader, people.RoleOfficer, people.RoleAuxiliary:
		seat = TeamOf(unit)
	case people.RoleSupervisor:
		seat = Justice
	}
	story := b.storyOf(p)
	grant := record.Object{"role": string(role), "unit": unit, "from": b.moment(-730, 8)}
	body := record.Object{"name": p.Name, "unit": seat, "post": post, "auxiliary": role == people.RoleAuxiliary,
		"state": people.Active, "grants": record.Object{"g1": grant}}
	if story.left {
		p.Left = true
		body["state"], grant["to"] = people.Left, b.moment(-30, 8)
	}
	if role == people.RoleLeader || role == people.RoleOfficer {
		for i, card := range story.cards {
			p.Certificate = b.certificate(p, i, card)
		}
	}
	b.d.Officers = append(b.d.Officers, b.op("officers", p.Account, body))
	b.d.People = append(b.d.People, p)
}

// story is what has become of an officer's certificates.
type story struct {
	cards []card
	left  bool
}

// card is one certificate: its last day, counted from the district's day, and what happened to it.
type card struct {
	to     int
	events []happening
}

type happening struct {
	kind   people.EventKind
	days   int
	reason string
}

// years is how long a certificate is valid, in days: five years. For a lawyer to confirm, so it is written on each card.
const years = 5*365 + 1

var ordinary = story{cards: []card{{to: 900}}}

// stories are the certificates that are not simply valid: of the first officer of a street, by the street's number. Grounds
// are those usual in practice; each district has its own list.
var stories = map[string]story{
	"120102001": {cards: []card{{to: 25}}}, // runs out within a month
	"120102002": {cards: []card{{to: -40}}},
	"120102003": {cards: []card{{to: 700, events: []happening{{people.Suspend, -12, "年度培训学时不足60学时，暂扣至补训合格"}}}}},
	"120102004": {cards: []card{{to: 650, events: []happening{{people.Suspend, -90, "未按规定出示证件，接受调查"},
		{people.Restore, -60, "调查结束，恢复使用"}}}}},
	"120102005": {cards: []card{{to: 500, events: []happening{{people.Withdraw, -20, "调离执法岗位"}}}}},
	"120102006": {cards: []card{{to: 300, events: []happening{{people.Cancel, -30, "退休"}}}}, left: true},
	"120102007": {cards: []card{{to: 9}, {to: 10 + years}}}, // the next one begins when this one ends
	"120102008": {cards: []card{{to: 800, events: []happening{{people.Cancel, -120, "证件遗失，登报声明作废"},
		{people.Reissue, -110, "补发新证"}}}}},
	"120102009": {cards: []card{{to: 14}}},
}

// storyOf is what has become of the certificates of somebody: his street's story for its first officer.
func (b *builder) storyOf(p Person) story {
	s, told := stories[p.Unit]
	if !told || p.Role != people.RoleOfficer {
		return ordinary
	}
	for _, other := range b.d.People {
		if other.Unit == p.Unit && other.Role == p.Role {
			return ordinary
		}
	}
	return s
}

// certificate invents one certificate and returns its number: eleven digits that begin with those of the city.
func (b *builder) certificate(p Person, i int, c card) string {
	street, _ := law.StreetOf(p.Unit)
	number := fmt.Sprintf("0212%s%04d", street.Code[6:], 1001+len(b.d.Certs)*7)
	from := b.d.Day.AddDate(0, 0, c.to+1-years).Format(time.DateOnly)
	body := record.Object{"number": number, "officer": p.ID, "organ": p.Unit, "area": []any{p.Unit},
		"fields": []any{"城市管理", "市场监管", "应急管理", "生态环境"}, "issuedBy": "天津市人民政府",
		"issuedAt": from, "validFrom": from, "validTo": b.date(c.to)}
	if len(c.events) > 0 {
		events := record.Object{}
		for _, e := range c.events {
			key := b.id("events", fmt.Sprintf("%s/%s", number, e.kind))
			events[key] = record.Object{"kind": string(e.kind), "at": b.moment(e.days, 9), "reason": e.reason}
		}
		body["events"] = events
	}
	b.d.Certs = append(b.d.Certs, b.op("certificates", fmt.Sprintf("%s/%d", p.Account, i), body))
	return number
}
