package collections

import (
	"maps"
	"strconv"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

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
//
// schema is the form of the record's collection that fields are in, the newest when the conflict arose; absent it is 1. older has the same by
// the numbers of the forms before it that were spoken then. Who speaks one of those is told that one: see [shownConflict].
// resolutionSchema is the form in which resolution is made, schema if absent.
var Conflicts = record.Collection{
	Name: "conflicts", Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "unit", Class: record.Server, Kind: record.String, Required: true},
		{Path: "collection", Class: record.Server, Kind: record.String, Required: true},
		{Path: "record", Class: record.Server, Kind: record.IDKind, Required: true},
		{Path: "version", Class: record.Server, Kind: record.Number},
		{Path: "schema", Class: record.Server, Kind: record.Number},
		{Path: "ours", Class: record.Server, Kind: record.IDKind, Required: true},
		{Path: "theirs", Class: record.Server, Kind: record.String},
		{Path: "author", Class: record.Server, Kind: record.IDKind},
		{Path: "fields", Class: record.Server, Kind: record.Map, Required: true},
		{Path: "older", Class: record.Server, Kind: record.Map},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
		{Path: "resolution", Class: record.Entries, Kind: record.Map},
		{Path: "resolution/*", Kind: record.Map},
		{Path: "resolution/*/take", Kind: record.String, Required: true},
		{Path: "resolution/*/value"},
		{Path: "resolutionSchema", Kind: record.Number},
		{Path: "reason", Kind: record.String},
		{Path: "appliedAs", Class: record.Server, Kind: record.IDKind},
	},
	Transitions: map[string][]string{"": {ConflictOpen}, ConflictOpen: {ConflictResolved}},
	Closed:      func(body record.Object) bool { return body["state"] == ConflictResolved },
	Follows:     "record",
	Shown:       shownConflict,
}

// shownConflict tells a conflict in the form that somebody speaks of the collection it is about.
func shownConflict(body record.Object, form func(collection string) int) record.Object {
	about, _ := body["collection"].(string)
	schema := form(about)
	fields, told := conflictFields(body, schema)
	if !told || schema == conflictSchema(body) {
		return body
	}
	out := maps.Clone(body)
	delete(out, "older")
	out["fields"], out["schema"] = fields, float64(schema)
	return out
}

// conflictSchema is the form that the fields of a conflict are in.
func conflictSchema(body record.Object) int {
	if schema, ok := body["schema"].(float64); ok {
		return int(schema)
	}
	return 1
}

// conflictFields are the fields of a conflict in a form, if it has them in that.
func conflictFields(body record.Object, schema int) (fields record.Object, ok bool) {
	if schema == conflictSchema(body) {
		fields, ok = body["fields"].(record.Object)
		return fields, ok
	}
	older, _ := body["older"].(record.Object)
	fields, ok = older[strconv.Itoa(schema)].(record.Object)
	return fields, ok
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
		{Path: "schema", Class: record.Server, Kind: record.Number},
		{Path: "patch", Class: record.Server, Kind: record.Map},
		{Path: "occurredAt", Class: record.Server, Kind: record.Time},
		{Path: "code", Class: record.Server, Kind: record.String, Required: true},
		{Path: "zh", Class: record.Server, Kind: record.String},
		{Path: "en", Class: record.Server, Kind: record.String},
		{Path: "field", Class: record.Server, Kind: record.String},
		{Path: "heldBy", Class: record.Server, Kind: record.String},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
		{Path: "amendment", Kind: record.Map},
		{Path: "amendmentSchema", Kind: record.Number},
		{Path: "reason", Kind: record.String},
		{Path: "appliedAs", Class: record.Server, Kind: record.IDKind},
	},
	Transitions: map[string][]string{"": {LetterOpen}, LetterOpen: {LetterRetried, LetterDiscarded}},
	Closed:      func(body record.Object) bool { return body["state"] != LetterOpen },
	Follows:     "record",
}
