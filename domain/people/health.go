package people

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Report is what a device tells of itself.
type Report struct {
	Unsent       int
	OldestUnsent time.Time // zero when nothing is unsent
	AppVersion   string
}

// Health is how a device is, as far as it and the server know.
type Health struct {
	Report
	ReportedAt time.Time // zero: it has told nothing
	ContactAt  time.Time // of the last pull or push; zero: never
	LastSeq    uint64
	Rejected   int // ops
	Held       int
	Missing    Missing
	Skew       record.Skew
	SkewKnown  bool // false without anchored ops
}

// Missing is what a device has announced and the server does not hold.
type Missing struct {
	Recordings int
	Octets     int64
	Oldest     time.Time // when the oldest of them was announced; zero: none
}

// Healths keeps how devices are.
type Healths interface {
	// Report keeps what a device tells, and that it was heard of. What says the same as within the last half minute need not be written.
	Report(ctx context.Context, device string, r Report, at time.Time) error
	// Contact notes that a device was heard of; an earlier moment changes nothing.
	Contact(ctx context.Context, device string, at time.Time) error
	// HealthOf tells how the named devices are; ones that are unknown are left out. Skew is of each one's last ops, at most skewOps.
	HealthOf(ctx context.Context, devices []string, skewOps int) (map[string]Health, error)
}
