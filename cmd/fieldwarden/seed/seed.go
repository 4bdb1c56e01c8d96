// Package seed invents a district: its units, people with certificates of every standing, the catalogue of what may be
// enforced, checklists, templates of papers, parties and the tasks of a day. The streets, the statutes and the forms of all
// codes are real; every person, enterprise and number is invented.
//
// The same number and day always make the same district. It comes in as the server's own operations, so all of it has
// history; what is there already is left alone.
package seed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// District is the invented district before anything of it is stored.
type District struct {
	number uint64

	Day        time.Time // first instant of the day, Beijing time
	Units      []push.ServerOp
	Officers   []push.ServerOp
	Certs      []push.ServerOp
	Items      []push.ServerOp
	Calendars  []push.ServerOp
	Checklists []push.ServerOp
	Templates  []push.ServerOp
	Subjects   []push.ServerOp
	Tasks      []push.ServerOp
	People     []Person // the officers again, as whoever signs them in needs them
}

// Person is one invented officer.
type Person struct {
	ID          string // record id in the collection officers
	Name        string
	Account     string // sign-in name
	Role        people.Role
	Unit        string // the unit that the role is held in
	Post        string
	Certificate string // number of the newest certificate; "" without one
	Left        bool
}

// Build invents the district as it is on the morning of a day.
func Build(number uint64, day time.Time) (*District, error) {
	b := &builder{number: number, dice: rand.New(rand.NewPCG(number, 120102)), d: &District{number: number, Day: law.DayOf(day)}}
	b.names = newNames(b.dice)
	for _, part := range []func() error{b.units, b.people, b.items, b.calendars, b.checklists, b.templates, b.subjects, b.tasks} {
		if err := part(); err != nil {
			return nil, fmt.Errorf("seed: %w", err)
		}
	}
	return b.d, nil
}

// Ops lists everything that is stored, in an order in which each record comes after those it names.
func (d *District) Ops() []push.ServerOp {
	var all []push.ServerOp
	for _, part := range [][]push.ServerOp{d.Units, d.Officers, d.Certs, d.Items, d.Calendars, d.Checklists, d.Templates, d.Subjects, d.Tasks} {
		all = append(all, part...)
	}
	return all
}

// In lists the people who hold a role in a unit and are still there, in the order they were invented.
func (d *District) In(unit string, role people.Role) []Person {
	var all []Person
	for _, p := range d.People {
		if p.Unit == unit && p.Role == role && !p.Left {
			all = append(all, p)
		}
	}
	return all
}

type builder struct {
	number uint64
	dice   *rand.Rand
	names  *names
	d      *District
}

// op makes the creation of a record whose id follows from what it is: the same record always has the same id.
func (b *builder) op(collection, key string, body record.Object) push.ServerOp {
	return push.ServerOp{Collection: collection, Record: b.id(collection, key), Action: record.Create, Patch: body}
}

// id is a UUIDv7 (RFC 9562) of a fixed moment, with a digest in the place of random bits.
func (b *builder) id(kind, key string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%s/%s", b.number, kind, key))
	h := []byte("019b76daa800" + "7" + hex.EncodeToString(sum[:])[:19])
	h[16] = "89ab"[sum[15]%4]
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

// date is a day so many days from the district's, as dates are written.
func (b *builder) date(days int) string { return b.d.Day.AddDate(0, 0, days).Format(time.DateOnly) }

// moment is an hour of a day so many days from the district's, as times are written.
func (b *builder) moment(days, hour int) string {
	return b.d.Day.AddDate(0, 0, days).Add(time.Duration(hour) * time.Hour).UTC().Format(time.RFC3339)
}

// pick takes one of the choices by lot.
func pick[T any](b *builder, from []T) T { return from[b.dice.IntN(len(from))] }
