package people

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		unit, above string
		want        bool
	}{
		{"120102001", "120102001", true}, {"12010200101", "120102001", true}, {"1201020010102", "120102001", true},
		{"120102001", "120102", true}, {"120102CGW", "120102", true}, {"120102CGW01", "120102CGW", true},
		{"120102001", "120102002", false}, {"120102", "120102001", false}, {"120101001", "120102", false},
		{"120102CGW", "120102CG", false},       // letters shared by chance, in a code that is none
		{"120102001001", "12010200100", false}, // a community's code of the statistics is no unit's
		{"12010200101", "1201020010", false}, {"1201020010", "120102001", false},
		{"120102001-1", "120102001", false}, {"120102cgw", "120102", false}, {"120102001", "1201", false}, {"120102001", "", false},
		{"大队一", "大队", false}, {"大队", "大队", true}, {"", "", false},
	} {
		if got := Within(c.unit, c.above); got != c.want {
			t.Errorf("%q within %q: %v", c.unit, c.above, got)
		}
	}
}

// tree is an organisation made by chance, and parent says which unit each is under: reach follows from it and not from codes.
type tree struct {
	parent map[string]string
	codes  []string
}

func drawTree(t *rapid.T) tree {
	tr := tree{parent: map[string]string{}}
	add := func(code, parent string) {
		if _, there := tr.parent[code]; !there {
			tr.parent[code] = parent
			tr.codes = append(tr.codes, code)
		}
	}
	for _, district := range []string{"120102", "120103"} {
		add(district, "")
		for range rapid.IntRange(1, 4).Draw(t, "branches") {
			branch := district + rapid.StringMatching(`[01C]{3}`).Draw(t, "branch")
			add(branch, district)
			for range rapid.IntRange(0, 3).Draw(t, "teams") {
				team := branch + rapid.StringMatching(`[01]{2}`).Draw(t, "team")
				add(team, branch)
				if rapid.Bool().Draw(t, "squad") {
					add(team+rapid.StringMatching(`[01]{2}`).Draw(t, "squads"), team)
				}
			}
		}
	}
	return tr
}

func (tr tree) under(unit, above string) bool {
	for ; unit != ""; unit = tr.parent[unit] {
		if unit == above {
			return true
		}
	}
	return false
}

// pullsWant is the law of feeds said over the tree: of the units that have written something and the caller's own, those that a live
// field grant reaches; a grant over the whole district reaches only the district's own.
func (tr tree) pullsWant(grants []Grant, written []string) (feeds []string) {
	for _, unit := range tr.codes {
		for _, g := range grants {
			field := !slices.Contains([]Role{RoleSysAdmin, RoleSecAdmin, RoleAuditAdmin}, g.Role)
			below := g.Unit != "120102" && slices.Contains(written, "unit/"+unit) && tr.under(unit, g.Unit)
			if field && !noon.Before(g.From) && (g.To.IsZero() || noon.Before(g.To)) && (unit == g.Unit || below) {
				feeds = append(feeds, "unit/"+unit)
			}
		}
	}
	slices.Sort(feeds)
	return slices.Compact(feeds)
}

func drawGrants(t *rapid.T, units []string) []Grant {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Grant {
		g := Grant{Role: rapid.SampledFrom(Roles).Draw(t, "role"), Unit: rapid.SampledFrom(units).Draw(t, "unit")}
		if rapid.Bool().Draw(t, "dated") {
			g.From = noon.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "from")) * time.Hour)
			g.To = g.From.Add(time.Duration(rapid.IntRange(1, 3).Draw(t, "hours")) * time.Hour)
		}
		return g
	}), 0, 4).Draw(t, "grants")
}

// unitFeeds leaves out the device's and the reference data's.
func unitFeeds(feeds []string) []string {
	return slices.DeleteFunc(feeds, func(feed string) bool { return !strings.HasPrefix(feed, "unit/") })
}

// checkFeeds compares a rule of feeds with what the tree says, over organisations and grants made by chance; "" is agreement.
func checkFeeds(feeds func(c Caller, written []string) []string) func(*rapid.T) string {
	return func(t *rapid.T) string {
		tr := drawTree(t)
		written := []string{"device/unit/120102", "ref/120102"}
		for _, unit := range tr.codes {
			if rapid.Bool().Draw(t, "writes") {
				written = append(written, feedOf(unit))
			}
		}
		c := Caller{Device: "d", Grants: drawGrants(t, tr.codes)}
		if got, want := unitFeeds(feeds(c, written)), tr.pullsWant(c.Grants, written); fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Sprintf("grants %+v of %v, written %v\npulls %v\nwant  %v", c.Grants, tr.codes, written, got, want)
		}
		return ""
	}
}

// The feeds of a caller are exactly those of units he may see: those of his grants and below, never a neighbour whose code begins alike,
// never another district's.
func TestFeedsAreThoseOfTheUnitsReached(t *testing.T) {
	check := checkFeeds(func(c Caller, written []string) []string { return c.Feeds("120102", noon, written) })
	rapid.Check(t, func(t *rapid.T) {
		if differs := check(t); differs != "" {
			t.Fatal(differs)
		}
	})
}

// What the property is worth: wrong rules that it must catch.
func TestFeedsPropertyCatchesWrongRules(t *testing.T) {
	wrong := map[string]func(c Caller, written []string) []string{
		"not below":          func(c Caller, _ []string) []string { return c.Feeds("120102", noon, nil) },
		"the whole district": func(c Caller, written []string) []string { return c.Feeds("another", noon, written) },
		"dates forgotten": func(c Caller, written []string) []string {
			for i := range c.Grants {
				c.Grants[i].To = time.Time{}
			}
			return c.Feeds("120102", noon, written)
		},
		"by characters": func(c Caller, written []string) []string {
			feeds := c.Feeds("120102", noon, nil)
			for _, unit := range c.PullsBelow("120102", noon) {
				for _, feed := range written {
					if strings.HasPrefix(feed, "unit/"+unit[:len(unit)-1]) {
						feeds = append(feeds, feed)
					}
				}
			}
			slices.Sort(feeds)
			return slices.Compact(feeds)
		},
	}
	for name, rule := range wrong {
		verdict := rapid.Custom(checkFeeds(func(c Caller, written []string) []string {
			return rule(Caller{Device: c.Device, Grants: slices.Clone(c.Grants)}, written)
		}))
		caught := false
		for seed := 0; seed < 500 && !caught; seed++ {
			caught = verdict.Example(seed) != ""
		}
		if !caught {
			t.Errorf("not caught: %s", name)
		}
	}
}
