package pull

import (
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Memory knows how far feeds and devices have come without asking the database. Package live has one.
type Memory interface {
	// Idle reports whether a device that stands at these places of its feeds, in this epoch, and knows this many of its ops to be
	// committed, has nothing to hear, and how many are committed. It MUST be false in doubt: when memory may not hold all
	// that the device has pulled and pushed, at whatever replica.
	Idle(device, epoch string, at map[string]uint64, knows uint64) (acked uint64, idle bool)
	// Learn takes in what was read from the table: the ack first, the heads after it.
	Learn(epoch, device string, acked uint64, heads map[string]uint64)
	// Feeds lists the feeds that begin with the prefix and have been written.
	Feeds(prefix string) []string
}

// FeedsKnown lists the caller's feeds as [Service.Feeds] does, by what memory knows of units below.
func FeedsKnown(memory Memory, caller people.Caller, district string, now time.Time) []string {
	var written []string
	for _, unit := range caller.PullsBelow(district, now) {
		written = append(written, memory.Feeds("unit/"+unit)...)
	}
	return caller.Feeds(district, now, written)
}

// idle answers from memory a device that has nothing to hear. The cursor stays as it is: nothing has moved.
func (s *Service) idle(caller people.Caller, p wire.Pull, speaks forms.Spoken, now time.Time) (wire.PullReply, bool) {
	if s.Memory == nil || p.Cursor == "" || p.Acked == nil {
		return wire.PullReply{}, false
	}
	at, err := s.Cursors.decode(p.Cursor, caller.Device, speaks)
	if err != nil {
		return wire.PullReply{}, false
	}
	// In this order: a feed that came into being with what the ack covers is known by then.
	acked, idle := s.Memory.Idle(caller.Device, at.Epoch, at.Feeds, *p.Acked)
	if !idle || !sameFeeds(at.Feeds, FeedsKnown(s.Memory, caller, s.District, now)) {
		return wire.PullReply{}, false
	}
	return wire.PullReply{Changes: []wire.Change{}, Cursor: p.Cursor, UpTo: at.Feeds, Acked: acked, ServerAt: wire.Moment(now)}, true
}

// sameFeeds reports whether a cursor stands in just these feeds. They are sorted, each once.
func sameFeeds(at map[string]uint64, feeds []string) bool {
	if len(at) != len(feeds) {
		return false
	}
	for _, feed := range feeds {
		if _, ok := at[feed]; !ok {
			return false
		}
	}
	return true
}

// learn lets memory have what a pull has read.
func (s *Service) learn(epoch, device string, acked uint64, heads map[string]uint64) {
	if s.Memory != nil {
		s.Memory.Learn(epoch, device, acked, heads)
	}
}
