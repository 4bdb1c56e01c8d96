package live_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/fieldwarden/fieldwarden/sync/live"
)

// memory is what a hub is to its process. Wrong ones are planted below.
type memory interface {
	Note(live.News)
	Hear([]byte)
	TellAll(context.Context) error
	Compared(context.Context) error
	Learn(epoch, device string, acked uint64, heads map[string]uint64)
	Idle(device, epoch string, at map[string]uint64, knows uint64) (uint64, bool)
	HeadsOf([]string) (map[string]uint64, bool)
}

var allFeeds = []string{"ref/120102", street, other}

// play is replicas over one table, and devices that push and pull at any of them, while notices are lost, doubled and late.
type play struct {
	*rand.Rand
	db       *table
	bus      *wire
	replicas []memory
	flying   [][]byte            // notices on their way
	unnoted  []func()            // commits whose process has not told its own memory yet
	seen     []map[string]uint64 // of each replica, the heads it had
	devices  map[string]*walker
}

// walker is a device: where it stands, what it knows to be committed, and what it has written itself.
type walker struct {
	at, wrote map[string]uint64
	knows     uint64
}

func newPlay(seed uint64, plant func(*live.Hub) memory) *play {
	p := &play{Rand: rand.New(rand.NewPCG(seed, 1)), db: newTable(), bus: &wire{}, devices: map[string]*walker{}}
	for range 2 {
		h := live.NewHub(live.Config{Heads: p.db, Bus: p.bus, Now: newClock().now, Log: quiet})
		p.replicas = append(p.replicas, plant(h))
		p.seen = append(p.seen, map[string]uint64{})
	}
	for _, name := range []string{"d", "e"} {
		p.devices[name] = &walker{at: map[string]uint64{}, wrote: map[string]uint64{}}
	}
	return p
}

// run takes random steps and then lets everything come to rest. It says what was wrong first.
func (p *play) run(steps int) error {
	for range steps {
		if err := p.step(); err != nil {
			return err
		}
		if err := p.look(); err != nil {
			return err
		}
	}
	for i, m := range p.replicas {
		if err := m.Compared(ctx); err != nil {
			return err
		}
		if heads, _ := m.HeadsOf(allFeeds); !maps.Equal(heads, p.heads()) {
			return fmt.Errorf("replica %d ends at %v, the table at %v", i, heads, p.heads())
		}
	}
	return p.look()
}

func (p *play) heads() map[string]uint64 {
	heads := map[string]uint64{}
	for _, feed := range allFeeds {
		heads[feed] = p.db.head(feed)
	}
	return heads
}

func (p *play) step() error {
	r := p.replicas[p.IntN(len(p.replicas))]
	name := []string{"d", "d", "d", "e"}[p.IntN(4)]
	switch p.IntN(11) {
	case 0, 1:
		p.push(r, name)
	case 2:
		if len(p.unnoted) > 0 {
			i := p.IntN(len(p.unnoted))
			p.unnoted[i]()
			p.unnoted = append(p.unnoted[:i], p.unnoted[i+1:]...)
		}
	case 3, 9:
		err := r.TellAll(ctx)
		p.flying, p.bus.notices = append(p.flying, p.bus.notices...), nil
		return err
	case 4, 5:
		p.deliver(r)
	case 6:
		if p.IntN(4) == 0 {
			return r.Compared(ctx)
		}
	default:
		return p.pull(r, name)
	}
	return nil
}

func (p *play) push(r memory, name string) {
	feeds := map[string]bool{}
	for range p.IntN(3) { // a push whose ops are all rejected moves no feed
		feeds[allFeeds[p.IntN(len(allFeeds))]] = true
	}
	d := p.devices[name]
	news := p.db.commit(name, 1+p.Uint64N(3), keys(feeds)...)
	maps.Copy(d.wrote, news.Heads)
	if p.IntN(4) > 0 {
		d.knows = news.Acked // else the answer is lost
	}
	if p.IntN(4) > 0 {
		r.Note(news)
	} else {
		p.unnoted = append(p.unnoted, func() { r.Note(news) })
	}
}

func keys(set map[string]bool) (all []string) {
	for _, feed := range allFeeds {
		if set[feed] {
			all = append(all, feed)
		}
	}
	return all
}

// deliver lets one notice arrive, perhaps to arrive again, or loses it.
func (p *play) deliver(r memory) {
	if len(p.flying) == 0 {
		return
	}
	i := p.IntN(len(p.flying))
	if p.IntN(4) > 0 {
		r.Hear(p.flying[i])
	}
	if p.IntN(4) > 0 {
		p.flying = append(p.flying[:i], p.flying[i+1:]...)
	}
}

