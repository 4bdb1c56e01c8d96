package pull_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const (
	district  = "120102"
	unit      = "120102001"
	reference = "ref/" + district
	work      = "unit/" + unit
	own       = "device/d"
)

// memory is a pull.Reader over maps.
type memory struct {
	mu     sync.Mutex
	epoch  string
	acked  uint64
	feeds  map[string]*feed
	reads  int            // pages read
	meddle func(read int) // called before each page, unlocked
}

// feed has its newest lines in order.
type feed struct {
	head  uint64
	lines []pull.Change
}

func newMemory() *memory { return &memory{epoch: "first", feeds: map[string]*feed{}} }

// put writes the next version of a record; a nil body makes it gone.
func (m *memory) put(name, id string, body []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.feeds[name]
	if f == nil {
		f = &feed{}
		m.feeds[name] = f
	}
	c := pull.Change{Feed: name, Collection: "tasks", ID: id, Version: 1, Body: body}
	if i := slices.IndexFunc(f.lines, func(l pull.Change) bool { return l.ID == id }); i >= 0 {
		c.Version = f.lines[i].Version + 1
		f.lines = slices.Delete(f.lines, i, i+1)
	}
	if body == nil {
		c.Gone = wire.GoneRemoved
	}
	f.head++
	c.Seq = f.head
	f.lines = append(f.lines, c)
}

// fill writes n records with a body of some size each.
func (m *memory) fill(name string, n, size int) {
	for i := range n {
		m.put(name, fmt.Sprintf("%s %d", name, i), fmt.Appendf(nil, `{"n":%d,"pad":"%s"}`, i, strings.Repeat("x", size)))
	}
}

func (m *memory) Changes(_ context.Context, name string, after uint64, limit int) (page []pull.Change, head uint64, err error) {
	page, head = m.page(name, after, 1<<62, limit, true)
	return page, head, nil
}

func (m *memory) page(name string, after, upTo uint64, limit int, gone bool) (page []pull.Change, head uint64) {
	m.mu.Lock()
	m.reads++
	meddle, n := m.meddle, m.reads
	m.mu.Unlock()
	if meddle != nil {
		meddle(n)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.feeds[name]
	if f == nil {
		return nil, 0
	}
	octets := 0
	for _, c := range f.lines {
		if c.Seq <= after || c.Seq > upTo || c.Gone != "" && !gone {
			continue
		}
		if len(page) == limit || octets >= pull.PageOctets {
			break
		}
		if c.Gone != "" {
			c.Version = 0
		}
		page, octets = append(page, c), octets+len(c.Body)
	}
	return page, f.head
}

func (m *memory) Heads(_ context.Context, feeds []string) (map[string]uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	heads := map[string]uint64{}
	for _, name := range feeds {
		heads[name] = 0
		if f := m.feeds[name]; f != nil {
			heads[name] = f.head
		}
	}
	return heads, nil
}

func (m *memory) Written(_ context.Context, prefix string) (names []string, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.feeds {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, nil
}

func (m *memory) Each(_ context.Context, name string, after, upTo uint64, fn func(pull.Change) error) error {
	for {
		page, _ := m.page(name, after, upTo, 100, false)
		for _, c := range page {
			if err := fn(c); err != nil {
				return err
			}
			after = c.Seq
		}
		if len(page) == 0 {
			return nil
		}
	}
}

func (m *memory) Pick(_ context.Context, name string, ids []string) ([]pull.Change, error) {
	all, _ := m.page(name, 0, 1<<62, 1<<30, false)
	return slices.DeleteFunc(all, func(c pull.Change) bool { return !slices.Contains(ids, c.ID) }), nil
}

func (m *memory) Trimmed(context.Context) (map[string]uint64, error) { return nil, nil }

func (m *memory) Epoch(context.Context) (string, error) { return m.epoch, nil }

func (m *memory) Acked(context.Context, string) (uint64, error) { return m.acked, nil }

// service gives the memory out.
func (m *memory) service() *pull.Service {
	return &pull.Service{Reader: m, Cursors: pull.Cursors{Key: make([]byte, 32)}, District: district, Now: func() time.Time { return time.Unix(1e9, 0) }}
}

// officer is an officer of some units on a device.
func officer(device string, units ...string) people.Caller {
	c := people.Caller{Device: device, Unit: unit}
	for _, u := range units {
		c.Grants = append(c.Grants, people.Grant{Role: people.RoleOfficer, Unit: u})
	}
	return c
}

func fails(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if err == nil || fault.Of(err).Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}
