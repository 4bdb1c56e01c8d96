package people

import (
	"slices"
	"time"
)

// Role is what a person is, in one unit, for a time. The names follow the posts of a district's enforcement teams.
type Role string

// The roles. System, security and audit administrators are three persons, and none touches cases (GB/T 22239-2019 8.1.4).
const (
	RoleOfficer    Role = "officer"    // 执法人员
	RoleAuxiliary  Role = "auxiliary"  // 执法辅助人员
	RoleLeader     Role = "leader"     // 中队、大队负责人
	RoleChief      Role = "chief"      // 街道办事处负责人（行政机关负责人）
	RoleReviewer   Role = "reviewer"   // 法制审核人员
	RoleSupervisor Role = "supervisor" // 区司法局监督人员
	RoleSysAdmin   Role = "sysadmin"   // 系统管理员
	RoleSecAdmin   Role = "secadmin"   // 安全管理员
	RoleAuditAdmin Role = "auditadmin" // 审计管理员
)

// Roles lists every role, for tables and tests.
var Roles = []Role{RoleOfficer, RoleAuxiliary, RoleLeader, RoleChief, RoleReviewer, RoleSupervisor, RoleSysAdmin,
	RoleSecAdmin, RoleAuditAdmin}

// Grant gives a role in a unit and all units below it, from a moment, to a moment.
type Grant struct {
	Role Role
	Unit string    // unit code; see Within for what lies below it
	From time.Time // zero: since ever
	To   time.Time // zero: until further notice
}

// Covers reports whether the grant reaches the unit at the moment.
func (g Grant) Covers(unit string, at time.Time) bool {
	return Within(unit, g.Unit) && g.Live(at)
}

// Live reports whether the grant is in force at the moment: From ≤ at < To.
func (g Grant) Live(at time.Time) bool {
	return !at.Before(g.From) && (g.To.IsZero() || at.Before(g.To))
}

// Right names something that can be done: "<collection>.<action>" for records, or the operation of a route.
type Right string

// rights is the whole of authorization: who may do what. What is not here is denied. Where a right concerns a unit, a grant
// reaches its own unit and those below.
var rights = map[Right][]Role{
	"units.create": {RoleSysAdmin}, "units.update": {RoleSysAdmin}, "units.remove": {RoleSysAdmin},
	"officers.create": {RoleSysAdmin}, "officers.update": {RoleSecAdmin, RoleSysAdmin},
	"certificates.create": {RoleSupervisor}, "certificates.update": {RoleSupervisor},
	"items.create": {RoleSupervisor}, "items.update": {RoleSupervisor},
	"checklists.create": {RoleSupervisor}, "checklists.update": {RoleSupervisor},
	"templates.create": {RoleSupervisor}, "templates.update": {RoleSupervisor},
	"calendars.create": {RoleSupervisor}, "calendars.update": {RoleSupervisor},

	"subjects.create": {RoleOfficer, RoleLeader}, "subjects.update": {RoleOfficer, RoleLeader},
	"tasks.create": {RoleLeader, RoleChief}, "tasks.update": {RoleLeader, RoleChief, RoleOfficer},
	"tasks.remove":       {RoleLeader, RoleChief},
	"inspections.create": {RoleOfficer, RoleLeader}, "inspections.update": {RoleOfficer, RoleLeader},
	// Giving a record to another unit; it then belongs to that unit.
	"subjects.transfer": leaders, "tasks.transfer": leaders, "inspections.transfer": leaders, "documents.transfer": leaders,
	"evidence.transfer": leaders,
	"documents.create":  {RoleOfficer, RoleLeader}, "documents.update": {RoleOfficer, RoleLeader, RoleChief, RoleReviewer},
	// Signing a paper for oneself, besides writing it: see document.Role.
	"documents.endorse": leaders, "documents.review": {RoleReviewer}, "documents.approve": {RoleChief}, "documents.deliberate": leaders,
	"documents.preside": {RoleOfficer, RoleLeader, RoleChief, RoleReviewer}, // that the host is none of the investigators is judged by G14
	"evidence.create":   {RoleOfficer, RoleLeader, RoleAuxiliary}, "evidence.update": {RoleOfficer, RoleLeader},
	// Acts on recordings, holds and disposals; a disposal takes two persons besides, see evidence.Disposals.
	"custody.read": {RoleLeader, RoleChief, RoleReviewer, RoleSupervisor, RoleAuditAdmin}, "completeness.read": readers,
	"holds.create": {RoleLeader, RoleChief, RoleReviewer, RoleSupervisor}, "holds.update": {RoleLeader, RoleChief, RoleSupervisor},
	"disposals.create": leaders, "disposals.update": {RoleLeader, RoleChief, RoleSupervisor},
	"findings.update":    {RoleOfficer, RoleLeader, RoleChief, RoleSupervisor},
	"conflicts.update":   {RoleOfficer, RoleLeader, RoleChief},
	"deadletters.update": {RoleOfficer, RoleLeader, RoleChief, RoleSupervisor},

	"sync.push":          Roles, // what an op may do is asked again, op by op
	"sync.pull":          Roles, // what is given out are the person's feeds
	"records.read":       readers,
	"records.history":    readers,
	"desk.read":          readers,
	"numbers.lease":      {RoleOfficer, RoleLeader},
	"numbers.account":    {RoleLeader, RoleChief, RoleSupervisor}, // see what became of every number of an organ
	"blocks.update":      {RoleOfficer, RoleLeader, RoleSupervisor},
	"blocks.settle":      {RoleLeader, RoleSupervisor},             // say of another device's numbers what became of them: void, returned, lost, moved
	"evidence.upload":    {RoleOfficer, RoleLeader, RoleAuxiliary}, // over a unit; a device brings what it has announced
	"evidence.play":      readers,
	"evidence.bundle":    {RoleLeader, RoleChief, RoleReviewer, RoleSupervisor}, // what it holds leaves the district
	"evidence.derive":    readers,                                               // make a copy: a poster, a redaction
	"evidence.share":     {RoleLeader, RoleChief},                               // show it to somebody outside
	"documents.download": readers,
	"documents.export":   {RoleLeader, RoleChief, RoleReviewer, RoleSupervisor}, // many at once leave the server
	"documents.check":    readers,                                               // a draft by its template, and see it as a page; writes nothing
	"templates.read":     fieldRoles,                                            // the district's forms
	"certificates.check": fieldRoles,

	"devices.enrol":    {RoleLeader, RoleSysAdmin}, // make an enrolment code for a unit
	"devices.list":     {RoleLeader, RoleSysAdmin, RoleSecAdmin, RoleAuditAdmin},
	"devices.revoke":   {RoleLeader, RoleSecAdmin},
	"devices.release":  {RoleLeader, RoleSecAdmin}, // decide about a device that was set aside; what it wrote is judged op by op
	"accounts.create":  {RoleSecAdmin},
	"accounts.disable": {RoleSecAdmin},
	"self.read":        Roles, // own name, roles and sign-in
}

