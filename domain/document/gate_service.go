package document

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// serviceBasis is where the modes of service stand; a finding names the article of its own.
const serviceBasis = "行政处罚法第六十一条，民事诉讼法第八十七条至第九十五条"

// serviceGate judges receipts of service: proofs, day, order, and how late.
func serviceGate(cal Calendar) record.Gate {
	return record.Gate{Code: "service", Basis: serviceBasis, Effect: record.Flag, Judge: onIssue(judgeService, cal)}
}

func judgeService(ctx context.Context, i *issue) error {
	if i.in.Kind != ServiceReceipt {
		return nil
	}
	r, err := readReceipt(ctx, i.facts, i.in)
	if err != nil {
		return err
	}
	m, on, err := r.day(i.due)
	for _, p := range r.missing() {
		test := proofTests[p.Proof]
		i.say(test.code, test.fields[0], test.zh, test.en)
		i.breaches[len(i.breaches)-1].Basis = p.Basis
	}
	before := len(i.breaches)
	i.judgeDay(m, on, err)
	for n := range i.breaches[before:] {
		i.breaches[before+n].Basis = m.Basis
	}
	return i.judgeServed(ctx, on)
}

// judgeDay compares the day that the receipt claims with the one that the law gives.
func (i *issue) judgeDay(m Mode, on time.Time, calendar error) {
	claimed, _ := dayIn(text(i.in.Data, "servedAt"))
	switch {
	case m.Key == "":
		i.say(ServiceMode, "data/mode", "没有这种送达方式", "there is no such mode of service")
	case calendar != nil:
		i.say(ServiceDate, "data/servedAt", "送达日期无法核对："+calendar.Error(), "the day cannot be checked: "+calendar.Error())
	case on.IsZero():
		i.say(ServiceDate, "data/servedAt", m.Name+"的送达日期无从确定", "nothing tells the day of service")
	case on.Format(time.DateOnly) < m.From || m.N == 0 && m.To != "" && on.Format(time.DateOnly) > m.To:
		i.say(ServiceMode, "data/mode", "送达当日没有这种送达方式", "there was no such mode of service on that day")
	case !claimed.Equal(on):
		i.say(ServiceDate, "data/servedAt", m.Name+"的送达日期应为"+day(on), "the day of service is "+on.Format(time.DateOnly))
	case m.By != datedByPublication && on.After(dayOf(i.in.IssuedAt)):
		i.say(ServiceDate, "data/servedAt", "送达日期晚于送达回证的签发日期", "served after the receipt was issued")
	}
}

// judgeServed judges the service against the paper that was served.
func (i *issue) judgeServed(ctx context.Context, on time.Time) error {
	id := text(object(i.in.Data, "paper"), "document")
	body, _, err := i.facts.Find(ctx, Documents.Name, id)
	paper := ReadInstance(body)
	switch {
	case err != nil:
		return err
	case body == nil || !sameOrgan(i.in, paper): // alike, so that nobody learns of another organ's papers
		i.say(ServicePaper, "data/paper", "本机关没有所送达文书的记录", "this organ has no record of the paper that was served")
		return nil
	case paper.State != Issued:
		i.say(ServicePaper, "data/paper", "所送达的文书未签发或者已作废", "the paper that was served is not issued, or is void")
		return nil
	case on.IsZero():
		return nil
	case on.Before(dayOf(paper.IssuedAt)):
		i.say(ServiceEarly, "data/servedAt", "送达日期早于文书签发日期（"+day(paper.IssuedAt)+"）", "served before the paper was issued")
	}
	i.judgeLate(paper, on)
	for _, r := range rulesOf(paper.Kind) {
		if r.Test == "ahead" {
			before := len(i.breaches)
			i.aheadFrom(r, paper.Data, on)
			for n := range i.breaches[before:] {
				i.breaches[before+n].Basis, i.breaches[before+n].Field = r.Basis, "data/servedAt"
			}
		}
	}
	return nil
}

// judgeLate is G18: a decision is handed over on the spot or within seven working days.
func (i *issue) judgeLate(paper Instance, on time.Time) {
	for _, e := range effectsOf(paper.Kind) {
		if e.ID != ServeBy {
			continue
		}
		last, err := i.due(dayOf(paper.IssuedAt), e.N, e.Unit, e.Roll)
		switch {
		case err != nil:
			i.say(ServiceLate, "data/servedAt", "送达期限无法核对："+err.Error(), "the limit cannot be checked: "+err.Error())
		case on.After(last):
			i.say(ServiceLate, "data/servedAt", "最迟应于"+day(last)+"送达，实际于"+day(on)+"送达", "to be served by "+last.Format(time.DateOnly)+", served on "+on.Format(time.DateOnly))
		default:
			continue
		}
		i.breaches[len(i.breaches)-1].Basis = e.Basis
	}
}
