package token

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// A flood of one key slows that key; a flood of many is told to wait; neither makes the memory grow or forget.
func TestReplayMemoryIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	r := newReplays(100, 40, false)
	codes := map[fault.Code]int{}
	for i := range 60 {
		codes[codeOf(r.use("one", fmt.Sprint(i), now))]++
	}
	if codes[""] != 40 || codes[fault.RateLimited] != 20 {
		t.Errorf("one key: %v", codes)
	}
	codes = map[fault.Code]int{}
	for i := range 100 {
		err := r.use(fmt.Sprint("key ", i), "id", now)
		codes[codeOf(err)]++
		if wait := fault.Of(err).RetryAfter; err != nil && (wait <= 0 || wait > span) {
			t.Fatalf("told to wait %v", wait)
		}
	}
	if codes[""] != 60 || codes[fault.TemporarilyDown] != 40 || len(r.current.used) != 100 {
		t.Errorf("many keys: %v, %d remembered", codes, len(r.current.used))
	}
	for i := range 40 {
		if got := codeOf(r.use("one", fmt.Sprint(i), now.Add(span-time.Second))); got != fault.ProofInvalid {
			t.Fatalf("proof %d in a flood: %q, want a replay to be seen", i, got)
		}
	}
	if err := r.use("one", "new", now.Add(span)); err != nil {
		t.Errorf("after the flood: %v", err)
	}
}

// Where anybody can make proofs a flood must keep nobody out: the oldest are forgotten.
func TestForgetfulMemory(t *testing.T) {
	now := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	r := newReplays(100, 100, true)
	for i := range 1000 {
		if err := r.use(fmt.Sprint("key ", i), "id", now); err != nil {
			t.Fatal(err)
		}
		if n := len(r.current.used) + len(r.before.used); n > 200 {
			t.Fatalf("%d remembered", n)
		}
	}
	if got := codeOf(r.use("key 999", "id", now)); got != fault.ProofInvalid {
		t.Errorf("the newest replay: %q", got)
	}
}

func codeOf(err error) fault.Code {
	var f *fault.Error
	if !errors.As(err, &f) {
		return ""
	}
	return f.Code
}
