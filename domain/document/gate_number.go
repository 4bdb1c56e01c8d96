package document

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// judgeNumber is G05: a numbered paper carries a number of a block that its device holds, of the right series, not expired;
// and a penalty on the spot is signed, or says why not. Whether two papers carry one number is judged where claims are kept.
func judgeNumber(ctx context.Context, i *issue) error {
	if i.in.Kind == SummaryPenalty {
		for _, f := range checkSignatures(i.t, i.in) {
			i.say(Unsigned, f.Path, f.Zh, f.En)
		}
	}
	if i.t.Number == nil && i.in.Kind != SummaryPenalty {
		return nil
	}
	if i.in.Series == "" || i.in.N == 0 || i.in.NumberText == "" {
		i.say(NumberMissing, "number", "文书没有编号", "the paper has no number")
		return nil
	}
	blocks, err := i.facts.Match(ctx, Blocks.Name, "device", i.ev.Device)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(blocks)) {
		if b := blocks[id]; text(b, "series") == i.in.Series && float64(i.in.N) >= amount(b, "from") && float64(i.in.N) <= amount(b, "to") {
			i.judgeBlock(b)
			return nil
		}
	}
	i.say(NotLeased, "number", fmt.Sprintf("编号%s不在本设备领取的号段内", i.in.NumberText),
		fmt.Sprintf("number %d of %s is of no block that this device holds", i.in.N, i.in.Series))
	return nil
}

// judgeBlock judges a number against the block it is from.
func (i *issue) judgeBlock(b record.Object) {
	organ, year := text(b, "organ"), i.in.IssuedAt.In(record.Beijing).Year()
	switch {
	case text(b, "kind") != i.in.Kind:
		i.say(WrongSeries, "number/series", "编号属于另一种文书", "the number is of another kind of paper")
	case organ == "" || !strings.HasPrefix(i.in.Unit, organ):
		i.say(WrongSeries, "number/series", "编号属于另一机关", "the number is of another organ")
	case whole(b, "year") != year:
		i.say(WrongSeries, "number/series", fmt.Sprintf("编号属于%d年，文书签发于%d年", whole(b, "year"), year),
			fmt.Sprintf("the number is of %d, the paper of %d", whole(b, "year"), year))
	}
	if pattern := text(b, "pattern"); pattern != "" && i.in.NumberText != NumberText(pattern, i.in.N) {
		i.say(WrongText, "number/text", "编号文字与号段不符，应为"+NumberText(pattern, i.in.N), "the number should read "+NumberText(pattern, i.in.N))
	}
	end := moment(b, "expiresAt")
	switch {
	case i.ev.Latest.Before(end):
	case !i.ev.Earliest.Before(end):
		i.say(LeaseOver, "number", "号段已于"+minute(end)+"到期", "the block had expired at "+end.UTC().Format(time.RFC3339))
	default:
		i.say(LeaseDoubtful, "number", "号段于"+minute(end)+"到期，无法确定签发时是否已到期",
			"the block expired at "+end.UTC().Format(time.RFC3339)+"; it is uncertain whether that was before the issue")
	}
}
