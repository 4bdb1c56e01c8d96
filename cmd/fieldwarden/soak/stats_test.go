package soak

import (
	"fmt"
	"reflect"
	"strings"
)

// stats are what runs were made of, so that people see that a green run has done something.
type stats struct {
	Runs, Ops, Merged, Conflicts, Rejected, Held, Kills, Batteries, Revoked, Records, Findings, Documents, Transfers, Histories, Reads, Groups, Shares, Pokes, Online, Decided, Clones, Forgotten, Damaged int
}

func (s stats) plus(o stats) stats {
	sum, other := reflect.ValueOf(&s).Elem(), reflect.ValueOf(o)
	for i := range sum.NumField() {
		sum.Field(i).SetInt(sum.Field(i).Int() + other.Field(i).Int())
	}
	return s
}

func (s stats) String() string {
	var parts []string
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		parts = append(parts, fmt.Sprintf("%s %d", strings.ToLower(v.Type().Field(i).Name), v.Field(i).Int()))
	}
	return strings.Join(parts, ", ")
}

// missing names what never happened.
func (s stats) missing() string {
	var names []string
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if v.Field(i).Int() == 0 && v.Type().Field(i).Name != "Forgotten" { // of runs with a restore
			names = append(names, v.Type().Field(i).Name)
		}
	}
	return strings.Join(names, ", ")
}

// count looks at what a run was made of.
func (r *run) count(s *state) {
	c := &r.stats
	c.Runs, c.Ops, c.Kills, c.Records, c.Reads = 1, len(r.model.ops), r.host.kills, len(s.versions), len(r.model.seen)
	for _, one := range r.model.ops {
		if one.outcome == nil {
			continue
		}
		if n := map[string]*int{"conflict": &c.Conflicts, "merged": &c.Merged, "rejected": &c.Rejected, "held": &c.Held}[one.outcome.Status]; n != nil {
			*n++
		}
	}
	for _, h := range r.hands {
		for _, one := range h.online {
			if one.stands() {
				c.Online++
			}
		}
		c.Batteries += h.files - 1
		if h.revoked {
			c.Revoked++
		}
	}
	for _, versions := range s.versions {
		if n := map[string]*int{"findings": &c.Findings, "documents": &c.Documents}[versions[0].collection]; n != nil {
			*n++
		}
		for i := 1; i < len(versions); i++ {
			was, is := versions[i-1].feeds, versions[i].feeds
			if was[0] != is[0] {
				c.Transfers++
			}
			if len(is) > 1 && len(was) == 1 {
				c.Shares++
			}
		}
	}
}
