package people

import "github.com/fieldwarden/fieldwarden/domain/record"

// The states of an officer's record.
const (
	Active = "active" // 在岗
	Left   = "left"   // 离岗
)

// Units declares the collection of units: the district, its departments, streets and teams. A unit's code begins with the
// code of the unit it belongs to, so that a grant over a unit reaches those below.
var Units = record.Collection{
	Name: "units", Schema: 1, Scope: record.District,
	Fields: []record.Field{
		{Path: "code", Kind: record.String, Required: true},
		{Path: "name", Kind: record.String, Required: true},
		{Path: "short", Kind: record.String},
		{Path: "kind", Kind: record.String, Required: true},
		{Path: "parent", Kind: record.String},
	},
}

// Officers declares the collection of the people of the district: who they are and which roles they hold where and when.
var Officers = record.Collection{
	Name: "officers", Schema: 1, Scope: record.District,
	Fields: []record.Field{
		{Path: "name", Kind: record.String, Required: true},
		{Path: "unit", Kind: record.String, Required: true},
		{Path: "post", Kind: record.String},
		{Path: "auxiliary", Kind: record.Bool},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
		{Path: "grants", Class: record.Entries, Kind: record.Map},
		{Path: "grants/*", Kind: record.Map},
		{Path: "grants/*/role", Kind: record.String, Required: true},
		{Path: "grants/*/unit", Kind: record.String, Required: true},
		{Path: "grants/*/from", Kind: record.Time},
		{Path: "grants/*/to", Kind: record.Time},
	},
	Transitions: map[string][]string{"": {Active}, Active: {Left}, Left: {Active}},
}

// Certificates declares the collection of enforcement certificates (行政执法证). What happened to a certificate is a set of
// dated events that can be added to and never changed; its standing at any moment follows from them.
var Certificates = record.Collection{
	Name: "certificates", Schema: 1, Scope: record.District,
	Fields: []record.Field{
		{Path: "number", Kind: record.String, Required: true},
		{Path: "officer", Kind: record.IDKind, Required: true},
		{Path: "organ", Kind: record.String, Required: true},
		{Path: "fields", Kind: record.Array},
		{Path: "area", Kind: record.Array},
		{Path: "issuedBy", Kind: record.String},
		{Path: "issuedAt", Kind: record.Date},
		{Path: "validFrom", Kind: record.Date, Required: true},
		{Path: "validTo", Kind: record.Date, Required: true},
		{Path: "events", Class: record.Append, Kind: record.Map},
		{Path: "events/*", Kind: record.Map},
		{Path: "events/*/kind", Kind: record.String, Required: true},
		{Path: "events/*/at", Kind: record.Time, Required: true},
		{Path: "events/*/reason", Kind: record.String},
	},
}
