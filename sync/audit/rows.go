package audit

import (
	"bytes"
	"context"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// rows checks that the columns beside an op's text say what is in the text, in the outcome and in the push: they are what is searched and
// sorted by. The texts of ops that are in no device's chain are checked here too.
func (a *Auditor) rows(ctx context.Context, r *Report) error {
	return a.Reader.AllOps(ctx, func(row Row) error {
		where := "op/" + row.ID
		op, err := wire.Open(bytes.Clone(row.Text))
		if err != nil {
			r.add("chain", where, "操作内容无法解析", "the op's text cannot be read")
			return nil
		}
		if !row.repeats(op) {
			r.add("chain", where, "操作的登记项与其内容不符", "the columns of the op are not what its text says")
		}
		if !row.ended(op) {
			r.add("chain", where, "操作结果的登记项与其内容不符", "the outcome is not that of this op")
		}
		if !row.belongs() {
			r.add("signature", where, "操作与其所属提交不符", "the op is not one of the push that it names")
		}
		return nil
	})
}

func (o *Row) repeats(op wire.Sealed) bool {
	return op.ID == o.ID && op.Hash == o.Hash && op.Collection == o.Collection && op.Record == o.Record && op.Action == o.Action &&
		op.Author == o.Author && op.OccurredAt.UnixMicro() == o.OccurredAt && (o.Device == "" || op.Seq == o.Seq)
}

// ended compares the outcome with the op and with the status beside it.
func (o *Row) ended(op wire.Sealed) bool {
	var outcome wire.Outcome
	return wire.Decode(o.Outcome, &outcome) == nil && outcome.Op == o.ID && outcome.Status == o.Status && outcome.Seq == op.Seq
}

// belongs compares a device's op with its push. One that is in no chain is in no push; it is the server's, or somebody's who wrote it online.
func (o *Row) belongs() bool {
	if o.Device == "" {
		return o.Push == "" && o.Seq == 0 && (o.Author == record.ServerAuthor || o.Online != "")
	}
	return o.Online == "" && o.PushDevice == o.Device && o.PushFirst <= o.Seq && o.Seq <= o.PushLast && o.PushArrived == o.ReceivedAt
}
