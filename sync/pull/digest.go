package pull

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// A device that may hold a feed otherwise than the server compares sums (Digest), then the records of the buckets that differ (Differing),
// then takes just the records that do (Records). The first two read the whole feed, so few are done at once, and the sums of a feed
// are kept until it moves on.
const (
	sumsAtOnce = 2
	sumsKept   = 512 // feeds; 8 KiB each
	sumsTries  = 3   // of a feed that moves on meanwhile
	sumsWait   = 2 * time.Second
)

// The bounds of lists.
const (
	MaxListed = 5000 // digests in one reply
	MaxPicked = 500  // records asked for at once
)

// summing keeps the sums of feeds, and counts who is working on some. The zero value is ready.
type summing struct {
	mu      sync.Mutex // guards the rest
	working int
	known   map[told]summed
}

// told is what sums are of: a feed as it is told to those who speak the same older forms.
type told struct{ feed, forms string }

// summed are the sums of a feed at a head of an epoch.
type summed struct {
	epoch string
	head  uint64
	sums  *wire.Sums
}

// begin takes a place to work at, or is fault digest.busy. end gives it back.
func (s *summing) begin() (end func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.working == sumsAtOnce {
		return nil, fault.New(fault.DigestBusy).After(sumsWait)
	}
	s.working++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.working--
	}, nil
}

func (s *summing) at(epoch string, of told, head uint64) *wire.Sums {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.known[of]; k.epoch == epoch && k.head == head {
		return k.sums
	}
	return nil
}

func (s *summing) keep(of told, k summed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[told]summed{}
	}
	for other := range s.known { // which one goes does not matter
		if len(s.known) < sumsKept {
			break
		}
		delete(s.known, other)
	}
	s.known[of] = k
}

// Digest tells what the live records of a feed come to at its head, as they are told to a client that speaks these forms. When too many ask at once, or the feed does not stand still, it is
// fault digest.busy.
func (s *Service) Digest(ctx context.Context, caller people.Caller, feed string, schemas map[string]int) (wire.FeedDigest, error) {
	if err := s.MayPull(ctx, caller, feed); err != nil {
		return wire.FeedDigest{}, err
	}
	speaks, err := forms.Speak(s.Catalogue, schemas)
	if err != nil {
		return wire.FeedDigest{}, err
	}
	of := told{feed, speaks.Older()}
	epoch, err := s.Reader.Epoch(ctx)
	if err != nil {
		return wire.FeedDigest{}, err
	}
	head, err := s.head(ctx, feed)
	if err != nil {
		return wire.FeedDigest{}, err
	}
	sums := s.summing.at(epoch, of, head)
	if sums == nil {
		end, err := s.summing.begin()
		if err != nil {
			return wire.FeedDigest{}, err
		}
		defer end()
		if sums, head, err = s.sum(ctx, feed, speaks); err != nil {
			return wire.FeedDigest{}, err
		}
		s.summing.keep(of, summed{epoch, head, sums})
	}
	return wire.NewFeedDigest(feed, head, sums), nil
}

func (s *Service) head(ctx context.Context, feed string) (uint64, error) {
	heads, err := s.Reader.Heads(ctx, []string{feed})
	return heads[feed], err
}

// sum adds a feed up. Whatever changes in a feed takes it to another head; so a walk between two equal heads has seen one state.
func (s *Service) sum(ctx context.Context, feed string, speaks forms.Spoken) (*wire.Sums, uint64, error) {
	digester := wire.NewDigester()
	head, err := s.head(ctx, feed)
	for range sumsTries {
		if err != nil {
			return nil, 0, err
		}
		sums, now := &wire.Sums{}, uint64(0)
		err = s.Reader.Each(ctx, feed, 0, head, func(c Change) error {
			body, err := speaks.Text(c.Collection, c.Schema, c.Body)
			sums.Add(wire.BucketOf(c.ID), digester.Record(c.ID, c.Collection, c.Version, body))
			return err
		})
		if err == nil {
			now, err = s.head(ctx, feed)
		}
		if err == nil && now == head {
			return sums, head, nil
		}
		head = now
	}
	if err == nil {
		err = fault.New(fault.DigestBusy).After(sumsWait)
	}
	return nil, 0, err
}

// errListed ends a walk whose page is full.
var errListed = errors.New("the list is full")

