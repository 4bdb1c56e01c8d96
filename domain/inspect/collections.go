// Package inspect says what is inspected, by whom and how it went: the parties (subjects), the tasks, the checklists and the
// inspections. It says which edits are acts of enforcement, on which items they rely, and judges that certificates were
// shown first (G02).
//
// It must not know certificates, items or papers: who may act is judged in domain/people, and on what ground in domain/law.
package inspect

import "github.com/fieldwarden/fieldwarden/domain/record"

// The kinds of subjects.
const (
	Enterprise = "enterprise" // 企业
	Household  = "household"  // 个体工商户
	Citizen    = "citizen"    // 公民
)

// The states of a task.
const (
	TaskDraft     = "draft"
	TaskAssigned  = "assigned"
	TaskAccepted  = "accepted"
	TaskDone      = "done"
	TaskCancelled = "cancelled"
)

// The states of an inspection.
const (
	Planned   = "planned"
	Open      = "open"
	Completed = "completed"
	Cancelled = "cancelled"
)

// Checklists declares the collection of checklists: the questions of one kind of inspection, with versions.
var Checklists = record.Collection{
	Name: "checklists", Schema: 1, Scope: record.District,
	Fields: []record.Field{
		{Path: "name", Kind: record.String, Required: true},
		{Path: "field", Kind: record.String, Required: true},
		{Path: "item", Kind: record.String},
		{Path: "questions", Class: record.Entries, Kind: record.Map, Required: true},
		{Path: "questions/*", Kind: record.Map},
		{Path: "questions/*/text", Kind: record.String, Required: true},
		{Path: "questions/*/basis", Kind: record.String},
		{Path: "questions/*/answers", Kind: record.Array},
		{Path: "version", Kind: record.Number, Required: true},
		{Path: "validFrom", Kind: record.Date, Required: true},
	},
}

// Subjects declares the collection of the parties of a unit. A place is one value: latitude and longitude of two authors
// must never mix.
var Subjects = record.Collection{
	Name: "subjects", Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "kind", Kind: record.String, Required: true},
		{Path: "name", Kind: record.String, Required: true},
		{Path: "uscc", Kind: record.String},
		{Path: "idNumber", Kind: record.String},
		{Path: "representative", Kind: record.String},
		{Path: "address", Kind: record.String},
		{Path: "phone", Kind: record.String},
		{Path: "unit", Kind: record.String, Required: true},
		{Path: "place", Kind: record.Map},
	},
}

// Tasks declares the collection of tasks: who is to inspect whom, why and until when. Partners are the codes of other units that
// work on it too. Items are codes of enforcement items, or
// their record ids. An entry of officers whose role is "auxiliary" helps and is no officer of the task.
var Tasks = record.Collection{
	Name: "tasks", Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "title", Kind: record.String, Required: true},
		{Path: "unit", Kind: record.String, Required: true},
		{Path: "subject", Kind: record.IDKind},
		{Path: "kind", Kind: record.String, Required: true},
		{Path: "items", Kind: record.Array},
		{Path: "officers", Class: record.Entries, Kind: record.Map},
		{Path: "officers/*", Kind: record.Map},
		{Path: "officers/*/role", Kind: record.String},
		{Path: "due", Kind: record.String},
		{Path: "partners", Class: record.Entries, Kind: record.Map},
		{Path: "partners/*", Kind: record.Map},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
	},
	Shared: true,
	Closed: func(body record.Object) bool { return body["state"] == TaskDone || body["state"] == TaskCancelled },
	Transitions: map[string][]string{
		"":           {TaskDraft, TaskAssigned},
		TaskDraft:    {TaskAssigned, TaskCancelled},
		TaskAssigned: {TaskDraft, TaskAccepted, TaskDone, TaskCancelled},
		TaskAccepted: {TaskDone, TaskCancelled},
	},
}

// Inspections declares the collection of inspections. Completing one does not freeze it: the second officer's answers may
// still be on a handheld without a network. What is signed is the paper made from it.
var Inspections = record.Collection{
	Name: "inspections", Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "unit", Kind: record.String, Required: true},
		{Path: "task", Kind: record.IDKind},
		{Path: "subject", Kind: record.IDKind},
		{Path: "checklist", Kind: record.IDKind},
		{Path: "items", Kind: record.Array},
		{Path: "officers", Class: record.Entries, Kind: record.Map},
		{Path: "officers/*", Kind: record.Map},
		{Path: "officers/*/role", Kind: record.String},
		{Path: "state", Class: record.State, Kind: record.String, Required: true},
		{Path: "certificatesShown", Kind: record.Map},
		{Path: "certificatesShown/at", Kind: record.Time},
		{Path: "certificatesShown/officers", Kind: record.Array},
		{Path: "startedAt", Kind: record.Time},
		{Path: "endedAt", Kind: record.Time},
		{Path: "place", Kind: record.Map},
		{Path: "present", Kind: record.Map},
		{Path: "present/name", Kind: record.String},
		{Path: "present/role", Kind: record.String},
		{Path: "answers", Class: record.Entries, Kind: record.Map},
		{Path: "answers/*", Kind: record.Map},
		{Path: "answers/*/value"},
		{Path: "answers/*/note", Kind: record.String},
		{Path: "answers/*/at", Class: record.Latest, Kind: record.Time},
		{Path: "summary", Kind: record.String},
		{Path: "opinion", Kind: record.String},
		{Path: "outcomes", Kind: record.Array}, // what it came to, by document.Outcomes
		{Path: "partners", Class: record.Entries, Kind: record.Map},
		{Path: "partners/*", Kind: record.Map},
	},
	Shared:      true,
	Closed:      func(body record.Object) bool { return body["state"] == Completed || body["state"] == Cancelled },
	Transitions: map[string][]string{"": {Planned, Open}, Planned: {Open, Cancelled}, Open: {Completed, Cancelled}},
}