var (
	fieldRoles = []Role{RoleOfficer, RoleAuxiliary, RoleLeader, RoleChief, RoleReviewer, RoleSupervisor}
	leaders    = []Role{RoleLeader, RoleChief}
	readers    = []Role{RoleOfficer, RoleLeader, RoleChief, RoleReviewer, RoleSupervisor}
	// Administrators of system and security write units and people, which are the district's records; of cases they see nothing.
	registrars = []Role{RoleSysAdmin, RoleSecAdmin}
	syncRoles  = slices.Concat(fieldRoles, registrars)
)

// everybody are the rights that whoever is signed in has somewhere, also without any role: a device whose person has lost his last one must
// hear that its feeds are gone, and hand over what only it has. Over a unit they are asked like any other.
var everybody = map[Right]bool{"self.read": true, "sync.push": true, "sync.pull": true, "evidence.upload": true}

// Rights lists every right in the table, sorted.
func Rights() []Right {
	all := make([]Right, 0, len(rights))
	for r := range rights {
		all = append(all, r)
	}
	slices.Sort(all)
	return all
}

// Caller is who asks: a signed-in person on an enrolled device.
type Caller struct {
	Account string
	Officer string // record id
	Device  string
	Family  string
	Unit    string // of the device
	Grants  []Grant
	Aside   bool // the device is set aside: what it writes is taken for nobody's until a person decides
}

// May reports whether any live grant of the caller gives the right over the unit. An empty unit asks for the right anywhere.
func (c Caller) May(right Right, unit string, at time.Time) bool {
	return May(c.Grants, right, unit, at)
}

// Reach lists the units over which the caller has the right: of each, those below are meant too.
func (c Caller) Reach(right Right, at time.Time) []string {
	var units []string
	for _, g := range c.Grants {
		if g.Unit != "" && g.Live(at) && slices.Contains(rights[right], g.Role) {
			units = append(units, g.Unit)
		}
	}
	slices.Sort(units)
	return slices.Compact(units)
}

// Serves reports whether any of the grants is in force at the moment.
func Serves(grants []Grant, at time.Time) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return g.Live(at) })
}

// MayAny reports whether any live grant of the caller gives the right over one of the units. A unit without a code is nobody's.
func (c Caller) MayAny(right Right, units []string, at time.Time) bool {
	return MayAny(c.Grants, right, units, at)
}

// MayAny reports whether any of the grants gives the right over one of the units at the moment.
func MayAny(grants []Grant, right Right, units []string, at time.Time) bool {
	return slices.ContainsFunc(units, func(unit string) bool { return unit != "" && May(grants, right, unit, at) })
}

// May reports whether any of the grants gives the right over the unit at the moment; an empty unit asks for it anywhere.
func May(grants []Grant, right Right, unit string, at time.Time) bool {
	if unit == "" && everybody[right] {
		return true
	}
	for _, g := range grants {
		if slices.Contains(rights[right], g.Role) && (unit == "" && g.Live(at) || unit != "" && g.Covers(unit, at)) {
			return true
		}
	}
	return false
}
