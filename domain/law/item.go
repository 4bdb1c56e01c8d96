package law

import (
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Item is one version of an enforcement item as gates need it.
type Item struct {
	Code  string
	Name  string
	Organ string      // whose power it is: a unit code, or a name
	State string      // as it is now
	Term  record.Span // the days on which this version is the law
}

// ReadItem reads an item's body. Dates that cannot be read are fault law.item_unreadable.
func ReadItem(body record.Object) (Item, error) {
	var item Item
	item.Code, _ = body["code"].(string)
	item.Name, _ = body["name"].(string)
	item.Organ, _ = body["organ"].(string)
	item.State, _ = body["state"].(string)
	term, ok := record.Days(body["validFrom"], body["validTo"])
	if !ok {
		return item, fault.New(fault.ItemUnreadable).At("validFrom")
	}
	item.Term = term
	return item, nil
}

// Belongs reports whether the item is in the power of the unit: its organ's code begins the unit's. An organ that is given by
// its name says nothing of units and is not judged.
func (i Item) Belongs(unit string) bool {
	code := len(i.Organ) >= 6 && digits(i.Organ[:6])
	return !code || strings.HasPrefix(unit, i.Organ)
}
