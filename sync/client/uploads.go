package client

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Recording is a file that is to be kept as evidence. It must not change any more.
type Recording struct {
	Path       string
	Unit       string // whose evidence it is; "": that of the joint inspection it belongs to, or else the device's
	Inspection string // record id, if it belongs to one
	Step       string // of the inspection
	Kind       string // e.g. video, audio, photo
	MIME       string
	StartedAt  time.Time
	EndedAt    time.Time
	Place      record.Object
	Note       string
	Pieces     []Piece // of a long recording, so that each can be shown to be what the camera wrote at that moment

	partners record.Object // of the joint inspection
}

// The states of an upload on the device.
const (
	UploadWaiting   = "waiting"   // the server lacks bytes
	UploadSent      = "sent"      // the server has all bytes, but has not given its word for them
	UploadReceipted = "receipted" // there is a verified receipt; the file may go
	UploadFreed     = "freed"     // the file is gone
)

// Upload is how far the bytes of a recording are on their way to the server.
type Upload struct {
	Evidence string // record id
	Path     string
	Length   int64
	SHA256   string // hex
	Sent     int64  // as the server last told
	State    string
	Receipt  string // compact JWS; "" before the state receipted

	modifiedAt, url string
}

// AddEvidence announces a recording: digest and length go out with the next Sync, the bytes with the next Upload after it.
// From the announcement on the server can say which bytes it lacks. It returns the id of the evidence record.
func (d *Device) AddEvidence(ctx context.Context, r Recording) (id string, err error) {
	file, err := measure(r.Path)
	if err != nil {
		return "", fmt.Errorf("client: recording %s: %w", r.Path, err)
	}
	err = d.edit(ctx, "", func(e *Edit) error {
		if err := r.belong(e); err != nil {
			return err
		}
		if r.Unit == "" {
			if err := e.tx.QueryRowContext(ctx, `SELECT unit FROM device`).Scan(&r.Unit); err != nil {
				return err
			}
		}
		id = d.newID()
		body := r.manifest(file, e.author)
		if len(r.Pieces) > 0 {
			segments, err := d.segments(id, file.path, r.Pieces)
			if err != nil {
				return fmt.Errorf("client: recording %s: %w", r.Path, err)
			}
			body["segments"] = segments
		}
		if err := e.CreateAs("evidence", id, body); err != nil {
			return err
		}
		_, err := e.tx.ExecContext(ctx, `INSERT INTO uploads (evidence, path, length, sha256, modified_at, added_at) VALUES (?, ?, ?, ?, ?, ?)`,
			id, file.path, file.length, file.sha256, file.modifiedAt, timeText(d.now()))
		return err
	})
	return id, err
}

// belong puts the recording of a joint inspection where the inspection is, for all its units. One that is not known here changes nothing.
func (r *Recording) belong(e *Edit) error {
	if r.Inspection == "" || r.Unit != "" {
		return nil
	}
	visit, err := e.Get("inspections", r.Inspection)
	if is(err, fault.RecordUnknown) {
		return nil
	}
	if partners, _ := visit.Body["partners"].(record.Object); err == nil && len(partners) > 0 {
		r.Unit, _ = visit.Body["unit"].(string)
		r.partners = partners
	}
	return err
}

// manifest is the body of the evidence record.
func (r Recording) manifest(file measured, officer string) record.Object {
	body := record.Object{"unit": r.Unit, "kind": r.Kind, "mime": r.MIME, "officer": officer, "sha256": file.sha256,
		"length": float64(file.length), "startedAt": timeText(r.StartedAt), "endedAt": timeText(r.EndedAt)}
	for name, value := range map[string]string{"inspection": r.Inspection, "step": r.Step, "note": r.Note} {
		if value != "" {
			body[name] = value
		}
	}
	if r.Place != nil {
		body["place"] = r.Place
	}
	if len(r.partners) > 0 {
		body["partners"] = r.partners
	}
	return body
}

// Uploads lists every recording that was added on this device, oldest first.
func (d *Device) Uploads(ctx context.Context) ([]Upload, error) { return d.uploads(ctx, `true`) }

func (d *Device) uploads(ctx context.Context, where string, args ...any) ([]Upload, error) {
	var all []Upload
	err := each(ctx, d.db, func(rows *sql.Rows) error {
		var u Upload
		err := rows.Scan(&u.Evidence, &u.Path, &u.Length, &u.SHA256, &u.Sent, &u.State, &u.Receipt, &u.modifiedAt, &u.url)
		all = append(all, u)
		return err
	}, `SELECT evidence, path, length, sha256, sent, state, receipt, modified_at, url FROM uploads WHERE `+where+` ORDER BY added_at, evidence`, args...)
	return all, err
}

