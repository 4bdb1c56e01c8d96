package evidence

import "github.com/fieldwarden/fieldwarden/domain/record"

// Evidence declares the collection of recordings. What a device says of a recording is said once: digest, length and times
// never change; what the server holds of it is the server's to write.
var Evidence = record.Collection{
	Name: "evidence", Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "unit", Kind: record.String, Required: true},
		{Path: "inspection", Kind: record.IDKind},
		{Path: "step", Kind: record.String},
		{Path: "kind", Class: record.Frozen, Kind: record.String, Required: true},
		{Path: "officer", Class: record.Frozen, Kind: record.IDKind, Required: true},
		{Path: "startedAt", Class: record.Frozen, Kind: record.Time, Required: true},
		{Path: "endedAt", Class: record.Frozen, Kind: record.Time, Required: true},
		{Path: "mime", Class: record.Frozen, Kind: record.String, Required: true},
		{Path: "length", Class: record.Frozen, Kind: record.Number, Required: true},
		{Path: "sha256", Class: record.Frozen, Kind: record.String, Required: true},
		{Path: "place", Class: record.Frozen, Kind: record.Map},
		{Path: "segments", Class: record.Append, Kind: record.Map},
		{Path: "note", Kind: record.String},
		{Path: "custody", Class: record.Server, Kind: record.Map},
		{Path: "partners", Class: record.Entries, Kind: record.Map},
		{Path: "partners/*", Kind: record.Map},
	},
	Shared:     true,
	Follows:    "inspection",
	Closed:     held,
	FrozenWhen: func(record.Object) bool { return true },
	Gates:      []record.Gate{wellFormed},
}

// held reports whether the server holds the bytes: until then the recording is somebody's work.
func held(body record.Object) bool {
	custody, _ := body["custody"].(record.Object)
	return custody["state"] == string(CustodyHeld)
}
