package soak

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// start is the true time at which every run begins: a Monday morning in Beijing.
var start = time.Date(2026, 11, 23, 0, 30, 0, 0, time.UTC)

// clock is the one time that passes in a run. Nothing waits for it: steps move it.
type clock struct{ micros atomic.Int64 }

func newClock(at time.Time) *clock {
	c := &clock{}
	c.micros.Store(at.UnixMicro())
	return c
}

func (c *clock) now() time.Time { return time.UnixMicro(c.micros.Load()).UTC() }

func (c *clock) pass(d time.Duration) { c.micros.Add(d.Microseconds()) }

// ids makes UUIDv7s out of the run's seed. It is safe for concurrent use.
type ids struct {
	mu   sync.Mutex
	now  func() time.Time
	dice *rand.Rand
}

func (i *ids) next() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], uint64(i.now().UnixMilli())<<16|uint64(i.dice.Uint32()&0xffff))
	binary.BigEndian.PutUint64(u[8:], i.dice.Uint64())
	u[6], u[8] = u[6]&0x0f|0x70, u[8]&0x3f|0x80
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// noise gives a handheld its random octets out of the run's seed.
type noise struct{ dice *rand.Rand }

func (n noise) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(n.dice.Uint32())
	}
	return len(p), nil
}
