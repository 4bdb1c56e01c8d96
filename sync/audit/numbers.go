package audit

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Number names a number of a series.
type Number struct {
	Series string
	N      uint64
}

// Claimed is a claim of a number as stored beside the op that makes it.
type Claimed struct {
	Number
	Document string
	At       int64 // microseconds since 1970
	Op       string
	Double   bool // the number was another's already

	Made   Version // by the op; Record is "" when it made none
	MadeAt int64
	Before Version // the version before that one; Version 0: none
}

// claim is a claim of a number as the versions of records say it.
type claim struct {
	Number
	record string
	where  string
}

// claimsAtOnce bounds how many claims are looked up together.
const claimsAtOnce = 500

// claims collects the claims that versions make, and compares them with what is stored.
type claims struct {
	a       *Auditor
	r       *Report
	waiting []claim
}

// claimsOf are the claims that a version makes, as the write path finds them. What cannot be read makes none, and is told elsewhere.
func (a *Auditor) claimsOf(v, before Version) []record.Claim {
	c := a.Catalogue[v.Collection]
	if c == nil || c.Claims == nil || v.Removed {
		return nil
	}
	ev := record.Event{Op: record.Op{ID: v.Op, Collection: v.Collection, Record: v.Record}, After: inNewestForm(c, v)}
	if before.Version > 0 && !before.Removed {
		if ev.Before = inNewestForm(c, before); ev.Before == nil {
			return nil
		}
	}
	return c.Claims(ev)
}

// inNewestForm is the body of a version in the newest form; nil if it cannot be read.
func inNewestForm(c *record.Collection, v Version) record.Object {
	body, err := wire.Object(v.Body)
	if err != nil || !inOrder(1, v.Schema, c.Schema) {
		return nil
	}
	return c.BodyIn(body, v.Schema, c.Schema)
}

// take notes the claims of a version.
func (c *claims) take(ctx context.Context, v, before Version, where string) error {
	for _, one := range c.a.claimsOf(v, before) {
		c.waiting = append(c.waiting, claim{Number{one.Series, one.N}, v.Record, where})
	}
	if len(c.waiting) < claimsAtOnce {
		return nil
	}
	return c.compare(ctx)
}

// compare looks the claims up: each must be the number's holder, or among its doubles. Of claims from before ops were noted doubles were not kept.
func (c *claims) compare(ctx context.Context) error {
	wanted := make([]Number, len(c.waiting))
	for i, one := range c.waiting {
		wanted[i] = one.Number
	}
	known := map[claim]bool{}
	unnamed := map[Number]bool{}
	err := c.a.Reader.ClaimsOf(ctx, wanted, func(n Claimed) error {
		known[claim{n.Number, n.Document, ""}] = true
		if !n.Double && n.Op == "" {
			unnamed[n.Number] = true
		}
		return nil
	})
	for _, one := range c.waiting {
		if !known[claim{one.Number, one.record, ""}] && !unnamed[one.Number] {
			c.r.add("number", one.where, "该版本所用编号未登记在其名下", fmt.Sprintf("number %d of %s, which it claims, is not kept as its", one.N, one.Series))
		}
	}
	c.waiting = c.waiting[:0]
	return err
}

// numbers checks that claims of numbers are those that the ops behind them make, that the first of several is the holder, and that the last number of each
// series is the last that was leased, without a gap or an overlap.
func (a *Auditor) numbers(ctx context.Context, r *Report) error {
	err := a.Reader.AllClaims(ctx, func(n Claimed) error {
		r.Numbers++
		a.step("numbers", r.Numbers)
		if n.Op == "" && !n.Double {
			return nil // held by their digest: see identities
		}
		if !a.claims(n) {
			r.add("number", fmt.Sprintf("number/%s/%d", n.Series, n.N), "编号登记与其操作不符", "the claim is not what the op behind it says: "+n.Document)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = a.Reader.LateHolders(ctx, func(n Number) error {
		r.add("number", fmt.Sprintf("number/%s/%d", n.Series, n.N), "编号的使用者不是最先使用者", "the number's holder is not who claimed it first, or there is none")
		return nil
	})
	if err != nil {
		return err
	}
	return a.Reader.UnevenSeries(ctx, func(series string) error {
		r.add("number", "series/"+series, "编号序列与其领用登记不符", "the series is not what its leases come to")
		return nil
	})
}

// claims reports whether the op behind a claim makes it.
func (a *Auditor) claims(n Claimed) bool {
	if n.Made.Record == "" || n.Made.Record != n.Document || n.MadeAt != n.At {
		return false
	}
	return slices.Contains(a.claimsOf(n.Made, n.Before), record.Claim{Series: n.Series, N: n.N})
}
