package people

import (
	"slices"
	"strings"
	"time"
)

// A unit's code grows downwards by steps of a fixed length: six digits for the district, three more letters or digits for a
// department or street, and two for each team below. So a code that begins with another's text is below it, and never its
// neighbour: of 120102CG and 120102CGW one is no code.
const (
	districtDigits = 6
	branchLetters  = 3
	teamLetters    = 2
)

// wellFormed reports whether a text has the form of a unit's code.
func wellFormed(code string) bool {
	if !IsUnitCode(code) {
		return false
	}
	rest := code[districtDigits:]
	for _, c := range rest {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return rest == "" || len(rest) >= branchLetters && (len(rest)-branchLetters)%teamLetters == 0
}

// Within reports whether a unit is the one above or lies below it. A text that is no code is within nothing but itself.
func Within(unit, above string) bool {
	if unit == above {
		return unit != ""
	}
	return strings.HasPrefix(unit, above) && wellFormed(above) && wellFormed(unit)
}

// feedOf names the feed of a unit.
func feedOf(unit string) string { return "unit/" + unit }

// PullsBelow lists the units whose feeds, and those of all units below, the caller's device pulls, sorted. A grant over the
// whole district is not among them: who has one reads the streets online.
func (c Caller) PullsBelow(district string, at time.Time) []string {
	var units []string
	for _, g := range c.Grants {
		if g.Live(at) && slices.Contains(fieldRoles, g.Role) && g.Unit != district && wellFormed(g.Unit) {
			units = append(units, g.Unit)
		}
	}
	slices.Sort(units)
	return slices.Compact(units)
}

// Feeds lists the feeds the caller's device pulls, sorted: its own, the district's reference data, those of the units of its
// live field grants, and of the written ones those of units below. Written feeds that are none of these are no harm. Who has no role
// that works with records has no feeds, and his device none of its own: it has nothing to issue papers for.
func (c Caller) Feeds(district string, at time.Time, written []string) []string {
	var feeds []string
	for _, g := range c.Grants {
		if g.Live(at) && slices.Contains(syncRoles, g.Role) {
			feeds = append(feeds, "device/"+c.Device, "ref/"+district)
		}
		if g.Live(at) && slices.Contains(fieldRoles, g.Role) {
			feeds = append(feeds, feedOf(g.Unit))
		}
	}
	roots := c.PullsBelow(district, at)
	for _, feed := range written {
		unit, ok := strings.CutPrefix(feed, feedOf(""))
		if ok && slices.ContainsFunc(roots, func(above string) bool { return Within(unit, above) }) {
			feeds = append(feeds, feed)
		}
	}
	slices.Sort(feeds)
	return slices.Compact(feeds)
}
