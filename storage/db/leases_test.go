package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Numbers of a series are given out once and without gaps, to however many ask at once, and each asks again as if the first
// reply had been lost.
func TestLeasedNumbersHaveNoGaps(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		const leases, size = 24, 5
		ctx := context.Background()
		firsts := make([]uint64, leases)
		var all sync.WaitGroup
		for i := range leases {
			all.Go(func() {
				for range 2 {
					first, err := d.LeaseNumbers(ctx, fmt.Sprintf("lease-%d", i), fmt.Sprintf("series-%d", i%2), size)
					if err != nil {
						t.Error(err)
					}
					if firsts[i] != 0 && firsts[i] != first {
						t.Errorf("lease %d got %d, and when it asked again %d", i, firsts[i], first)
					}
					firsts[i] = first
				}
			})
		}
		all.Wait()
		taken := map[string]bool{}
		for i, first := range firsts {
			for n := first; n < first+size; n++ {
				taken[fmt.Sprintf("%d/%d", i%2, n)] = true
			}
		}
		for series := range 2 {
			for n := 1; n <= leases/2*size; n++ {
				if !taken[fmt.Sprintf("%d/%d", series, n)] {
					t.Errorf("number %d of series %d was given to nobody", n, series)
				}
			}
		}
		if len(taken) != leases*size {
			t.Errorf("%d numbers were given out, want %d", len(taken), leases*size)
		}
	})
}

func TestLeaseIsForOneThing(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		if _, err := d.LeaseNumbers(ctx, "one", "s", 5); err != nil {
			t.Fatal(err)
		}
		for _, again := range []func() (uint64, error){
			func() (uint64, error) { return d.LeaseNumbers(ctx, "one", "s", 6) },
			func() (uint64, error) { return d.LeaseNumbers(ctx, "one", "other", 5) },
		} {
			if _, err := again(); !errors.Is(err, fault.New(fault.IdempotencyReused)) {
				t.Errorf("%v, want %s", err, fault.IdempotencyReused)
			}
		}
		if first, err := d.LeaseNumbers(ctx, "two", "s", 1); err != nil || first != 6 {
			t.Errorf("%d, %v: a refused lease takes no numbers", first, err)
		}
		for _, statement := range []string{"UPDATE leases SET count = 1", "DELETE FROM leases"} {
			err := d.transact(ctx, func(ctx context.Context, t *tx) error { return t.exec(ctx, statement) })
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v, want refused as append-only", statement, err)
			}
		}
	})
}
