package custody

import (
	"context"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// How the loop of custody goes about.
const (
	KeepEvery    = 30 * time.Second // a tick
	disposeEvery = 10 * time.Minute
	lastWords    = 10 * time.Second // for what is written when the server stops
)

// Hours is a time of the day in Beijing, since midnight; it may go past the next midnight. From and Until alike is no time at all.
type Hours struct{ From, Until time.Duration }

// Ends reports whether a moment is within the hours, and when they end then.
func (h Hours) Ends(at time.Time) (time.Time, bool) {
	here := at.In(record.Beijing)
	midnight := time.Date(here.Year(), here.Month(), here.Day(), 0, 0, 0, 0, record.Beijing)
	long := (h.Until - h.From + 24*time.Hour) % (24 * time.Hour)
	for _, begin := range []time.Time{midnight.Add(h.From), midnight.Add(h.From - 24*time.Hour)} {
		if end := begin.Add(long); !at.Before(begin) && at.Before(end) {
			return end, true
		}
	}
	return time.Time{}, false
}

// Keep writes at every tick what was seen of recordings, carries out disposals, tells what is late, and reads again, within the hours, what is kept;
// until ctx ends: then it writes what was seen until now. Every replica may do it. What fails is logged and tried again at a later tick.
func (s *Service) Keep(ctx context.Context, ticks <-chan time.Time, night Hours) {
	var readings sync.WaitGroup
	defer readings.Wait()
	var disposed, read time.Time // when disposals were looked at; the end of the last night that was read in
	for {
		select {
		case <-ctx.Done():
			s.lastLooks(ctx)
			return
		case <-ticks:
		}
		s.failed(ctx, "views could not be written", s.Flush(ctx, false))
		now := s.Now()
		if now.Sub(disposed) >= disposeEvery {
			disposed = now
			s.failed(ctx, "disposals wait", s.DisposeDue(ctx))
			_, err := s.Late(ctx)
			s.failed(ctx, "late recordings could not be told", err)
		}
		if end, ok := night.Ends(now); ok && !end.Equal(read) {
			read = end
			readings.Go(func() { s.readAgain(ctx, end.Sub(now)) })
		}
	}
}

// readAgain ends with the night: what was not read is the first of the next.
func (s *Service) readAgain(ctx context.Context, long time.Duration) {
	night, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	done, err := s.Night(night)
	s.failed(night, "the store could not be read again", err)
	s.Log.InfoContext(ctx, "the store was read again", "recordings", done.Recordings, "papers", done.Papers, "copies", done.Copies, "octets", done.Octets, "damaged", done.Damaged, "unread", done.Unread)
}

// lastLooks writes what was seen until now, when the server stops.
func (s *Service) lastLooks(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	if err := s.Flush(ctx, true); err != nil {
		s.Log.ErrorContext(ctx, "views could not be written", "error", err)
	}
}

func (s *Service) failed(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, what, "error", err)
	}
}
