package people

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// expected is the table of rights as the district's posts have them (officers work, leaders direct, supervisors
// supervise, the three administrators touch no case). It is written by hand and knows nothing of the code: columns are
// officer, auxiliary, leader, chief, reviewer, supervisor, sysadmin, secadmin, auditadmin.
const expected = `
accounts.create      . . . . . . . x .
accounts.disable     . . . . . . . x .
blocks.settle        . . x . . x . . .
blocks.update        x . x . . x . . .
calendars.create     . . . . . x . . .
calendars.update     . . . . . x . . .
certificates.check   x x x x x x . . .
certificates.create  . . . . . x . . .
certificates.update  . . . . . x . . .
checklists.create    . . . . . x . . .
checklists.update    . . . . . x . . .
completeness.read    x . x x x x . . .
conflicts.update     x . x x . . . . .
custody.read         . . x x x x . . x
deadletters.update   x . x x . x . . .
desk.read            x . x x x x . . .
devices.enrol        . . x . . . x . .
devices.list         . . x . . . x x x
devices.release      . . x . . . . x .
devices.revoke       . . x . . . . x .
disposals.create     . . x x . . . . .
disposals.update     . . x x . x . . .
documents.approve    . . . x . . . . .
documents.check      x . x x x x . . .
documents.create     x . x . . . . . .
documents.deliberate . . x x . . . . .
documents.download   x . x x x x . . .
documents.endorse    . . x x . . . . .
documents.export     . . x x x x . . .
documents.preside    x . x x x . . . .
documents.review     . . . . x . . . .
documents.transfer   . . x x . . . . .
documents.update     x . x x x . . . .
evidence.bundle      . . x x x x . . .
evidence.create      x x x . . . . . .
evidence.derive      x . x x x x . . .
evidence.play        x . x x x x . . .
evidence.share       . . x x . . . . .
evidence.transfer    . . x x . . . . .
evidence.update      x . x . . . . . .
evidence.upload      x x x . . . . . .
findings.update      x . x x . x . . .
holds.create         . . x x x x . . .
holds.update         . . x x . x . . .
inspections.create   x . x . . . . . .
inspections.transfer . . x x . . . . .
inspections.update   x . x . . . . . .
items.create         . . . . . x . . .
items.update         . . . . . x . . .
numbers.account      . . x x . x . . .
numbers.lease        x . x . . . . . .
officers.create      . . . . . . x . .
officers.update      . . . . . . x x .
records.history      x . x x x x . . .
records.read         x . x x x x . . .
self.read            x x x x x x x x x
subjects.create      x . x . . . . . .
subjects.transfer    . . x x . . . . .
subjects.update      x . x . . . . . .
sync.pull            x x x x x x x x x
sync.push            x x x x x x x x x
tasks.create         . . x x . . . . .
tasks.remove         . . x x . . . . .
tasks.transfer       . . x x . . . . .
tasks.update         x . x x . . . . .
templates.create     . . . . . x . . .
templates.read       x x x x x x . . .
templates.update     . . . . . x . . .
units.create         . . . . . . x . .
units.remove         . . . . . . x . .
units.update         . . . . . . x . .
`

// forAnybody are the rights that who is signed in has somewhere without any role: else nobody could tell his device that it must forget.
var forAnybody = map[Right]bool{"self.read": true, "sync.pull": true, "sync.push": true, "evidence.upload": true}

var columns = []Role{RoleOfficer, RoleAuxiliary, RoleLeader, RoleChief, RoleReviewer, RoleSupervisor, RoleSysAdmin,
	RoleSecAdmin, RoleAuditAdmin}

// scopes are the ways in which a grant may or may not reach a unit. Each is tried in every cell.
var scopes = []struct {
	name  string
	grant func(Role) Grant
	unit  string
	holds bool
}{
	{"own unit", forever("120102001"), "120102001", true},
	{"a unit below", forever("120102001"), "12010200103", true},
	{"anywhere", forever("120102001"), "", true},
	{"the unit above", forever("120102001"), "120102", false},
	{"a foreign unit", forever("120102001"), "120102002", false},
	{"a foreign district", forever("120102001"), "120101001", false},
	{"no unit in the grant", forever(""), "120102001", false},
	{"just begun", between(noon, noon.Add(time.Hour)), "120102001", true},
	{"just ended", between(noon.Add(-time.Hour), noon), "120102001", false},
	{"ended, anywhere", between(noon.Add(-time.Hour), noon), "", false},
	{"still to come", between(noon.Add(time.Nanosecond), time.Time{}), "120102001", false},
	{"still to come, anywhere", between(noon.Add(time.Nanosecond), time.Time{}), "", false},
}

