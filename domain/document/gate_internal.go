package document

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// upon: the paper names the internal one that it rests on (an approval, a review, a discussion), and that says what it must.
func (i *issue) upon(ctx context.Context, r GateRule) error {
	_, body, err := i.earlier(ctx, r)
	if err != nil || body == nil {
		return err
	}
	for range against(r, object(body, "data")) {
		i.say(r.Gate+".against", "data/"+r.Field, "“"+nameOf(i.in.Kind, r.Field)+"”的结论不是同意，不得据以作出本文书", "the "+r.Field+" does not agree to this paper")
	}
	return nil
}

// against are the fields in which the paper that is rested on says something else than it must. An older form does not ask them.
func against(r GateRule, data record.Object) []string {
	var fields []string
	for _, field := range slices.Sorted(maps.Keys(r.Says)) {
		if said := text(data, field); said != "" && !slices.Contains(r.Says[field].OneOf, said) {
			fields = append(fields, field)
		}
	}
	return fields
}

// apart: who signs in a role that the law keeps apart from the case is none of its officers, by the paper's list and by who signed as one.
func (i *issue) apart(_ context.Context, r GateRule) error {
	officers := map[string]bool{}
	for _, o := range i.in.Officers {
		officers[o.ID] = true
	}
	for _, s := range i.in.SignedBy(ByOfficer) {
		officers[s.Officer] = true
	}
	for _, s := range i.in.SignedBy(Role(r.Field)) {
		if s.Officer != "" && officers[s.Officer] {
			i.say(r.Gate+".apart", "signatures/"+s.ID+"/officer", "该签名人是本案的承办（调查）人员，不得担任此职", "who signs as "+r.Field+" is an officer of the case")
		}
	}
	return nil
}

// heard: where a hearing was held in the case, a legal review is needed, and comes after the hearing. Papers of one case are those of its inspection.
func (i *issue) heard(ctx context.Context, r GateRule) error {
	visit := text(i.ev.After, "inspection")
	if visit == "" {
		return nil
	}
	papers, err := i.facts.Match(ctx, Documents.Name, "inspection", visit)
	if err != nil {
		return err
	}
	var last time.Time
	for _, body := range papers {
		if at := moment(body, "issuedAt"); text(body, "kind") == hearingRecord && text(body, "state") == Issued && at.After(last) {
			last = at
		}
	}
	if last.IsZero() || last.After(i.in.IssuedAt) {
		return nil
	}
	id, review, err := i.other(ctx, r)
	switch at := moment(review, "issuedAt"); {
	case err != nil:
		return err
	case id == "" && !slices.Contains(i.reviewed(), text(i.in.Data, "reviewGround")):
		i.say(r.Gate+".heard", "data/"+r.Field, "本案经过听证程序，应当进行法制审核", "a hearing was held, so a legal review is needed")
	case !at.IsZero() && at.Before(last):
		i.say(r.Gate+".stale", "data/"+r.Field, "法制审核早于听证，听证后应当重新审核", "the review was before the hearing and must be done again")
	}
	return nil
}

// hearingRecord is the kind of paper that shows that a hearing was held.
const hearingRecord = "hearing-record"

// reviewed are the grounds by which a row of the table asks for a review already.
func (i *issue) reviewed() []string {
	var grounds []string
	for _, r := range rulesOf(i.in.Kind) {
		if r.Test == "upon" {
			grounds = append(grounds, r.When["reviewGround"].OneOf...)
		}
	}
	return grounds
}

// reported: what was done at once in an emergency was told to the head within so many hours.
func (i *issue) reported(_ context.Context, r GateRule) error {
	done, told := moment(i.in.Data, "doneAt"), moment(i.in.Data, r.Field)
	most := time.Duration(r.N) * time.Hour
	if done.IsZero() || told.IsZero() || told.Sub(done) <= most {
		return nil // what is missing is told by the form
	}
	i.say(r.Gate+".late", "data/"+r.Field, fmt.Sprintf("当场实施后%s才报告，超过%d小时", hoursOf(told.Sub(done)), r.N),
		fmt.Sprintf("the head was told %s after it was done, the law allows %d hours", told.Sub(done).Round(time.Minute), r.N))
	return nil
}

func hoursOf(d time.Duration) string {
	d = d.Round(time.Minute)
	return fmt.Sprintf("%d小时%d分", int(d.Hours()), int(d.Minutes())%60)
}
