package document

import (
	"context"
	"time"
)

// momentSlack is by how much the time of issue may differ from when the paper was issued: signing takes a while, and clocks differ.
const momentSlack = time.Hour

// judgeMoment compares the time of issue that a paper claims with when its author issued it, as far as the server knows. What the law counts from the issue, or up to
// it, is counted by that time: one that is set back or ahead would keep every term. A paper that was written by hand and is entered later is found too, and
// somebody says so.
func judgeMoment(_ context.Context, i *issue) error {
	claimed := i.in.IssuedAt
	if claimed.IsZero() || i.ev.Earliest.IsZero() { // the first is told by the form; nobody claims anything about what the server does itself
		return nil
	}
	switch {
	case claimed.After(i.ev.Latest.Add(momentSlack)):
		i.say(WrongMoment, "issuedAt", "签发时间（"+minute(claimed)+"）晚于实际签发操作的时间（"+minute(i.ev.Latest)+"），请说明",
			"the time of issue is after "+i.ev.Latest.UTC().Format(time.RFC3339)+", when it was issued: explain")
	case claimed.Before(i.ev.Earliest.Add(-momentSlack)):
		i.say(WrongMoment, "issuedAt", "签发时间（"+minute(claimed)+"）早于实际签发操作的时间（"+minute(i.ev.Earliest)+"）；事后补录的，请说明",
			"the time of issue is before "+i.ev.Earliest.UTC().Format(time.RFC3339)+", when it was issued: if it was entered afterwards, say so")
	}
	return nil
}
