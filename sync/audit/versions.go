package audit

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// versions checks every record's history: versions count from 1 without gaps but for those that a restore from a backup has left, each was
// made by an op on that record and differs from the one before by what the op says, and the record as it stands is its newest version.
func (a *Auditor) versions(ctx context.Context, r *Report) error {
	floors, err := a.Reader.Floors(ctx)
	if err != nil {
		return err
	}
	var last Version
	numbers := claims{a: a, r: r}
	end := func() {
		if last.Record != "" {
			a.headOf(last, r)
		}
	}
	err = a.Reader.AllVersions(ctx, func(v Version) error {
		r.Versions++
		if v.Record != last.Record {
			end()
			r.Records++
			a.step("records", r.Records)
			last = Version{}
		}
		where := fmt.Sprintf("%s/%s/version/%d", v.Collection, v.Record, v.Version)
		if v.Version != last.Version+1 && (last.Version == 0 || !slices.Contains(floors, v.Version-1)) {
			r.add("version", where, fmt.Sprintf("版本不连续，缺少第 %d 版", last.Version+1), fmt.Sprintf("a gap: version %d is missing", last.Version+1))
		}
		if v.OpRecord != v.Record {
			r.add("version", where, "该版本没有对应的操作", "no op on this record made this version")
		} else if !a.follows(v, last) {
			r.add("version", where, "该版本的改动不是其操作所作", "this version differs from the one before by more than its op says")
		}
		if err := numbers.take(ctx, v, last, where); err != nil {
			return err
		}
		last = v
		last.Body, last.Head.Body = bytes.Clone(v.Body), bytes.Clone(v.Head.Body)
		return nil
	})
	if err != nil {
		return err
	}
	end()
	if err := numbers.compare(ctx); err != nil {
		return err
	}
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
	case newest.Head.Version != newest.Version || newest.Head.Op != newest.Op || newest.Head.Schema != newest.Schema ||
		newest.Head.Collection != newest.Collection || newest.Head.Removed != newest.Removed || !bytes.Equal(newest.Head.Body, newest.Body) || newest.Head.State != stateIn(newest.Body):
		r.add("head", where, "记录内容与其最新版本不符", "the record is not its newest version")
	}
}

// stateIn is the state that a body tells; "" where it tells none.
func stateIn(text []byte) string {
	body, _ := wire.Object(text) // one that cannot be read is told by [Auditor.follows]
	state, _ := body["state"].(string)
	return state
}

// follows reports whether a version can come of the one before it (Version 0: of nothing) by its op: whatever differs must
// be in the op's patch, with that value. What the patch says and the version does not have may have clashed, or been said already. A
// removal leaves the body as it was. So a body that was changed behind the program's back is found even when later edits stand on it.
//
// All three are compared in the form in which the version was written: an op and a version before it may be in older ones, never in newer.
func (a *Auditor) follows(v, before Version) bool {
	body, err := wire.Object(v.Body)
	if err != nil {
		return false
	}
	op, err := wire.Open(bytes.Clone(v.OpText))
	if err != nil {
		return false
	}
	if op.Collection != v.Collection || op.ID != v.Op {
		return false
	}
	prev, prevSchema := record.Object{}, v.Schema
	if before.Version > 0 {
		prevSchema = before.Schema
		if prev, err = wire.Object(before.Body); err != nil {
			return false
		}
	}
	if c := a.Catalogue[v.Collection]; c != nil && (v.Schema != 1 || op.Schema != 1 || prevSchema != 1) {
		if !inOrder(1, op.Schema, v.Schema, c.Schema) || !inOrder(1, prevSchema, v.Schema, c.Schema) {
			return false
		}
		prev, op.Patch = c.BodyIn(prev, prevSchema, v.Schema), c.LiftPatch(op.Patch, op.Schema, v.Schema)
	}
	if v.Removed {
		return op.Action == string(record.Remove) && record.Equal(body, prev)
	}
	return within(record.Diff(prev, body), op.Patch)
}

func inOrder(schemas ...int) bool { return slices.IsSorted(schemas) }

// within reports whether every change is one that the patch makes too.
func within(changes, patch record.Object) bool {
	for field, change := range changes {
		said, ok := patch[field]
		if !ok {
			return false
		}
		inner, object := change.(record.Object)
		saidInner, saidObject := said.(record.Object)
		if object && saidObject {
			if !within(inner, saidInner) {
				return false
			}
		} else if !record.Equal(change, said) {
			return false
		}
	}
	return true
}
