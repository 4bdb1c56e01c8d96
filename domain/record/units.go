package record

import (
	"maps"
	"slices"
)

// UnitsOf lists the codes of the units whose people a body of scope Unit or Audit concerns: its own, which is its home, and then its
// partners, sorted.
func (c *Collection) UnitsOf(body Object) []string {
	home, _ := body["unit"].(string)
	units := []string{home}
	for _, partner := range c.PartnersOf(body) {
		if partner != home {
			units = append(units, partner)
		}
	}
	return units
}

// PartnersOf lists the codes that a body names as partners, sorted.
func (c *Collection) PartnersOf(body Object) []string {
	partners, _ := body["partners"].(Object)
	if !c.Shared || len(partners) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(partners))
}

// CopiesOf names the feeds of a body's partners: where the record is besides its own feed. A partner that can have no feed is
// left out.
func (c *Collection) CopiesOf(body Object, district string) []string {
	home, _ := c.FeedOf(body, district)
	var feeds []string
	for _, partner := range c.PartnersOf(body) {
		if feed, err := c.FeedOf(Object{"unit": partner}, district); err == nil && feed != home {
			feeds = append(feeds, feed)
		}
	}
	return feeds
}
