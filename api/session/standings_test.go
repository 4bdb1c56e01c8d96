package session

import (
	"fmt"
	"testing"
	"time"
)

func TestStandingsAreBoundedAndFresh(t *testing.T) {
	now := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	k := newStandings(10)
	for i := range 1000 {
		k.put(fmt.Sprint(i), standing{readAt: now}, 0)
		if n := len(k.current) + len(k.before); n > 20 {
			t.Fatalf("%d are remembered", n)
		}
	}
	for after, want := range map[time.Duration]bool{0: true, Freshness - 1: true, Freshness: false, -1: false} {
		if _, _, ok := k.get("999", now.Add(after)); ok != want {
			t.Errorf("after %v: known: %v", after, ok)
		}
	}
	_, epoch, _ := k.get("new", now)
	k.clear()
	k.put("new", standing{readAt: now}, epoch)
	if _, _, ok := k.get("new", now); ok {
		t.Error("what was read before the end is remembered after it")
	}
}
