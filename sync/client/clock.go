package client

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// maxRoundTripMs is how long a reply may have taken for its time to replace one known better. The server allows one second
// around an anchor, which is half of this.
const maxRoundTripMs = 2000

// now is the device's own wall clock, in the resolution that travels.
func (d *Device) now() time.Time { return d.cfg.Now().UTC().Truncate(time.Microsecond) }

// learnTime keeps a server time as the new anchor. The server read its clock somewhere between sending and receiving, so it
// is set against the middle of the two (Cristian 1989).
func (d *Device) learnTime(ctx context.Context, server time.Time, res response) error {
	if server.IsZero() {
		return nil
	}
	return d.inTx(ctx, func(tx *sql.Tx) error {
		old, err := d.anchor(ctx, tx)
		if err != nil || old != nil && res.received-res.sent > maxRoundTripMs {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO anchor (one, boot, server, monotonic_ms) VALUES (1, ?, ?, ?)`,
			d.cfg.Boot, timeText(server.Truncate(time.Microsecond)), res.sent+(res.received-res.sent)/2)
		return err
	})
}

// anchor returns the last server time seen in this boot, or nil.
func (d *Device) anchor(ctx context.Context, from reader) (*wire.Anchor, error) {
	var server string
	var a wire.Anchor
	err := from.QueryRowContext(ctx, `SELECT server, monotonic_ms FROM anchor WHERE boot = ?`, d.cfg.Boot).
		Scan(&server, &a.MonotonicMs)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a.Server, err = time.Parse(time.RFC3339Nano, server)
	return &a, err
}

// serverNow is the best the device knows of the server's time: the anchor counted on, or else its own wall clock.
func (d *Device) serverNow(ctx context.Context, from reader) (time.Time, error) {
	a, err := d.anchor(ctx, from)
	if err != nil || a == nil {
		return d.now(), err
	}
	return a.Server.Add(time.Duration(d.cfg.Monotonic()-a.MonotonicMs) * time.Millisecond), nil
}

// askTime asks the server for its time, for a device whose own clock is too far off to prove anything.
func (d *Device) askTime(ctx context.Context) error {
	var reply struct {
		Now time.Time `json:"now"`
	}
	res, err := d.call(ctx, request{method: http.MethodGet, path: "/v1/time", by: nobody})
	if err == nil {
		err = decode(res.body, &reply)
	}
	if err != nil {
		return err
	}
	return d.learnTime(ctx, reply.Now, res)
}

// newID makes a UUIDv7 (RFC 9562 §5.7): milliseconds of the wall clock, then 74 random bits.
func (d *Device) newID() string {
	var u [16]byte
	d.draw(u[6:])
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(d.cfg.Now().UnixMilli()))
	copy(u[:6], ms[2:])
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// draw fills b with random bytes. Should the injected source run dry, the system's own takes over: ids must not repeat.
func (d *Device) draw(b []byte) {
	d.drawing.Lock()
	defer d.drawing.Unlock()
	if _, err := io.ReadFull(d.cfg.Rand, b); err != nil {
		_, _ = rand.Read(b) // never fails
	}
}
