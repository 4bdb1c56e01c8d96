package collections

import "github.com/fieldwarden/fieldwarden/domain/record"

// The states of a finding.
const (
	FindingOpen      = "open"
	FindingExplained = "explained"
	FindingConfirmed = "confirmed"
	FindingClosed    = "closed"
)

// Findings declares what gates have flagged: the server raises a finding, people explain, confirm and close it.
var Findings = record.Collection{
	Name: "findings", Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "unit", Class: record.Server, Kind: record.String, Required: true},
		{Path: "code", Class: record.Server, Kind: record.String, Required: true},
		{Path: "basis", Class: record.Server, Kind: record.String},
		{Path: "collection", Class: record.Server, Kind: record.String},
		{Path: "record", Class: record.Server, Kind: record.String},
		{Path: "op", Class: record.Server, Kind: record.String},
		{Path: "field", Class: record.Server, Kind: record.String},
		{Path: "zh", Class: record.Server, Kind: record.String, Required: true},
		{Path: "en", Class: record.Server, Kind: record.String, Required: true},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
		{Path: "explanation", Kind: record.String},
	},
	Transitions: map[string][]string{
		"":               {FindingOpen},
		FindingOpen:      {FindingExplained, FindingConfirmed, FindingClosed},
		FindingExplained: {FindingConfirmed, FindingClosed, FindingOpen},
		FindingConfirmed: {FindingClosed},
	},
}

// Conflicts declares what could not stand both ways: both sides, for people to decide. The decision's effect on the record
// is an op of its own, in the same txn as the op that resolves the conflict.
var Conflicts = record.Collection{
	Name: "conflicts", Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "unit", Class: record.Server, Kind: record.String, Required: true},
		{Path: "collection", Class: record.Server, Kind: record.String, Required: true},
		{Path: "record", Class: record.Server, Kind: record.IDKind, Required: true},
		{Path: "version", Class: record.Server, Kind: record.Number},
		{Path: "ours", Class: record.Server, Kind: record.IDKind, Required: true},
		{Path: "theirs", Class: record.Server, Kind: record.String},
		{Path: "author", Class: record.Server, Kind: record.IDKind},
		{Path: "fields", Class: record.Server, Kind: record.Map, Required: true},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
		{Path: "resolution", Kind: record.Map},
		{Path: "reason", Kind: record.String},
	},
	Transitions: map[string][]string{"": {"open"}, "open": {"resolved"}},
}