// pull asks memory first and then the table, as package pull does. A device that is told that there is nothing has all that it
// has written and knows to be committed.
func (p *play) pull(r memory, name string) error {
	d := p.devices[name]
	if len(d.at) == len(allFeeds) {
		acked, idle := r.Idle(name, p.db.epoch, d.at, d.knows)
		if idle && acked < d.knows {
			return fmt.Errorf("%s knows %d and is told %d", name, d.knows, acked)
		}
		if idle && d.knows == p.db.acked[name] {
			for feed, head := range d.wrote {
				if d.at[feed] < head {
					return fmt.Errorf("%s stands at %d of %s, has written %d, and is told that there is nothing new", name, d.at[feed], feed, head)
				}
			}
		}
		if idle {
			return nil
		}
	}
	acked, heads := p.db.acked[name], p.heads()
	r.Learn(p.db.epoch, name, acked, heads)
	d.at, d.knows = heads, max(d.knows, acked)
	return nil
}

// look checks what holds at every moment: memory is never ahead of the table and never goes back.
func (p *play) look() error {
	for i, m := range p.replicas {
		heads, _ := m.HeadsOf(allFeeds)
		for feed, head := range heads {
			if head > p.db.head(feed) {
				return fmt.Errorf("replica %d has %s at %d, the table at %d", i, feed, head, p.db.head(feed))
			}
			if head < p.seen[i][feed] {
				return fmt.Errorf("replica %d went back from %d to %d in %s", i, p.seen[i][feed], head, feed)
			}
		}
		p.seen[i] = heads
	}
	return nil
}

const plays, steps = 800, 150

func TestWhateverBecomesOfNoticesMemoryIsTrue(t *testing.T) {
	for seed := range uint64(plays) {
		if err := newPlay(seed, func(h *live.Hub) memory { return h }).run(steps); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// careless does not look at what the device knows to be committed.
type careless struct{ *live.Hub }

func (c careless) Idle(device, epoch string, at map[string]uint64, _ uint64) (uint64, bool) {
	acked, idle := c.Hub.Idle(device, epoch, at, 0)
	return max(acked, 1<<40), idle
}

// gullible believes an ack whatever notice before it is missing.
type gullible struct{ *live.Hub }

var since = regexp.MustCompile(`"s":[0-9]+`)

func (g gullible) Hear(text []byte) { g.Hub.Hear(since.ReplaceAll(text, []byte(`"s":0`))) }

// backward believes the last word it has heard.
type backward struct {
	*live.Hub
	last map[string]uint64
}

func (b backward) Note(n live.News) {
	b.Hub.Note(n)
	maps.Copy(b.last, n.Heads)
}

func (b backward) HeadsOf(feeds []string) (map[string]uint64, bool) {
	heads, fresh := b.Hub.HeadsOf(feeds)
	for feed := range heads {
		if last, ok := b.last[feed]; ok {
			heads[feed] = last
		}
	}
	return heads, fresh
}

// deaf never compares: what is lost stays lost.
type deaf struct{ *live.Hub }

func (d deaf) Compared(ctx context.Context) error {
	if heads, _ := d.HeadsOf(allFeeds); maps.Equal(heads, map[string]uint64{"ref/120102": 0, street: 0, other: 0}) {
		return d.Hub.Compared(ctx)
	}
	return nil
}

// hasty tells of commits that have not happened yet.
type hasty struct{ *live.Hub }

func (h hasty) Note(n live.News) {
	h.Hub.Note(n)
	for feed, head := range n.Heads {
		h.Hub.Note(live.News{Heads: map[string]uint64{feed: head + 1}})
	}
}

func TestWrongMemoriesAreCaught(t *testing.T) {
	for name, plant := range map[string]func(*live.Hub) memory{
		"no look at the ack":            func(h *live.Hub) memory { return careless{h} },
		"an ack without its history":    func(h *live.Hub) memory { return gullible{h} },
		"heads that go back":            func(h *live.Hub) memory { return backward{h, map[string]uint64{}} },
		"no comparing with the table":   func(h *live.Hub) memory { return deaf{h} },
		"news before there is a commit": func(h *live.Hub) memory { return hasty{h} },
	} {
		caught := false
		for seed := range uint64(plays) {
			if err := newPlay(seed, plant).run(steps); err != nil {
				t.Logf("%s: seed %d: %v", name, seed, err)
				caught = true
				break
			}
		}
		if !caught {
			t.Errorf("%s is not caught", name)
		}
	}
}
