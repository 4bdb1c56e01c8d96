package seed_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/seed"
	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

var day = time.Date(2026, 11, 25, 7, 0, 0, 0, law.Beijing)

func build(t testing.TB) *seed.District {
	t.Helper()
	d, err := seed.Build(1, day)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSameNumberAndDayMakeTheSameDistrict(t *testing.T) {
	texts := func(d *seed.District) string {
		var b strings.Builder
		for _, op := range d.Ops() {
			text, err := wire.Canonical(op.Patch)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString(op.Collection + op.Record + string(text) + "\n")
		}
		return b.String()
	}
	first := texts(build(t))
	if texts(build(t)) != first {
		t.Error("built twice, and it differs")
	}
	other, err := seed.Build(2, day)
	if err != nil {
		t.Fatal(err)
	}
	if texts(other) == first {
		t.Error("another number makes the same district")
	}
}

// Everything fits its collection's declared form, and is JSON as it would come back from the store.
func TestEveryBodyFitsItsCollection(t *testing.T) {
	catalogue, err := collections.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, op := range build(t).Ops() {
		if !record.IsID(op.Record) || op.Record[14] != '7' || ids[op.Record] {
			t.Errorf("%s/%s: no fresh UUIDv7", op.Collection, op.Record)
		}
		ids[op.Record] = true
		text, err := wire.Canonical(op.Patch)
		if err != nil {
			t.Fatal(err)
		}
		body, err := wire.Object(text)
		if err != nil || !record.Equal(body, op.Patch) {
			t.Errorf("%s/%s: is not what comes back from JSON: %v", op.Collection, op.Record, err)
		}
		for _, flaw := range catalogue[op.Collection].Check(body) {
			t.Errorf("%s/%s: %v", op.Collection, op.Record, flaw)
		}
		if _, err := catalogue[op.Collection].FeedOf(body, law.District); err != nil {
			t.Error(err)
		}
	}
}

func TestThereIsEnoughOfEverything(t *testing.T) {
	d := build(t)
	counts := map[string]struct{ got, low, high int }{
		"units": {len(d.Units), 37, 37}, "officers": {len(d.Officers), 55, 70}, "certificates": {len(d.Certs), 40, 50},
		"items": {len(d.Items), 38, 50}, "checklists": {len(d.Checklists), 5, 8}, "calendars": {len(d.Calendars), 1, 20},
		"templates": {len(d.Templates), 2, 90}, "subjects": {len(d.Subjects), 300, 300}, "tasks": {len(d.Tasks), 30, 39},
	}
	for name, c := range counts {
		if c.got < c.low || c.got > c.high {
			t.Errorf("%d %s, want %d to %d", c.got, name, c.low, c.high)
		}
	}
	for _, street := range law.Streets() {
		if len(d.In(street.Code, people.RoleLeader)) == 0 || len(d.In(street.Code, people.RoleChief)) == 0 {
			t.Errorf("%s has no leader or no chief", street.Name)
		}
	}
	for _, role := range people.Roles {
		if !slices.ContainsFunc(d.People, func(p seed.Person) bool { return p.Role == role }) {
			t.Errorf("nobody is %s", role)
		}
	}
}

func TestNobodyIsNamedTwice(t *testing.T) {
	d := build(t)
	seen := map[string]bool{}
	once := func(kind, name string) {
		if name == "" || seen[kind+name] {
			t.Errorf("%s %q is there twice, or empty", kind, name)
		}
		seen[kind+name] = true
	}
	rare := ""
	for _, p := range d.People {
		once("person", p.Name)
		once("account", p.Account)
		rare += p.Name
	}
	for _, c := range "堃喆翀昇珺龑镕" {
		if !strings.ContainsRune(rare, c) {
			t.Errorf("nobody has %c in his name", c)
		}
	}
	for field, ops := range map[string][]push.ServerOp{"name": d.Subjects, "uscc": d.Subjects, "number": d.Certs, "code": d.Items} {
		for _, op := range ops {
			value, _ := op.Patch[field].(string)
			once(field, value)
		}
	}
}

func TestCodesAreValid(t *testing.T) {
	d := build(t)
	for _, op := range d.Subjects {
		if err := law.CheckCreditCode(op.Patch["uscc"].(string)); err != nil {
			t.Errorf("%v: %v", op.Patch["name"], err)
		}
	}
	for _, op := range d.Items {
		code, err := law.ParseItemCode(op.Patch["code"].(string))
		if err != nil || code.Kind == "" || code.Kind != op.Patch["kind"] {
			t.Errorf("%v: %v", op.Patch["code"], err)
		}
		if op.Patch["field"] == "" {
			t.Errorf("%v: no department of these letters", op.Patch["code"])
		}
	}
	for i := range 50 {
		if _, err := law.ParseIdentity(seed.CitizenNumber(i)); err != nil {
			t.Errorf("citizen %d: %v", i, err)
		}
	}
	for _, op := range d.Units {
		if op.Patch["kind"] == "team" {
			if _, err := law.StreetOf(op.Patch["code"].(string)); err != nil {
				t.Error(err)
			}
		}
	}
}

// Certificates are of every standing on the day, and the stories behind them are told: one restored, one reissued, one that
// ends within a month, one that has a successor.
func TestCertificatesOfEveryStanding(t *testing.T) {
	noon := law.DayOf(day).Add(12 * time.Hour)
	standings, stories := map[people.Standing]int{}, map[string]bool{}
	holders := map[string]int{}
	for _, op := range build(t).Certs {
		c, err := people.ReadCertificate(op.Patch)
		if err != nil {
			t.Fatal(err)
		}
		s := c.StandingAt(noon)
		standings[s.Standing]++
		if holders[c.Officer]++; holders[c.Officer] == 2 {
			stories["successor"] = true
		}
		for _, e := range c.Events {
			stories[string(e.Kind)] = true
		}
		if s.Standing == people.Valid && c.Term.Until.Before(noon.AddDate(0, 1, 0)) {
			stories["ends soon"] = true
		}
	}
	for _, want := range []people.Standing{people.Valid, people.NotYetValid, people.Suspended, people.Withdrawn, people.Cancelled, people.Expired} {
		if standings[want] == 0 {
			t.Errorf("no certificate is %s: %v", want, standings)
		}
	}
	if standings[people.Valid] < len(holders)*3/4 {
		t.Errorf("too few valid certificates: %v", standings)
	}
	for _, want := range []string{"suspended", "restored", "withdrawn", "cancelled", "reissued", "ends soon", "successor"} {
		if !stories[want] {
			t.Errorf("no story of %q", want)
		}
	}
}

// Where the law in force is not certain, or no amount is, the catalogue says so instead of guessing.
func TestUncertainProvisionsAreMarked(t *testing.T) {
	for _, op := range build(t).Items {
		note, _ := op.Patch["note"].(string)
		for key, value := range op.Patch["basis"].(record.Object) {
			base := value.(record.Object)
			if (base["article"] == nil || base["since"] == nil) && !strings.Contains(note, seed.Confirm) {
				t.Errorf("%v basis %s: no article or no date, and no mark", op.Patch["code"], key)
			}
			if since, ok := base["since"].(string); ok {
				if _, err := time.Parse(time.DateOnly, since); err != nil {
					t.Errorf("%v basis %s: %v", op.Patch["code"], key, err)
				}
			}
		}
	}
}

// What the catalogue refuses nobody may write, so a seed must not either.
func TestTemplatesAreFitToRender(t *testing.T) {
	d := build(t)
	for _, kind := range []string{document.InspectionRecord, document.SummaryPenalty} {
		if d.Template(kind, day).ID == "" {
			t.Errorf("no template of %s", kind)
		}
	}
	before, after := d.Template(document.SummaryPenalty, time.Date(2026, 12, 31, 15, 59, 59, 0, time.UTC)), d.Template(document.SummaryPenalty, time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC))
	if before.Version != 1 || after.Version != 2 || before.ID == after.ID {
		t.Errorf("version %d of %s until New Year in Beijing, version %d of %s from then on", before.Version, before.ID, after.Version, after.ID)
	}
	for _, op := range d.Templates {
		for _, flaw := range document.Lint(op.Patch) {
			t.Errorf("%v: %v", op.Patch["kind"], flaw)
		}
	}
}
