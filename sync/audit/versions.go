package audit

import (
	"bytes"
	"context"
	"fmt"
)

// versions checks every record's history: versions count from 1 without gaps, each was made by an op on that record, and the
// record as it stands is its newest version.
func (a *Auditor) versions(ctx context.Context, r *Report) error {
	var last Version
	end := func() {
		if last.Record != "" {
			a.headOf(last, r)
		}
	}
	err := a.Reader.AllVersions(ctx, func(v Version) error {
		r.Versions++
		if v.Record != last.Record {
			end()
			r.Records++
			a.step("records", r.Records)
			last = Version{}
		}
		where := fmt.Sprintf("%s/%s/version/%d", v.Collection, v.Record, v.Version)
		if v.Version != last.Version+1 {
			r.add("version", where, fmt.Sprintf("版本不连续，缺少第 %d 版", last.Version+1), fmt.Sprintf("a gap: version %d is missing", last.Version+1))
		}
		if v.OpRecord != v.Record {
			r.add("version", where, "该版本没有对应的操作", "no op on this record made this version")
		}
		last = v
		last.Body, last.Head.Body = bytes.Clone(v.Body), bytes.Clone(v.Head.Body)
		return nil
	})
	if err != nil {
		return err
	}
	end()
	orphans, err := a.Reader.Orphans(ctx)
	if orphans > 0 {
		r.add("head", "records", fmt.Sprintf("%d 条记录没有任何版本", orphans), fmt.Sprintf("%d records have no version", orphans))
	}
	return err
}

func (a *Auditor) headOf(newest Version, r *Report) {
	where := newest.Collection + "/" + newest.Record
	switch {
	case newest.Head.Version == 0:
		r.add("head", where, "记录本身缺失", "the record itself is missing")
	case newest.Head.Version != newest.Version || newest.Head.Op != newest.Op || !bytes.Equal(newest.Head.Body, newest.Body):
		r.add("head", where, "记录内容与其最新版本不符", "the record is not its newest version")
	}
}
