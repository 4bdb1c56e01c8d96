package law

import "github.com/fieldwarden/fieldwarden/domain/record"

// The states of an enforcement item. What is not published may not be enforced (国办发〔2024〕54号).
const (
	Published = "published"
	Suspended = "suspended"
	Cancelled = "cancelled"
)

// Items declares the collection of enforcement items (职权事项): what may be enforced, by which organ, on which basis, since
// when. Basis, amounts and dates are data with dates, because provisions are revised and old acts keep old law (处罚法第三十七条).
var Items = record.Collection{
	Name: "items", Schema: 1, Scope: record.District,
	Fields: []record.Field{
		{Path: "code", Kind: record.String, Required: true},
		{Path: "name", Kind: record.String, Required: true},
		{Path: "kind", Kind: record.String, Required: true},
		{Path: "organ", Kind: record.String, Required: true},
		{Path: "basis", Class: record.Entries, Kind: record.Map, Required: true},
		{Path: "basis/*", Kind: record.Map},
		{Path: "basis/*/law", Kind: record.String, Required: true},
		{Path: "basis/*/article", Kind: record.String},
		{Path: "basis/*/text", Kind: record.String},
		{Path: "fine", Kind: record.Map},
		{Path: "fine/citizenMax", Kind: record.Number},
		{Path: "fine/unitMax", Kind: record.Number},
		{Path: "fine/min", Kind: record.Number},
		{Path: "fine/max", Kind: record.Number},
		{Path: "summary", Kind: record.Bool},
		{Path: "field", Kind: record.String, Required: true},
		{Path: "validFrom", Kind: record.Date, Required: true},
		{Path: "validTo", Kind: record.Date},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
		{Path: "note", Kind: record.String},
	},
	Transitions: map[string][]string{"": {Published, Suspended}, Published: {Suspended, Cancelled},
		Suspended: {Published, Cancelled}},
}

// Calendars declares the collection of notices on days off, one record a year, so that a handheld counts working days without a network and a new
// notice needs no new program. The text has the form that calendar.Import reads.
var Calendars = record.Collection{
	Name: "calendars", Schema: 1, Scope: record.District,
	Fields: []record.Field{
		{Path: "year", Kind: record.String, Required: true}, // YYYY
		{Path: "notice", Kind: record.String, Required: true},
		{Path: "text", Kind: record.String, Required: true},
	},
}
