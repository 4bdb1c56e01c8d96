package recordtest

import (
	"maps"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Aged is a collection that has had three forms, for tests: between the first and the second a field was renamed (name is title)
// and one was split (term, "from/to", is validFrom and validTo); between the second and the third one has moved into entries
// (phone is contacts/main/phone) and the states have become more (paused, which was open before).
func Aged(name string) *record.Collection {
	c := &record.Collection{Name: name, Schema: 3, Scope: record.Unit, Shared: true,
		Fields: []record.Field{
			{Path: "unit", Kind: record.String, Required: true},
			{Path: "title", Kind: record.String, Required: true},
			{Path: "validFrom", Kind: record.String},
			{Path: "validTo", Kind: record.String},
			{Path: "contacts", Class: record.Entries, Kind: record.Map},
			{Path: "contacts/*", Kind: record.Map},
			{Path: "contacts/*/phone", Kind: record.String},
			{Path: "state", Class: record.State, Kind: record.String},
			{Path: "summary", Kind: record.String},
			{Path: "partners", Class: record.Entries, Kind: record.Map},
			{Path: "partners/*", Kind: record.Map},
		},
		Transitions: map[string][]string{"": {"open"}, "open": {"paused", "closed"}, "paused": {"open", "closed"}},
		Older: []record.Form{
			{Lift: liftFirst, Lower: lowerFirst, Lacks: []string{"title", "validFrom", "validTo"},
				Had: []record.Field{{Path: "name", Kind: record.String, Required: true}, {Path: "term", Kind: record.String}}},
			{Lift: liftSecond, Lower: lowerSecond, Lacks: []string{"contacts"}, Had: []record.Field{{Path: "phone", Kind: record.String}}},
		}}
	return c
}

func liftFirst(patch record.Object) record.Object {
	out := maps.Clone(patch)
	if title, said := out["name"]; said {
		delete(out, "name")
		out["title"] = title
	}
	term, said := out["term"]
	text, isText := term.(string)
	if !said || !isText && term != nil {
		return out
	}
	delete(out, "term")
	from, to, _ := strings.Cut(text, "/")
	out["validFrom"], out["validTo"] = orNull(from), orNull(to)
	return out
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func lowerFirst(body record.Object) record.Object {
	out := maps.Clone(body)
	if title, said := out["title"]; said {
		delete(out, "title")
		out["name"] = title
	}
	from, fromIsText := out["validFrom"].(string)
	to, toIsText := out["validTo"].(string)
	if fromIsText {
		delete(out, "validFrom")
		out["term"] = from
	}
	if toIsText {
		delete(out, "validTo")
		out["term"] = from + "/" + to
	}
	return out
}

func liftSecond(patch record.Object) record.Object {
	phone, said := patch["phone"]
	if !said {
		return patch
	}
	out := maps.Clone(patch)
	delete(out, "phone")
	contacts, main := inner(out, "contacts")
	main["phone"] = phone
	contacts["main"] = main
	out["contacts"] = contacts
	return out
}

// inner copies the contacts of a patch or a body and the main one among them, to be changed.
func inner(of record.Object, name string) (contacts, main record.Object) {
	contacts, main = record.Object{}, record.Object{}
	was, _ := of[name].(record.Object)
	maps.Copy(contacts, was)
	first, _ := was["main"].(record.Object)
	maps.Copy(main, first)
	return contacts, main
}

func lowerSecond(body record.Object) record.Object {
	out := maps.Clone(body)
	if out == nil {
		return nil
	}
	if out["state"] == "paused" {
		out["state"] = "open"
	}
	contacts, main := inner(out, "contacts")
	phone, said := main["phone"]
	if !said {
		return out
	}
	delete(main, "phone")
	if contacts["main"] = main; len(main) == 0 {
		delete(contacts, "main")
	}
	if out["contacts"] = contacts; len(contacts) == 0 {
		delete(out, "contacts")
	}
	out["phone"] = phone
	return out
}