// Differing lists the digests of the records in some buckets of a feed, page by page. If the feed stands elsewhere than the query says it
// is fault digest.head_moved: the device pulls first.
func (s *Service) Differing(ctx context.Context, caller people.Caller, feed string, q wire.DigestQuery) (wire.DigestList, error) {
	list := wire.DigestList{Records: []wire.RecordDigest{}}
	if err := s.MayPull(ctx, caller, feed); err != nil {
		return list, err
	}
	speaks, err := forms.Speak(s.Catalogue, q.Schemas)
	if err != nil {
		return list, err
	}
	wanted, err := bucketsOf(q.Buckets)
	if err != nil {
		return list, err
	}
	end, err := s.summing.begin()
	if err != nil {
		return list, err
	}
	defer end()
	if err := s.standsAt(ctx, feed, q.Head); err != nil {
		return list, err
	}
	digester := wire.NewDigester()
	last := uint64(0)
	err = s.Reader.Each(ctx, feed, q.After, q.Head, func(c Change) error {
		if !wanted[wire.BucketOf(c.ID)] {
			return nil
		}
		if len(list.Records) == MaxListed {
			list.Next = last
			return errListed
		}
		last = c.Seq
		body, err := speaks.Text(c.Collection, c.Schema, c.Body)
		list.Records = append(list.Records, wire.RecordDigest{ID: c.ID, Version: c.Version, Digest: digester.Record(c.ID, c.Collection, c.Version, body)})
		return err
	})
	if err != nil && err != errListed {
		return list, err
	}
	return list, s.standsAt(ctx, feed, q.Head)
}

func bucketsOf(names []string) (wanted [256]bool, err error) {
	if len(names) == 0 || len(names) > len(wanted) {
		return wanted, fault.New(fault.FieldInvalid).At("buckets").Detail("应有一至二百五十六个", "want 1 to 256")
	}
	for _, name := range names {
		b, err := wire.ParseBucket(name)
		if err != nil {
			return wanted, fault.New(fault.FieldInvalid).At("buckets").Detail("应为两位小写十六进制数", "want two hexadecimal digits in lower case")
		}
		wanted[b] = true
	}
	return wanted, nil
}

// standsAt is fault digest.head_moved unless a feed's head is the given one.
func (s *Service) standsAt(ctx context.Context, feed string, head uint64) error {
	now, err := s.head(ctx, feed)
	if err == nil && now != head {
		err = fault.New(fault.HeadMoved)
	}
	return err
}

// Records gives some records of a feed by their ids, as a pull would tell them: with their bodies, or gone if the feed does not show
// them, whether it ever did or not. A reply whose bodies reach PageOctets ends there and says nothing of the others.
func (s *Service) Records(ctx context.Context, caller people.Caller, q wire.RecordsQuery) (wire.RecordsReply, error) {
	reply := wire.RecordsReply{Changes: []wire.Change{}}
	if err := s.MayPull(ctx, caller, q.Feed); err != nil {
		return reply, err
	}
	speaks, err := forms.Speak(s.Catalogue, q.Schemas)
	if err != nil {
		return reply, err
	}
	if len(q.IDs) == 0 || len(q.IDs) > MaxPicked {
		return reply, fault.New(fault.FieldInvalid).At("ids").Detail("应有一至五百个", "want 1 to 500")
	}
	absent := make(map[string]bool, len(q.IDs))
	for _, id := range q.IDs {
		if !record.IsID(id) {
			return reply, fault.New(fault.FieldInvalid).At("ids").Detail("应为小写的 UUID", "want UUIDs in lower case")
		}
		absent[id] = true
	}
	found, err := s.Reader.Pick(ctx, q.Feed, q.IDs)
	if err != nil {
		return reply, err
	}
	octets := 0
	for _, c := range found {
		told, err := toWire(c, speaks)
		if err != nil {
			return reply, err
		}
		reply.Changes = append(reply.Changes, told)
		delete(absent, c.ID)
		octets += len(c.Body)
	}
	if octets >= PageOctets {
		reply.More = len(absent) > 0
		return reply, nil
	}
	for _, id := range q.IDs {
		if absent[id] {
			reply.Changes = append(reply.Changes, wire.Change{Feed: q.Feed, ID: id, Gone: wire.GoneMoved})
			delete(absent, id)
		}
	}
	return reply, nil
}
