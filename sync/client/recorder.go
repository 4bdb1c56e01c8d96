package client

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Recorder writes a recording down as the camera makes it, segment by segment. A segment that Write has returned for is on disk, chained, and
// survives a kill: the device finds the recording again by [Device.CutRecordings] and goes on with [Device.Resume], or only stops it.
type Recorder struct {
	ID     string // of the evidence record to be
	d      *Device
	file   *os.File
	n      int    // number of the next segment
	before string // hash of the last one
	offset int64  // where the next one begins
}

// Record begins a recording in a new file. What is known of it already is kept with it; times and digest follow when it stops.
func (d *Device) Record(ctx context.Context, r Recording) (*Recorder, error) {
	path, err := filepath.Abs(r.Path)
	if err != nil {
		return nil, err
	}
	r.Path, r.Pieces, r.EndedAt = path, nil, time.Time{}
	about, err := wire.Canonical(r)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("client: record: %w", err)
	}
	rec := &Recorder{ID: d.newID(), d: d, file: file}
	rec.before = evidence.ChainStart(rec.ID)
	err = syncFolder(filepath.Dir(path))
	if err == nil {
		_, err = d.db.ExecContext(ctx, `INSERT INTO recordings (id, path, about) VALUES (?, ?, ?)`, rec.ID, path, string(about))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(path))
	}
	return rec, nil
}

// Write appends one segment. The octets are on disk before the segment is written down, and that before Write returns nil.
func (r *Recorder) Write(ctx context.Context, octets []byte, p Piece) error {
	if len(octets) == 0 {
		return errors.New("client: record: a segment without octets")
	}
	if _, err := r.file.Write(octets); err != nil {
		return err
	}
	if err := r.file.Sync(); err != nil {
		return err
	}
	sum := sha256.Sum256(octets)
	s := evidence.Segment{N: r.n, SHA256: hex.EncodeToString(sum[:]), Offset: r.offset, Length: int64(len(octets)), At: timeText(p.At), Boot: p.Boot,
		MonotonicMs: p.MonotonicMs, DurationMs: p.DurationMs, Place: p.Place}
	s.Hash = s.HashAfter(r.before)
	if r.n%signEvery == signEvery-1 {
		if err := r.d.signSegment(r.ID, &s); err != nil {
			return err
		}
	}
	if err := r.d.keepSegment(ctx, r.ID, s); err != nil {
		return err
	}
	r.n, r.before, r.offset = r.n+1, s.Hash, r.offset+s.Length
	return nil
}

func (d *Device) signSegment(id string, s *evidence.Segment) (err error) {
	s.Signature, err = wire.Sign(d.key, evidence.SegmentInput(id, *s))
	return err
}

// keepSegment writes a segment down; one that is there is replaced, by itself with a signature.
func (d *Device) keepSegment(ctx context.Context, id string, s evidence.Segment) error {
	entry, err := wire.Canonical(s.Entry())
	if err != nil {
		return err
	}
	_, err = d.db.ExecContext(ctx, `INSERT INTO recorded (recording, n, entry) VALUES (?, ?, ?) ON CONFLICT (recording, n) DO UPDATE SET entry = excluded.entry`,
		id, s.N, string(entry))
	return err
}

