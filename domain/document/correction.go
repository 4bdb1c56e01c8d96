package document

import (
	"context"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Correction is what a paper says of the one that it corrects (更正).
type Correction struct {
	Document string // record of the other paper
	Name     string // of that paper, as it prints
	Number   string // "" for a paper without one
	Reason   string // what was wrong
}

// CorrectionOf reads what a paper corrects; false when it corrects none.
func CorrectionOf(body record.Object) (Correction, bool) {
	o := object(body, "corrects")
	return Correction{Document: text(o, "document"), Name: text(o, "name"), Number: text(o, "number"), Reason: text(o, "reason")}, o != nil
}

// Text is how the new paper names the old one: 本文书更正《当场行政处罚决定书》（津河东东新执当罚决字〔2026〕第12号）。更正事由：当事人姓名有误。
func (c Correction) Text() string {
	out := "本文书更正" + referenceText(record.Object{"name": c.Name, "number": c.Number}) + "。"
	if reason := strings.TrimRight(strings.TrimSpace(c.Reason), "。"); reason != "" {
		out += "更正事由：" + reason + "。"
	}
	return out
}

// The ways in which a correction does not hold.
const (
	CorrectionFlawed  = "correction.form"    // it does not say which paper, or why
	CorrectionUnknown = "correction.unknown" // the paper that it corrects is not on record
	CorrectionOfVoid  = "correction.state"   // … is a draft, or void
	CorrectionOfOther = "correction.kind"    // … is of another kind
	CorrectionNotOurs = "correction.organ"   // … is of another organ
	CorrectionEarly   = "correction.order"   // … was issued later
	CorrectionAgain   = "correction.again"   // … has been corrected by another paper: that one is to be corrected
)

// correctionBasis is where it stands that a written decision is changed by another one. [check]
const correctionBasis = "行政处罚法第七十五条（行政机关发现有错误的，应当主动改正）"

func correctionGate(cal Calendar) record.Gate {
	return record.Gate{Code: "correction", Basis: correctionBasis, Effect: record.Flag, Judge: onIssue(judgeCorrection, cal)}
}

// judgeCorrection: only an issued paper is corrected, by a later one of its kind and organ that names it and says why. Voiding is no correction:
// it takes a paper away, a correction puts another in its place.
func judgeCorrection(ctx context.Context, i *issue) error {
	c, corrects := CorrectionOf(i.ev.After)
	if !corrects {
		return nil
	}
	for _, f := range checkReference(object(i.ev.After, "corrects")) {
		i.say(CorrectionFlawed, "corrects/"+f.Path, f.Zh, f.En)
	}
	if strings.TrimSpace(c.Reason) == "" {
		i.say(CorrectionFlawed, "corrects/reason", "未注明更正事由", "a correction must say what was wrong")
	}
	body, found, err := i.facts.Find(ctx, Documents.Name, c.Document)
	if err != nil {
		return err
	}
	if !found || c.Document == i.ev.Op.Record {
		i.say(CorrectionUnknown, "corrects/document", "所更正的文书没有记录", "the paper to be corrected is not on record")
		return nil
	}
	i.judgeCorrected(c, ReadInstance(body))
	return i.judgeAgain(ctx, c, ReadInstance(body))
}

func (i *issue) judgeCorrected(c Correction, old Instance) {
	switch {
	case old.State != Issued:
		i.say(CorrectionOfVoid, "corrects/document", "所更正的文书未签发或者已作废，不能更正", "a paper that is a draft or void cannot be corrected")
	case old.IssuedAt.After(i.in.IssuedAt):
		i.say(CorrectionEarly, "corrects/document", "所更正的文书签发于本文书之后", "the paper to be corrected was issued after this one")
	}
	if old.Kind != i.in.Kind {
		i.say(CorrectionOfOther, "corrects/document", "更正应使用同一种文书", "a paper is corrected by one of its own kind")
	}
	if !sameOrgan(old, i.in) {
		i.say(CorrectionNotOurs, "corrects/document", "所更正的文书属于另一机关", "the paper to be corrected is another organ's")
	}
	if old.NumberText != c.Number {
		i.say(CorrectionFlawed, "corrects/number", "所更正文书的文号应为“"+old.NumberText+"”", "the number of the paper to be corrected is "+old.NumberText)
	}
}

// sameOrgan reports whether two papers are of one organ: a team acts in the name of the one above it.
func sameOrgan(a, b Instance) bool {
	return strings.HasPrefix(a.Unit, b.Unit) || strings.HasPrefix(b.Unit, a.Unit)
}

// puts reports whether a paper puts itself in the place of another: only an issued one of its kind and organ does. What else names it is found, and changes
// nothing of it: nobody can take away the paper of another organ.
func (in Instance) puts(old Instance) bool {
	return in.State == Issued && in.Kind == old.Kind && sameOrgan(in, old)
}

// judgeAgain: a paper is corrected once; what is wrong with the correction is corrected there.
func (i *issue) judgeAgain(ctx context.Context, c Correction, old Instance) error {
	others, err := i.facts.Match(ctx, Documents.Name, "corrects/document", c.Document)
	for id, body := range others {
		if other := ReadInstance(body); id != i.ev.Op.Record && other.puts(old) {
			i.say(CorrectionAgain, "corrects/document", "该文书已经更正，应更正最近一份文书", "the paper has been corrected already: correct the newest one")
			break
		}
	}
	return err
}

// CorrectedBy finds the issued paper that corrects another, the first if there are several: what the server writes into "correctedBy" of the
// corrected one, {document, name?, number?, at}. nil when there is none.
func CorrectedBy(ctx context.Context, facts record.Facts, id string, old Instance) (record.Object, error) {
	others, err := facts.Match(ctx, Documents.Name, "corrects/document", id)
	var first record.Object
	for other, body := range others {
		in := ReadInstance(body)
		if !in.puts(old) || other == id {
			continue
		}
		by := record.Object{"document": other, "at": text(body, "issuedAt")}
		if kind, known := KindOf(in.Kind); known {
			by["name"] = kind.Name
		}
		if in.NumberText != "" {
			by["number"] = in.NumberText
		}
		if first == nil || before(in, other, first, others) {
			first = by
		}
	}
	return first, err
}

func before(in Instance, id string, first record.Object, all map[string]record.Object) bool {
	than := ReadInstance(all[text(first, "document")])
	return in.IssuedAt.Before(than.IssuedAt) || in.IssuedAt.Equal(than.IssuedAt) && id < text(first, "document")
}
