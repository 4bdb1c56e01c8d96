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
	b, found, err := i.block(ctx)
	if err != nil {
		return err
	}
	if !found {
		i.say(NotLeased, "number", fmt.Sprintf("编号%s不在本设备领取的号段内", i.in.NumberText),
			fmt.Sprintf("number %d of %s is of no block that this device holds", i.in.N, i.in.Series))
		return nil
	}
	i.judgeBlock(b)
	i.judgeLife(b)
	return nil
}

// askBlock foresees the block that a patch names.
func askBlock(patch record.Object) []record.Lookup {
	if id := text(object(patch, "number"), "block"); record.IsID(id) {
		return []record.Lookup{{Collection: Blocks.Name, Value: id}}
	}
	return nil
}

// block finds the block that the paper's number is from: the one it names, or else of the device's those with the number. A block that has moved away
// still tells what its numbers look like. A number that the draft has already is from the device that wrote it there; who signs last issues the paper on another.
func (i *issue) block(ctx context.Context) (b LeasedBlock, found bool, err error) {
	drafted := i.ev.Before != nil && record.Equal(i.ev.Before["number"], i.ev.After["number"])
	of := func(id string, body record.Object) bool {
		b = ReadLeasedBlock(id, body)
		return (drafted || b.Device == i.ev.Device) && b.Series == i.in.Series && i.in.N >= b.From && i.in.N <= b.To
	}
	if id := text(object(i.ev.After, "number"), "block"); id != "" {
		body, there, err := i.facts.Find(ctx, Blocks.Name, id)
		return b, there && of(id, body), err
	}
	blocks, err := i.facts.Match(ctx, Blocks.Name, "device", i.ev.Device)
	for _, id := range slices.Sorted(maps.Keys(blocks)) {
		if of(id, blocks[id]) {
			return b, true, err
		}
	}
	return b, false, err
}

// judgeBlock judges a number against what its block is for.
func (i *issue) judgeBlock(b LeasedBlock) {
	year := i.in.IssuedAt.In(record.Beijing).Year()
	switch {
	case b.Kind != i.in.Kind:
		i.say(WrongSeries, "number/series", "编号属于另一种文书", "the number is of another kind of paper")
	case b.Organ == "" || !strings.HasPrefix(i.in.Unit, b.Organ):
		i.say(WrongSeries, "number/series", "编号属于另一机关", "the number is of another organ")
	case b.Year != year:
		i.say(WrongSeries, "number/series", fmt.Sprintf("编号属于%d年，文书签发于%d年", b.Year, year),
			fmt.Sprintf("the number is of %d, the paper of %d", b.Year, year))
	}
	if b.Pattern != "" && i.in.NumberText != b.Text(i.in.N) {
		i.say(WrongText, "number/text", "编号文字与号段不符，应为"+b.Text(i.in.N), "the number should read "+b.Text(i.in.N))
	}
}

// judgeLife judges a number against what has become of its block. A paper that was issued in time counts, however late it comes; a number that was in
// doubt because its device was lost is in doubt no more.
func (i *issue) judgeLife(b LeasedBlock) {
	if !b.Has(i.in.N) {
		i.say(MovedOn, "number", "设备遗失后，该编号已转给另一设备", "the number went to another device when this one was lost")
	}
	if r, ok := b.Returned(i.in.N); ok {
		i.say(GivenBack, "number", "该编号已于"+minute(r.At)+"交回", "the number was given back at "+r.At.UTC().Format(time.RFC3339))
	}
	end := b.ExpiresAt
	switch {
	case i.ev.Latest.Before(end):
	case !i.ev.Earliest.Before(end):
		i.say(LeaseOver, "number", "号段已于"+minute(end)+"到期", "the block had expired at "+end.UTC().Format(time.RFC3339))
	default:
		i.say(LeaseDoubtful, "number", "号段于"+minute(end)+"到期，无法确定签发时是否已到期",
			"the block expired at "+end.UTC().Format(time.RFC3339)+"; it is uncertain whether that was before the issue")
	}
}
