package client

import (
	"context"
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// told is what the device tells of itself.
type told struct {
	Unsent       int        `json:"unsent"`
	OldestUnsent *time.Time `json:"oldestUnsent,omitempty"`
	AppVersion   string     `json:"appVersion,omitempty"`
}

func (t told) equal(other told) bool {
	same := t.OldestUnsent == nil && other.OldestUnsent == nil
	if t.OldestUnsent != nil && other.OldestUnsent != nil {
		same = t.OldestUnsent.Equal(*other.OldestUnsent)
	}
	return same && t.Unsent == other.Unsent && t.AppVersion == other.AppVersion
}

// Report tells the server how many ops are unsent and since when, for the people who look after devices. Sync does so by itself when
// something has changed since it was last told; a device that works for long without a Sync should do it every quarter of an hour.
func (d *Device) Report(ctx context.Context) error {
	d.syncing.Lock()
	defer d.syncing.Unlock()
	now, err := d.howItIs(ctx)
	if err != nil {
		return err
	}
	return d.tell(ctx, now, maxTries)
}

// tellNews tells it at the end of a Sync, once in a process and whenever it has changed. It is no matter of the person who synchronises:
// whatever hinders it, the next time will do.
func (d *Device) tellNews(ctx context.Context) {
	now, err := d.howItIs(ctx)
	if err == nil && (d.told == nil || !now.equal(*d.told)) {
		err = d.tell(ctx, now, 1)
	}
	if err != nil && !is(err, fault.SignedOut) {
		d.cfg.Logger.DebugContext(ctx, "the server was not told how the device is", "error", err)
	}
}

func (d *Device) tell(ctx context.Context, now told, tries int) error {
	_, err := d.askWith(ctx, request{method: http.MethodPost, path: "/v1/devices/current/report", by: signedIn, tries: tries}, now, nil)
	if err == nil {
		d.told = &now
	}
	return err
}

// howItIs counts what is unsent. A time that no calendar has is left out: the clock of a device may say anything.
func (d *Device) howItIs(ctx context.Context) (told, error) {
	t := told{AppVersion: d.cfg.AppVersion}
	var oldest string
	err := d.db.QueryRowContext(ctx, `SELECT count(*), coalesce((SELECT made_at FROM ops WHERE status = '' ORDER BY seq LIMIT 1), '') FROM ops WHERE status = ''`).
		Scan(&t.Unsent, &oldest)
	if err != nil {
		return t, err
	}
	if at, parseErr := time.Parse(time.RFC3339Nano, oldest); parseErr == nil && at.Year() >= 2000 && at.Year() <= 2200 {
		t.OldestUnsent = &at
	}
	return t, nil
}