var noon = time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)

func forever(unit string) func(Role) Grant {
	return func(r Role) Grant { return Grant{Role: r, Unit: unit} }
}

func between(from, to time.Time) func(Role) Grant {
	return func(r Role) Grant { return Grant{Role: r, Unit: "120102001", From: from, To: to} }
}

// Every right, for every role, in every scope: a cell is allowed when the table says so and the grant reaches the unit.
func TestEveryCell(t *testing.T) {
	var listed []Right
	for line := range strings.Lines(strings.TrimSpace(expected)) {
		words := strings.Fields(line)
		right := Right(words[0])
		listed = append(listed, right)
		if len(words) != 1+len(columns) {
			t.Fatalf("%s has %d columns", right, len(words)-1)
		}
		for i, role := range columns {
			for _, s := range scopes {
				want := words[1+i] == "x" && s.holds || s.unit == "" && forAnybody[right]
				if got := May([]Grant{s.grant(role)}, right, s.unit, noon); got != want {
					t.Errorf("%s for %s, %s: %v, want %v", right, role, s.name, got, want)
				}
			}
		}
	}
	if !slices.Equal(listed, Rights()) {
		t.Errorf("the table lists %v, the code knows %v", listed, Rights())
	}
	if !slices.Equal(columns, Roles) {
		t.Errorf("the table has columns %v, the code knows %v", columns, Roles)
	}
}

// What nobody has declared nobody may, whatever he is; and without grants nobody may anything.
func TestDenyByDefault(t *testing.T) {
	var all []Grant
	for _, role := range Roles {
		all = append(all, Grant{Role: role, Unit: "120102"})
	}
	for _, right := range []Right{"", "certificates.remove", "inspections.remove", "cases.create", "self"} {
		if May(all, right, "120102001", noon) || May(all, right, "", noon) {
			t.Errorf("%q is allowed", right)
		}
	}
	for _, right := range Rights() {
		if May(nil, right, "", noon) != forAnybody[right] || May([]Grant{{Role: "king", Unit: "120102"}}, right, "120102001", noon) {
			t.Errorf("%s is allowed to nobody in particular", right)
		}
	}
}

// Grants do not lend each other their reach: a right here and a unit there do not make a right there.
func TestGrantsDoNotMix(t *testing.T) {
	c := Caller{Grants: []Grant{{Role: RoleLeader, Unit: "120102001"}, {Role: RoleOfficer, Unit: "120102002"}}}
	if c.May("tasks.create", "120102002", noon) {
		t.Error("a leader of one street directs another in which he is an officer")
	}
	if !c.May("tasks.create", "120102001", noon) || !c.May("inspections.create", "120102002", noon) {
		t.Error("each grant should hold where it is given")
	}
}

func TestFeeds(t *testing.T) {
	c := Caller{Device: "d", Grants: []Grant{
		{Role: RoleOfficer, Unit: "120102001"}, {Role: RoleLeader, Unit: "120102001"},
		{Role: RoleOfficer, Unit: "120102002", To: noon}, {Role: RoleSysAdmin, Unit: "120102"},
	}}
	want := []string{"device/d", "ref/120102", "unit/120102001"}
	if got := c.Feeds("120102", noon, nil); !slices.Equal(got, want) {
		t.Errorf("feeds %v, want %v", got, want)
	}
	for role, want := range map[Role][]string{RoleSysAdmin: {"device/d", "ref/120102"}, RoleSecAdmin: {"device/d", "ref/120102"},
		RoleAuditAdmin: nil, "": nil} {
		admin := Caller{Device: "d", Grants: []Grant{{Role: role, Unit: "120102"}}}
		if got := admin.Feeds("120102", noon, nil); !slices.Equal(got, want) {
			t.Errorf("%s pulls %v, want %v: no case", role, got, want)
		}
	}
}
