package api

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/live"
	"github.com/fieldwarden/fieldwarden/sync/pull"
)

const (
	// watching is how often it is looked whether those who listen still may, and to what. With the time a question takes, whoever
	// is revoked is out within five seconds.
	watching = 2 * time.Second
	// watchTime is how long one look may take.
	watchTime = 10 * time.Second
	// manyChanges is how many pages of changes of people are read one by one; after more, everybody is asked about anew.
	manyChanges = 10
)

// streams are the open streams of events, one per device. While there are any, one goroutine watches over all of them: that their
// sign-ins live costs one question, and people are asked about only when their records have changed.
type streams struct {
	base      context.Context
	heartbeat time.Duration
	now       func() time.Time
	log       *slog.Logger
	live      *live.Hub
	sessions  *session.Service
	pull      *pull.Service

	mu       sync.Mutex // guards the rest
	byDevice map[string]*stream
	watched  bool
	ref      uint64 // head of the reference feed up to which changes of people have been seen
}

func newStreams(d Deps) *streams {
	t := &streams{base: d.Base, heartbeat: d.Heartbeat, now: d.Now, log: d.Log, live: d.Live, sessions: d.Sessions, pull: d.Pull,
		byDevice: map[string]*stream{}}
	if t.heartbeat <= 0 {
		t.heartbeat = heartbeat
	}
	return t
}

// register declares what is counted.
func (t *streams) register(r prometheus.Registerer) error {
	return r.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "fieldwarden_event_streams",
		Help: "Devices that listen to events now."}, func() float64 { return float64(t.count()) }))
}

// refFeed is the feed that people are in.
func (t *streams) refFeed() string { return "ref/" + t.pull.District }

// open begins a device's stream; one that it has already gives way. Who the caller is, is read again once the stream is
// watched over: what changes from then on is seen.
func (t *streams) open(ctx context.Context, caller people.Caller, at live.Position) (*stream, error) {
	ref, err := t.pull.Reader.Heads(ctx, []string{t.refFeed()})
	if err != nil {
		return nil, err
	}
	feeds := pull.FeedsKnown(t.live, caller, t.pull.District, t.now())
	sub := t.live.Subscribe(feeds, at)
	if sub == nil {
		return nil, fault.New(fault.TemporarilyDown)
	}
	e := &stream{of: t, sub: sub, beat: time.NewTimer(t.heartbeat), device: caller.Device, family: caller.Family, officer: caller.Officer,
		caller: caller, feeds: feeds}
	t.join(e, ref[t.refFeed()])
	if err := t.again(ctx, e); err != nil {
		_ = e.Close() // never fails
		return nil, err
	}
	return e, nil
}

// join puts a stream in its device's place, and has it watched over.
func (t *streams) join(e *stream, ref uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.byDevice[e.device]; old != nil {
		old.end(endReplaced)
	}
	t.byDevice[e.device] = e
	if !t.watched {
		t.watched, t.ref = true, ref
		go t.watch()
	}
}

func (t *streams) leave(e *stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byDevice[e.device] == e {
		delete(t.byDevice, e.device)
	}
}

// count tells how many streams are open.
func (t *streams) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byDevice)
}

// watch looks after the streams until there are none.
func (t *streams) watch() {
	tick := time.NewTicker(watching)
	defer tick.Stop()
	for {
		select {
		case <-t.base.Done():
			return // and every stream ends
		case <-tick.C:
		}
		all, ok := t.listening()
		if !ok {
			return
		}
		if err := t.look(all); err != nil && t.base.Err() == nil {
			t.log.WarnContext(t.base, "those who listen to events could not be looked after", "error", err)
		}
	}
}

// listening lists the streams; when there are none the watch is over, and ok is false.
func (t *streams) listening() (all []*stream, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.byDevice) == 0 {
		t.watched = false
		return nil, false
	}
	return slices.Collect(maps.Values(t.byDevice)), true
}

// look ends the streams of those who have signed out or been revoked, and lets the others have the feeds that are theirs now. While the
// store does not answer nobody is put out: a poke says no more than that something has happened, and then nothing does.
func (t *streams) look(all []*stream) error {
	ctx, cancel := context.WithTimeout(t.base, watchTime)
	defer cancel()
	families := make([]string, len(all))
	for i, e := range all {
		families[i] = e.family
	}
	living, err := t.sessions.Living(ctx, families)
	if err != nil {
		return err
	}
	changed, everybody, err := t.changedPeople(ctx)
	if err != nil {
		return err
	}
	for _, e := range all {
		switch {
		case !living[e.family]:
			e.end(endSignedOut)
		case everybody || changed[e.officer]:
			if err := t.again(ctx, e); err != nil && !refused(err) {
				return err
			}
		default:
			t.rescope(e, e.who())
		}
	}
	return nil
}

// again asks who a stream's caller is now.
func (t *streams) again(ctx context.Context, e *stream) error {
	caller, err := t.sessions.Again(ctx, e.who())
	if refused(err) {
		e.end(endSignedOut)
	}
	if err != nil {
		return err
	}
	t.rescope(e, caller)
	return nil
}

// refused reports whether an error says that somebody may not listen, as against that nobody knows.
func refused(err error) bool {
	if err == nil {
		return false
	}
	kind := fault.Of(err).Kind
	return kind == fault.Unauthenticated || kind == fault.Forbidden
}

// rescope lets a stream listen to the feeds that its caller has now: roles begin and end by their dates, too.
func (t *streams) rescope(e *stream, caller people.Caller) {
	feeds := pull.FeedsKnown(t.live, caller, t.pull.District, t.now())
	e.mu.Lock()
	defer e.mu.Unlock()
	e.caller = caller
	if slices.Equal(feeds, e.feeds) {
		return
	}
	e.feeds, e.moved = feeds, true
	e.sub.Listen(feeds)
}

// changedPeople tells whose records have changed since the last look.
func (t *streams) changedPeople(ctx context.Context) (changed map[string]bool, everybody bool, err error) {
	heads, err := t.pull.Reader.Heads(ctx, []string{t.refFeed()})
	head := heads[t.refFeed()]
	t.mu.Lock()
	after := t.ref
	t.mu.Unlock()
	if err != nil || head == after {
		return nil, false, err
	}
	changed = map[string]bool{}
	everybody = head < after // the history is another one
	for page := 0; !everybody; page++ {
		if page == manyChanges {
			everybody = true
			break
		}
		changes, _, err := t.pull.Reader.Changes(ctx, t.refFeed(), after, pull.MaxLimit)
		if err != nil {
			return nil, false, err
		}
		for _, c := range changes {
			changed[c.ID] = true
			after = c.Seq
		}
		if len(changes) < pull.MaxLimit {
			break
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ref = head
	return changed, everybody, nil
}
