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

// Outstanding is what only a device has, and what of it waits for people: what it would leave behind if it came back no more. The lists hold the
// oldest, as many as were asked for; the numbers beside them count all.
type Outstanding struct {
	Report
	ReportedAt time.Time // zero: it has told nothing
	Recordings int       // announced and not held
	Missing    []MissingRecording
	Numbers    int // leased and on no paper that the server has
	Blocks     []LeasedBlock
	Letters    int // open, about ops of the device
	Open       []string
}

// None reports whether nothing is outstanding, as far as is known.
func (o Outstanding) None() bool {
	return o.Unsent == 0 && o.Recordings == 0 && o.Numbers == 0 && o.Letters == 0
}

// MissingRecording is a recording that was announced and that the server does not hold.
type MissingRecording struct {
	Evidence    string // record id
	Octets      int64
	AnnouncedAt time.Time
}

// LeasedBlock is a block of numbers of which some are on no paper.
type LeasedBlock struct {
	ID, Series, Kind string
	From, To         uint64
	Used             int
}

// RevokedJob is the kind of the work that tells people what a revoked device has left behind; its key is the device's id.
const RevokedJob = "device.revoked"

// Restoration is a restore of the server's database from a backup.
type Restoration struct {
	At        time.Time // when it was said, or shown by a device; zero: there was none
	Announced bool      // by `admin restored`; else a device has shown it
}

// Healths keeps how devices are.
type Healths interface {
	// Report keeps what a device tells, and that it was heard of. What says the same as within the last half minute need not be written.
	Report(ctx context.Context, device string, r Report, at time.Time) error
	// Contact notes that a device was heard of; an earlier moment changes nothing.
	Contact(ctx context.Context, device string, at time.Time) error
	// HealthOf tells how the named devices are; ones that are unknown are left out. Skew is of each one's last ops, at most skewOps.
	HealthOf(ctx context.Context, devices []string, skewOps int) (map[string]Health, error)
	// LastRestoration tells when the database was last restored from a backup, as far as is known.
	LastRestoration(ctx context.Context) (Restoration, error)
	// Outstanding tells what a device would leave behind; its lists have at most limit entries. Of an unknown device it is empty.
	Outstanding(ctx context.Context, device string, limit int) (Outstanding, error)
}
