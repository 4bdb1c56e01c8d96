package document

// What the published schema of templates must name as well.
var (
	FieldKinds  = fieldKinds
	ColumnKinds = columnKinds
	BlockKinds  = blockKinds
	Reserved    = reserved
)

// QuestionOf is which question a field asks.
var QuestionOf = questionOf

// Covers reports whether the condition holds whenever the other does.
func (c Condition) Covers(other Condition) bool { return c.covers(other) }

// SignerRoles are the roles that the language knows.
var SignerRoles = roles
