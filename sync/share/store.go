// Package share shows one recording to one person outside, for a time, a number of times, and never without a trace.
//
// It must not know HTTP, SQL or how a watermark is burnt in.
package share

import (
	"context"
	"time"
)

// Share is a link that was given out.
type Share struct {
	ID         string
	TokenHash  string // SHA-256 of the token, hex; the token itself is kept nowhere
	Evidence   string
	Derivative string // record id of what is shown in place of the original; "" the original
	Unit       string // of the evidence
	Name       string // of the outsider
	Organ      string // that he belongs to
	Reason     string
	CreatedBy  string // officer
	CreatedAt  time.Time
	ExpiresAt  time.Time
	MaxViews   int
	Views      int
	RevokedAt  time.Time // zero: it was not
}

// Live reports whether the link may be used at a moment, whatever was used of it.
func (s Share) Live(at time.Time) bool { return s.RevokedAt.IsZero() && at.Before(s.ExpiresAt) }

// Store keeps links. Every method is one durable unit of work.
type Store interface {
	// AddShare keeps a new link.
	AddShare(ctx context.Context, s Share) error
	// Share returns a link by its id, ShareOf by the hash of its token, or fault request.not_found.
	Share(ctx context.Context, id string) (Share, error)
	ShareOf(ctx context.Context, tokenHash string) (Share, error)
	// SharesOn lists the links to an evidence, oldest first.
	SharesOn(ctx context.Context, evidence string) ([]Share, error)
	// UseShare counts a view, if the link is live and has one left; else false. Of views at once no more are counted than there are.
	UseShare(ctx context.Context, id string, at time.Time) (bool, error)
	// RevokeShare ends a link. The first moment stands.
	RevokeShare(ctx context.Context, id string, at time.Time) error
}
