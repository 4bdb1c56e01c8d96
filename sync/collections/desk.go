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
	Closed:  func(body record.Object) bool { return body["state"] == FindingClosed },
	Follows: "record",
}

// The states of a conflict.
const (
	ConflictOpen     = "open"
	ConflictResolved = "resolved"
)

// Conflicts declares what could not stand both ways: both sides, for people to decide, field by field and with a reason. resolution
// maps each path of fields to {take: ours | theirs | value, value?}. Resolving makes the edit of the record itself, in the
// same transaction; appliedAs names the op that does.
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
		{Path: "resolution", Class: record.Entries, Kind: record.Map},
		{Path: "resolution/*", Kind: record.Map},
		{Path: "resolution/*/take", Kind: record.String, Required: true},
		{Path: "resolution/*/value"},
		{Path: "reason", Kind: record.String},
		{Path: "appliedAs", Class: record.Server, Kind: record.IDKind},
	},
	Transitions: map[string][]string{"": {ConflictOpen}, ConflictOpen: {ConflictResolved}},
	Closed:      func(body record.Object) bool { return body["state"] == ConflictResolved },
	Follows:     "record",
}

// The states of a dead letter.
const (
	LetterOpen      = "open"
	LetterRetried   = "retried"
	LetterDiscarded = "discarded"
)

// DeadLetters declares what is kept of an op that did not stand, for people to look after. kind is rejected, held or quarantined (out of
// its author's scope). Retrying applies the op again in its author's name, or the amendment in place of its patch, in the same
// transaction; appliedAs names the op that does.
var DeadLetters = record.Collection{
	Name: "deadletters", Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "unit", Class: record.Server, Kind: record.String, Required: true},
		{Path: "kind", Class: record.Server, Kind: record.String, Required: true},
		{Path: "op", Class: record.Server, Kind: record.String, Required: true},
		{Path: "seq", Class: record.Server, Kind: record.Number},
		{Path: "device", Class: record.Server, Kind: record.IDKind, Required: true},
		{Path: "author", Class: record.Server, Kind: record.String},
		{Path: "collection", Class: record.Server, Kind: record.String},
		{Path: "record", Class: record.Server, Kind: record.String},
		{Path: "action", Class: record.Server, Kind: record.String},
		{Path: "patch", Class: record.Server, Kind: record.Map},
		{Path: "occurredAt", Class: record.Server, Kind: record.Time},
		{Path: "code", Class: record.Server, Kind: record.String, Required: true},
		{Path: "zh", Class: record.Server, Kind: record.String},
		{Path: "en", Class: record.Server, Kind: record.String},
		{Path: "field", Class: record.Server, Kind: record.String},
		{Path: "heldBy", Class: record.Server, Kind: record.String},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
		{Path: "amendment", Kind: record.Map},
		{Path: "reason", Kind: record.String},
		{Path: "appliedAs", Class: record.Server, Kind: record.IDKind},
	},
	Transitions: map[string][]string{"": {LetterOpen}, LetterOpen: {LetterRetried, LetterDiscarded}},
	Closed:      func(body record.Object) bool { return body["state"] != LetterOpen },
	Follows:     "record",
}
