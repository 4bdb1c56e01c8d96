package evidence

import "time"

// Class says how long a thing must be kept at least. A longer class always wins over a shorter one, and a legal hold over all.
type Class string

// The classes of retention.
const (
	General  Class = "general"   // recordings that belong to no case: 执法音像资料
	CaseFile Class = "case_file" // what is part of a case file: 一般案卷
)

// term is the least time of a class.
type term struct {
	Years, Months int
	Basis         string
}

// terms is the table of retention. A recording begins as General when it is taken into custody; becoming part of a case file
// extends it. Files that are kept for ever (重要案卷) are held, not given a term.
var terms = map[Class]term{
	General:  {Months: 6, Basis: "执法音像记录保存不少于六个月（一般要求；地方另有规定的从其规定）"},
	CaseFile: {Years: 30, Basis: "国家档案局令第8号：一般案卷三十年"},
}

// KeepUntil is the moment until which a thing of the class must be kept, counted from when the server took it. An unknown
// class is kept for the longest term: in doubt nothing is lost.
func KeepUntil(c Class, from time.Time) time.Time {
	t, known := terms[c]
	if !known {
		t = terms[CaseFile]
	}
	return from.AddDate(t.Years, t.Months, 0)
}