// Upload sends the bytes of every announced recording that the server lacks, and frees those it has given its receipt for.
// The receipt comes by a Sync some time after the last byte; so the usual round is Sync, Upload, Sync, Upload. It may be
// killed anywhere and goes on at the byte that the server names. One recording that fails does not hold up the others.
func (d *Device) Upload(ctx context.Context) error {
	d.uploading.Lock()
	defer d.uploading.Unlock()
	due, err := d.uploads(ctx, `state IN ('waiting', 'sent', 'receipted') AND (
		EXISTS (SELECT 1 FROM records WHERE id = evidence) OR
		EXISTS (SELECT 1 FROM ops WHERE record = evidence AND status IN ('applied', 'merged', 'conflict')))`)
	if err != nil {
		return err
	}
	var failed []error
	for _, u := range due {
		err := d.bring(ctx, u)
		if err == nil {
			continue
		}
		failed = append(failed, fmt.Errorf("evidence %s: %w", u.Evidence, err))
		if ctx.Err() != nil || is(err, fault.Unreachable, fault.SignedOut) {
			break // nor would the others get through
		}
	}
	return errors.Join(failed...)
}

// bring takes one recording as far as it will go now.
func (d *Device) bring(ctx context.Context, u Upload) error {
	if u.State != UploadReceipted {
		token, err := d.custody(ctx, u.Evidence)
		if err != nil {
			return err
		}
		if token == "" {
			return d.send(ctx, u)
		}
		if err := d.acceptReceipt(ctx, token, u); err != nil {
			return err
		}
	}
	if d.cfg.KeepFiles {
		return nil
	}
	return d.free(ctx, u)
}

// custody returns the receipt that has come with the evidence record, or "".
func (d *Device) custody(ctx context.Context, id string) (token string, err error) {
	found := map[string]*layers{}
	if err := sentBy(ctx, d.db, found, `id = ?`, id); err != nil || found[id] == nil {
		return "", err
	}
	custody, _ := found[id].sent.Body["custody"].(record.Object)
	if custody["state"] != string(evidence.CustodyHeld) {
		return "", nil
	}
	token, _ = custody["receipt"].(string)
	return token, nil
}

// free removes a receipted file. Should other bytes have come to lie under its name, they are left alone: nobody holds those.
func (d *Device) free(ctx context.Context, u Upload) error {
	file, err := d.openIntact(ctx, u)
	if err == nil {
		err = errors.Join(file.Close(), os.Remove(u.Path))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err = d.db.ExecContext(ctx, `UPDATE uploads SET state = ? WHERE evidence = ?`, UploadFreed, u.Evidence)
	return err
}

// measured is what is announced of a file.
type measured struct {
	path               string // absolute
	length             int64
	sha256, modifiedAt string
}

// measure reads a whole file, in memory that does not grow with it.
func measure(path string) (m measured, err error) {
	if m.path, err = filepath.Abs(path); err != nil {
		return m, err
	}
	file, err := os.Open(m.path)
	if err != nil {
		return m, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return m, err
	}
	if !info.Mode().IsRegular() {
		return m, errors.New("not a regular file")
	}
	m.modifiedAt = timeText(info.ModTime()) // before reading: a change while it is read shows later
	digest := sha256.New()
	m.length, err = io.Copy(digest, file)
	m.sha256 = hex.EncodeToString(digest.Sum(nil))
	return m, err
}

// openIntact opens the file of an upload, provided that it is what was announced. When its size and its time of change are as
// noted that is believed; otherwise it is read through. Whoever changes a file and puts its time back deceives nobody for
// long: the server compares the digest.
func (d *Device) openIntact(ctx context.Context, u Upload) (*os.File, error) {
	file, err := os.Open(u.Path)
	if err != nil {
		return nil, fault.New(fault.FileChanged).Because(err)
	}
	info, err := file.Stat()
	if err == nil && info.Size() == u.Length && timeText(info.ModTime()) == u.modifiedAt {
		return file, nil
	}
	if err == nil {
		err = d.compare(ctx, u)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// compare reads the file of an upload through: it must have the announced digest.
func (d *Device) compare(ctx context.Context, u Upload) error {
	m, err := measure(u.Path)
	if err != nil {
		return fault.New(fault.FileChanged).Because(err)
	}
	if m.length != u.Length || m.sha256 != u.SHA256 {
		return fault.New(fault.FileChanged).Because(fmt.Errorf("%s has %d octets with digest %s", u.Path, m.length, m.sha256))
	}
	_, err = d.db.ExecContext(ctx, `UPDATE uploads SET modified_at = ? WHERE evidence = ?`, m.modifiedAt, u.Evidence)
	return err
}