// CutRecordings lists the recordings that were begun and not stopped, oldest first: after a kill, those that were cut off.
func (d *Device) CutRecordings(ctx context.Context) (ids []string, err error) {
	err = each(ctx, d.db, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM recordings ORDER BY id`)
	return ids, err
}

// Resume goes on with a recording that was cut off, behind everything that is in its file. Octets of a segment that was not complete stay where
// they are: they belong to no segment, and the chain says so; that time has passed says the next segment's clock.
func (d *Device) Resume(ctx context.Context, id string) (*Recorder, error) {
	_, path, err := d.recording(ctx, id)
	if err != nil {
		return nil, err
	}
	all, err := d.recorded(ctx, id)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, fmt.Errorf("client: resume: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	rec := &Recorder{ID: id, d: d, file: file, n: len(all), before: evidence.ChainStart(id), offset: info.Size()}
	if len(all) > 0 {
		rec.before = all[len(all)-1].Hash
	}
	return rec, nil
}

// recording reads what is known of a recording under way.
func (d *Device) recording(ctx context.Context, id string) (r Recording, path string, err error) {
	var about []byte
	err = d.db.QueryRowContext(ctx, `SELECT path, about FROM recordings WHERE id = ?`, id).Scan(&path, &about)
	if err == nil {
		err = decode(about, &r)
	}
	if err != nil {
		err = fmt.Errorf("client: recording %s: %w", id, err)
	}
	return r, path, err
}

// recorded reads the segments of a recording under way, in order.
func (d *Device) recorded(ctx context.Context, id string) ([]evidence.Segment, error) {
	entries := record.Object{}
	err := each(ctx, d.db, func(rows *sql.Rows) error {
		var n int
		var text []byte
		if err := rows.Scan(&n, &text); err != nil {
			return err
		}
		entry, err := wire.Object(text)
		entries[strconv.Itoa(n)] = entry
		return err
	}, `SELECT n, entry FROM recorded WHERE recording = ?`, id)
	if err != nil {
		return nil, err
	}
	all, flaws := evidence.SegmentsOf(record.Object{"segments": entries})
	if len(flaws) > 0 {
		return nil, fmt.Errorf("client: recording %s: %s", id, flaws[0].En)
	}
	return all, nil
}

// Stop ends the recording and announces it. Nothing can be written afterwards.
func (r *Recorder) Stop(ctx context.Context) error {
	if err := r.file.Close(); err != nil {
		return err
	}
	return r.d.StopRecording(ctx, r.ID)
}

// StopRecording announces what there is of a recording that was begun: the last segment gets the device's signature, which covers all before
// it, and the segments go out in as many edits as they need. Killed on the way it is simply called again. A recording without a single octet is
// forgotten.
func (d *Device) StopRecording(ctx context.Context, id string) error {
	r, path, err := d.recording(ctx, id)
	if err != nil {
		return err
	}
	all, err := d.recorded(ctx, id)
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		return d.forgetRecording(ctx, id, path)
	}
	if last := len(all) - 1; last >= 0 && all[last].Signature == "" {
		if err := d.signSegment(id, &all[last]); err != nil {
			return err
		}
		if err := d.keepSegment(ctx, id, all[last]); err != nil {
			return err
		}
	}
	file, err := measure(path)
	if err != nil {
		return fmt.Errorf("client: recording %s: %w", path, err)
	}
	r.span(all, file)
	return d.announceRecording(ctx, id, r, file, all)
}

// span takes the times from the segments; without any, the file's own end is all there is.
func (r *Recording) span(all []evidence.Segment, file measured) {
	at := func(s evidence.Segment) time.Time { t, _ := time.Parse(time.RFC3339Nano, s.At); return t } // SegmentsOf has read it
	if len(all) > 0 {
		last := all[len(all)-1]
		r.StartedAt, r.EndedAt = at(all[0]), at(last).Add(time.Duration(last.DurationMs)*time.Millisecond)
	}
	if modified, err := time.Parse(time.RFC3339Nano, file.modifiedAt); len(all) == 0 && err == nil {
		r.EndedAt = modified
	}
	if r.EndedAt.Before(r.StartedAt) {
		r.EndedAt = r.StartedAt // the wall clock was set back; the segments' own clocks say how long it was
	}
}

func (d *Device) forgetRecording(ctx context.Context, id, path string) error {
	err := d.inTx(ctx, func(tx *sql.Tx) error { return dropRecording(ctx, tx, id) })
	return errors.Join(err, os.Remove(path))
}

func dropRecording(ctx context.Context, tx *sql.Tx, id string) error {
	for _, statement := range []string{`DELETE FROM recorded WHERE recording = ?`, `DELETE FROM recordings WHERE id = ?`} {
		if _, err := tx.ExecContext(ctx, statement, id); err != nil {
			return err
		}
	}
	return nil
}

// segmentsInEdit is how many segments one edit tells: of some 500 octets each, a quarter of what an edit may hold. Tests make it less.
var segmentsInEdit = 1000

// announceRecording tells the recording and its segments, the first of them with it. Each edit says in its own transaction how far it has come.
func (d *Device) announceRecording(ctx context.Context, id string, r Recording, file measured, all []evidence.Segment) error {
	for {
		done := false
		err := d.edit(ctx, "", func(e *Edit) error {
			var told int
			if err := e.tx.QueryRowContext(ctx, `SELECT told FROM recordings WHERE id = ?`, id).Scan(&told); err != nil {
				return err
			}
			next := min(max(told, 0)+segmentsInEdit, len(all))
			if err := e.tellSegments(id, r, file, all[max(told, 0):next], told < 0); err != nil {
				return err
			}
			if done = next == len(all); !done {
				_, err := e.tx.ExecContext(ctx, `UPDATE recordings SET told = ? WHERE id = ?`, next, id)
				return err
			}
			// Only now may the bytes go: the server looks for missing segments when it has the last of them.
			_, err := e.tx.ExecContext(ctx, `INSERT INTO uploads (evidence, path, length, sha256, modified_at, added_at) VALUES (?, ?, ?, ?, ?, ?)`,
				id, file.path, file.length, file.sha256, file.modifiedAt, timeText(d.now()))
			if err != nil {
				return err
			}
			return dropRecording(ctx, e.tx, id)
		})
		if err != nil || done {
			return err
		}
	}
}

func (e *Edit) tellSegments(id string, r Recording, file measured, some []evidence.Segment, first bool) error {
	segments := record.Object{}
	for _, s := range some {
		segments[strconv.Itoa(s.N)] = s.Entry()
	}
	if !first {
		return e.Update("evidence", id, func(body record.Object) {
			there, _ := body["segments"].(record.Object)
			for key, entry := range segments {
				there[key] = entry
			}
		})
	}
	if err := r.belong(e); err != nil {
		return err
	}
	if r.Unit == "" {
		if err := e.tx.QueryRowContext(e.ctx, `SELECT unit FROM device`).Scan(&r.Unit); err != nil {
			return err
		}
	}
	body := r.manifest(file, e.author)
	if len(segments) > 0 {
		body["segments"] = segments
	}
	return e.CreateAs("evidence", id, body)
}

// syncFolder makes the name of a new file durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
