package live_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/live"
)

const street, other = "unit/120102001", "unit/120102002"

func head(h *live.Hub, feed string) uint64 {
	heads, _ := h.HeadsOf([]string{feed})
	return heads[feed]
}

func TestHeadsOnlyGoForwardInOneEpoch(t *testing.T) {
	db := newTable()
	h, _ := hubOf(t, db, nil)
	early, late := db.commit("", 0, street), db.commit("", 0, street)
	h.Note(late)
	h.Note(early)
	if got := head(h, street); got != 2 {
		t.Errorf("a late notice moved the head back to %d", got)
	}
	h.Note(live.News{Heads: map[string]uint64{street: 9}})
	if err := h.Compared(ctx); err != nil {
		t.Fatal(err)
	}
	if got := head(h, street); got != 9 {
		t.Errorf("an older state of the table moved the head back to %d", got)
	}
	db.epoch = "e2"
	if err := h.Compared(ctx); err != nil {
		t.Fatal(err)
	}
	if got := head(h, street); got != 2 {
		t.Errorf("another history keeps the head %d of the last one", got)
	}
}

func TestMemoryIsBelievedOnlyWhileItIsCompared(t *testing.T) {
	db := newTable()
	db.commit("d", 1, street)
	c := newClock()
	h := live.NewHub(live.Config{Heads: db, Now: c.now, Log: quiet})
	fresh := func() bool { _, fresh := h.HeadsOf(nil); return fresh }
	if fresh() {
		t.Error("fresh before it has read anything")
	}
	if err := h.Compared(ctx); err != nil {
		t.Fatal(err)
	}
	h.Learn("e1", "d", 1, nil)
	idle := func() bool { _, ok := h.Idle("d", "e1", map[string]uint64{street: 1}, 1); return ok }
	if !fresh() || !idle() {
		t.Error("not fresh after it was compared")
	}
	db.down = true
	c.pass(16 * time.Second)
	if err := h.Compared(ctx); err == nil || fresh() || idle() {
		t.Errorf("compared with a table that is down: %v, fresh %v, idle %v", err, fresh(), idle())
	}
	db.down = false
	if err := h.Compared(ctx); err != nil || !fresh() {
		t.Errorf("not fresh again: %v", err)
	}
	c.pass(-time.Hour) // the clock is set back: nobody knows how old memory is
	if fresh() {
		t.Error("fresh by a clock that was set back")
	}
}

// A table that has gone back is noticed: memory would go on telling devices that there is nothing new.
func TestATableThatWentBackIsNotTakenForMemory(t *testing.T) {
	db := newTable()
	db.commit("", 0, street)
	db.commit("", 0, street)
	h, _ := hubOf(t, db, nil)
	fresh := func() bool {
		t.Helper()
		if err := h.Compared(ctx); err != nil {
			t.Fatal(err)
		}
		_, fresh := h.HeadsOf(nil)
		return fresh
	}
	db.heads[street] = 1
	if !fresh() {
		t.Error("a head that is ahead once may have moved while the table was read")
	}
	for range 2 {
		if fresh() {
			t.Error("memory is believed though the table has lost what it held")
		}
	}
	db.epoch = "e2"
	if !fresh() || head(h, street) != 1 {
		t.Error("the new history is not taken in")
	}
}

func TestWhoIsIdle(t *testing.T) {
	db := newTable()
	db.commit("d", 4, street, other)
	h, _ := hubOf(t, db, nil)
	at := func(s, o uint64) map[string]uint64 { return map[string]uint64{street: s, other: o} }
	if _, idle := h.Idle("d", "e1", at(1, 1), 0); idle {
		t.Error("idle, though its ack is not known")
	}
	h.Learn("e0", "d", 4, nil)
	if _, idle := h.Idle("d", "e1", at(1, 1), 0); idle {
		t.Error("learned from another history")
	}
	h.Learn("e1", "d", 4, nil)
	for _, c := range []struct {
		name   string
		device string
		epoch  string
		at     map[string]uint64
		knows  uint64
		want   bool
	}{
		{"stands at the heads", "d", "e1", at(1, 1), 4, true},
		{"knows less than memory", "d", "e1", at(1, 1), 2, true},
		{"knows more than memory", "d", "e1", at(1, 1), 5, false},
		{"is behind in one feed", "d", "e1", at(1, 0), 4, false},
		{"is ahead of memory", "d", "e1", at(1, 2), 4, false},
		{"is of another history", "d", "e2", at(1, 1), 4, false},
		{"is another device", "x", "e1", at(1, 1), 0, false},
		{"has a feed never written", "d", "e1", map[string]uint64{"device/d": 0}, 4, true},
	} {
		acked, idle := h.Idle(c.device, c.epoch, c.at, c.knows)
		if idle != c.want || idle && acked != 4 {
			t.Errorf("who %s: idle %v, acked %d", c.name, idle, acked)
		}
	}
}

// An ack may be believed only with the heads of all its commits.
func TestAMissedNoticeForgetsTheDevice(t *testing.T) {
	db := newTable()
	h, _ := hubOf(t, db, nil)
	first, missed, third := db.commit("d", 1, street), db.commit("d", 1, other), db.commit("d", 1, street)
	h.Note(first)
	if acked, idle := h.Idle("d", "e1", map[string]uint64{street: 1}, 1); !idle || acked != 1 {
		t.Fatalf("a device's first push is not known: %d, %v", acked, idle)
	}
	h.Note(third)
	if _, idle := h.Idle("d", "e1", map[string]uint64{street: 2, other: 0}, 3); idle {
		t.Error("idle, though memory has not heard of its second push")
	}
	h.Note(missed)
	h.Learn("e1", "d", 3, map[string]uint64{street: 2, other: 1})
	if acked, idle := h.Idle("d", "e1", map[string]uint64{street: 2, other: 1}, 3); !idle || acked != 3 {
		t.Errorf("what the table said is not known: %d, %v", acked, idle)
	}
	h.Note(first)
	if acked, _ := h.Idle("d", "e1", map[string]uint64{street: 2, other: 1}, 3); acked != 3 {
		t.Errorf("a late notice moved the ack back to %d", acked)
	}
}

func TestFeedsByPrefix(t *testing.T) {
	db := newTable()
	db.commit("", 0, street, other, "ref/120102", "device/x")
	h, _ := hubOf(t, db, nil)
	if got := h.Feeds("unit/"); !slices.Equal(got, []string{street, other}) {
		t.Error(got)
	}
	h.Note(db.commit("", 0, street+"01"))
	if got := h.Feeds(street); !slices.Equal(got, []string{street, street + "01"}) {
		t.Error(got)
	}
	if got := h.Feeds("unit/9"); len(got) != 0 {
		t.Error(got)
	}
}

func TestManyDevicesAreForgottenAndNotKept(t *testing.T) {
	h, _ := hubOf(t, newTable(), nil)
	for i := range 200_000 {
		h.Learn("e1", fmt.Sprint("device ", i), 1, nil)
		if i%1000 == 0 {
			if _, idle := h.Idle("device 0", "e1", nil, 1); !idle {
				t.Fatalf("a device in use was forgotten after %d others", i)
			}
		}
	}
	if _, idle := h.Idle("device 1", "e1", nil, 1); idle {
		t.Error("a device not heard of for long is still known")
	}
	if _, idle := h.Idle("device 199999", "e1", nil, 1); !idle {
		t.Error("the newest device is not known")
	}
}
