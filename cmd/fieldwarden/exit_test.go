package main

import (
	"errors"
	"fmt"
	"testing"
)

// What a script may conclude from the status: only 0 is good, and what could not be decided is not what is wrong.
func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{{unsound{"x"}, 1}, {fmt.Errorf("in: %w", unsound{"x"}), 1}, {undecided{unsound{"x"}}, 3}, {errors.New("x"), 2}} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%v: status %d, want %d", c.err, got, c.want)
		}
	}
}
