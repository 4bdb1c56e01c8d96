package document

import (
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The kinds of papers that rules of law name. Others have names of their own in their templates.
const (
	InspectionRecord = "inspection-record" // 现场检查（勘验）笔录
	SummaryPenalty   = "summary-penalty"   // 当场行政处罚决定书
)

// FieldKind is the form of a field's value in a paper's data.
type FieldKind string

// The kinds of fields, with the form of the value.
const (
	Line      FieldKind = "text"      // string of one line
	LongText  FieldKind = "longtext"  // string; paragraphs are separated by line breaks
	Money     FieldKind = "money"     // number: yuan, at most two decimals, not negative
	Number    FieldKind = "number"    // number
	Date      FieldKind = "date"      // YYYY-MM-DD in Beijing
	Time      FieldKind = "time"      // RFC 3339
	Place     FieldKind = "place"     // {address, longitude?, latitude?, datum?}: datum (CGCS2000, WGS-84, GCJ-02, BD-09) whenever there are coordinates
	Party     FieldKind = "party"     // {kind, name, uscc?, idType?, idNumber?, representative?, sex?, birth?, employer?, address?, phone?}
	Provision FieldKind = "provision" // {law, article, text?}
	Enum      FieldKind = "enum"      // one of the options' keys
	Checklist FieldKind = "checklist" // {<id>: {order, text, value, note?}}: what was asked and found, as it was signed

	QA          FieldKind = "qa"          // {<id>: {order, question, answer}}
	List        FieldKind = "list"        // {<id>: {order, <column>: value}}: rows of the columns that the template declares
	Period      FieldKind = "period"      // {n, unit, last}: see Span
	DocumentRef FieldKind = "documentRef" // {document, name, number?}: another paper, by its record and as it is printed
	Credit      FieldKind = "credit"      // unified social credit code, its check digits right
	IDNumber    FieldKind = "idNumber"    // resident identity number, its check digit right
	Pictures    FieldKind = "pictures"    // {<id>: {order, evidence, sha256, length, caption, at, place, by}}: see PictureRef
)

var fieldKinds = []FieldKind{Line, LongText, Money, Number, Date, Time, Place, Party, Provision, Enum, Checklist,
	QA, List, Period, DocumentRef, Credit, IDNumber, Pictures}

// Template is a kind of paper as data: what is entered, who signs, and how it looks.
type Template struct {
	Kind      string
	Name      string // as it stands over the paper
	Version   int
	ValidFrom string
	Fields    []Field
	Signers   []Signer
	Layout    []Block
	Number    *Numbering         // nil for papers without a number
	Limits    map[string]float64 // yuan that a fine on the spot may reach, by kind of party
	Terms     map[string]string  // words of the law that the layout names: organs of remedy, periods
}

// Field is one thing that is entered.
type Field struct {
	ID           string
	Label        Text
	Kind         FieldKind
	Required     bool
	RequiredWhen Condition // required when it holds; empty: see Required
	MaxLength    int       // characters, of a QA those of one answer; 0: the kind's own limit
	Options      []Option  // of an Enum
	Columns      []Field   // of a List; each has ID, Label, Kind, Required, MaxLength, Options and Width
	Width        float64   // of a column, in parts of the whole; 0: as wide as the others
	MaxRows      int       // of a QA or a List, 0: 200; of Pictures, 0: 20
	Drawn        bool      // of Pictures: they are drawings and no photographs
	From         string    // of a Period: the field of kind Date or Time that says the day it begins
	Roll         bool      // of a Period: a last day that is a day off moves to the next working day
}

// Option is one choice of an Enum.
type Option struct {
	Value string
	Label Text
}

// Role is who a signature is of.
type Role string

// The roles of those who sign. The last five sign for themselves: see [Role.Own].
const (
	ByParty    Role = "party"    // 当事人
	ByOfficer  Role = "officer"  // 执法人员
	ByRecorder Role = "recorder" // 记录人
	ByWitness  Role = "witness"  // 见证人
	ByUnit     Role = "unit"     // 承办机构负责人
	ByLegal    Role = "legal"    // 法制审核人员
	ByHead     Role = "head"     // 行政机关负责人
	ByHost     Role = "host"     // 听证主持人
	ByMember   Role = "member"   // 参加集体讨论的负责人
)

var roles = []Role{ByParty, ByOfficer, ByRecorder, ByWitness, ByUnit, ByLegal, ByHead, ByHost, ByMember}

// Signer is a place for signatures.
type Signer struct {
	ID        string
	Role      Role
	Label     Text
	Count     int       // signatures there must be; 0 when the place may stay empty
	EveryPage bool      // the first signature also stands at the foot of every page
	When      Condition // nobody signs here unless it holds
	Fields    []string  // ids of the fields that are filled in with this signature and not before it: an opinion
}

// ReadTemplate reads a template's body. What is wrong with it is for [Lint] to tell.
func ReadTemplate(body record.Object) Template {
	t := Template{Kind: text(body, "kind"), Name: text(body, "name"), Version: whole(body, "version"),
		ValidFrom: text(body, "validFrom"), Limits: map[string]float64{}, Terms: map[string]string{}}
	for _, e := range ordered(object(body, "fields")) {
		t.Fields = append(t.Fields, readField(e))
	}
	for _, e := range ordered(object(body, "signers")) {
		t.Signers = append(t.Signers, Signer{ID: e.id, Role: Role(text(e.body, "role")), Label: words(e.body, "label"),
			Count: whole(e.body, "count"), EveryPage: truth(e.body, "everyPage"), When: condition(e.body, "when"), Fields: texts(e.body["fields"])})
	}
	for _, e := range ordered(object(body, "layout")) {
		t.Layout = append(t.Layout, readBlock(e))
	}
	if n := object(body, "number"); n != nil {
		t.Number = &Numbering{Token: text(n, "token"), Word: text(n, "word"), Prefix: text(n, "prefix"), Padding: whole(n, "padding")}
	}
	for kind := range object(body, "limits") {
		t.Limits[kind] = amount(object(body, "limits"), kind)
	}
	for name := range object(body, "terms") {
		t.Terms[name] = text(object(body, "terms"), name)
	}
	return t
}

func readField(e entry) Field {
	f := Field{ID: e.id, Label: words(e.body, "label"), Kind: FieldKind(text(e.body, "kind")), Required: truth(e.body, "required"),
		RequiredWhen: condition(e.body, "requiredWhen"), MaxLength: whole(e.body, "maxLength")}
	for _, o := range ordered(object(e.body, "options")) {
		f.Options = append(f.Options, Option{Value: o.id, Label: words(o.body, "label")})
	}
	f.Width, f.MaxRows, f.From, f.Roll = amount(e.body, "width"), whole(e.body, "maxRows"), text(e.body, "from"), truth(e.body, "roll")
	f.Drawn = truth(e.body, "drawn")
	if f.Kind == List {
		for _, c := range ordered(object(e.body, "columns")) {
			f.Columns = append(f.Columns, readField(c))
		}
	}
	return f
}

// Field finds a field by its id.
func (t *Template) Field(id string) (Field, bool) {
	i := slices.IndexFunc(t.Fields, func(f Field) bool { return f.ID == id })
	if i < 0 {
		return Field{}, false
	}
	return t.Fields[i], true
}

// required reports whether the field must have a value in the given data.
func (f Field) required(data record.Object) bool {
	return f.Required || len(f.RequiredWhen) > 0 && f.RequiredWhen.Holds(data)
}

// option finds the label of an Enum's value.
func (f Field) option(value string) (Text, bool) {
	i := slices.IndexFunc(f.Options, func(o Option) bool { return o.Value == value })
	if i < 0 {
		return Text{}, false
	}
	return f.Options[i].Label, true
}
