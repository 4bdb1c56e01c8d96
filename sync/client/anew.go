package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"errors"
	"net/http"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// EnrolAnew makes a device known again whose place on the server is lost or taken: it was enrolled after a backup that has been put
// back, it was revoked, or it was set aside and a person has decided that this is the copy that begins anew. Nothing in its queue is lost:
//
//   - the server that has forgotten the device gets all its ops again, as they were sealed, under the old key;
//   - otherwise it gets a new key and a chain of its own, and what is unsent is sealed anew in that: the same edits by the
//     same authors at the same times, under new ids. What was answered stays with the old chain, and is only shown here.
//
// Afterwards every officer signs in again before the next Sync. Ops of an officer who has not yet are rejected and can be retried.
func (d *Device) EnrolAnew(ctx context.Context, code, name string) error {
	d.syncing.Lock()
	defer d.syncing.Unlock()
	d.uploading.Lock()
	defer d.uploading.Unlock()
	d.signing.Lock()
	defer d.signing.Unlock()
	var begun bool // under a new key, and cut before the answer was kept
	if err := d.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM next_key)`).Scan(&begun); err != nil {
		return err
	}
	if !begun {
		i, err := d.enrolUnder(ctx, d.key, code, name)
		if err == nil {
			return d.sendAgain(ctx, i)
		}
		if !is(err, fault.KeyTaken) {
			return err
		}
	}
	return d.newChain(ctx, code, name)
}

// sendAgain makes everything unsent that is kept: the server has forgotten the device, and gives it a new name.
func (d *Device) sendAgain(ctx context.Context, i Identity) error {
	return d.inTx(ctx, func(tx *sql.Tx) error {
		if err := d.become(ctx, tx, i); err != nil {
			return err
		}
		return reopen(ctx, tx, 1)
	})
}

// newChain enrols the device under a new key and begins a chain with what is unsent.
func (d *Device) newChain(ctx context.Context, code, name string) error {
	key, err := d.nextKey(ctx)
	if err != nil {
		return err
	}
	i, err := d.enrolUnder(ctx, key, code, name)
	if err != nil {
		return err
	}
	err = d.inTx(ctx, func(tx *sql.Tx) error {
		if err := d.become(ctx, tx, i); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE device SET private_key = (SELECT private_key FROM next_key); DELETE FROM next_key`); err != nil {
			return err
		}
		return d.carryOver(ctx, tx)
	})
	if err == nil {
		d.key = key
	}
	return err
}

// become takes over who the device is now. Cursor and tokens were the old one's.
func (d *Device) become(ctx context.Context, tx *sql.Tx, i Identity) error {
	if _, err := tx.ExecContext(ctx, `UPDATE device SET id = ?, name = ?, unit = ?, district = ?`, i.ID, i.Name, i.Unit, i.District); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE session SET access = '', refresh = ''`); err != nil {
		return err
	}
	return beginAnew(ctx, tx)
}

// nextKey returns the key that the device will have, made and kept on first use: the same code asked for again must come with the
// same key.
func (d *Device) nextKey(ctx context.Context) (key *ecdsa.PrivateKey, err error) {
	err = d.inTx(ctx, func(tx *sql.Tx) error {
		var der []byte
		err := tx.QueryRowContext(ctx, `SELECT private_key FROM next_key`).Scan(&der)
		if err == nil {
			key, err = parseKey(der)
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return err
		}
		if der, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO next_key (one, private_key) VALUES (1, ?)`, der)
		return err
	})
	return key, err
}

// enrolUnder enrols a key, by a proof of that key.
func (d *Device) enrolUnder(ctx context.Context, key *ecdsa.PrivateKey, code, name string) (Identity, error) {
	public, err := publicJWK(&key.PublicKey)
	if err != nil {
		return Identity{}, err
	}
	var i Identity
	r := request{method: http.MethodPost, path: "/v1/devices", by: device, key: key}
	_, err = d.askWith(ctx, r, map[string]any{"code": code, "name": name, "publicKey": public}, &i)
	return i, err
}

// carryOver moves the old chain's numbers out of the way, below 1, and seals what is unsent anew from 1 on.
func (d *Device) carryOver(ctx context.Context, tx *sql.Tx) error {
	unsent, err := queued(ctx, tx, `status = ''`)
	if err != nil {
		return err
	}
	var down int64
	err = tx.QueryRowContext(ctx, `SELECT last_seq + 1 - min(0, coalesce((SELECT min(seq) FROM ops), 0)) FROM device`).Scan(&down)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM ops WHERE status = ''; UPDATE ops SET seq = seq - ?1 WHERE seq > 0;
		UPDATE device SET last_seq = 0, last_hash = ''`, down)
	if err != nil {
		return err
	}
	prev := ""
	for n, q := range unsent {
		op := q.Op
		op.ID, op.Seq, op.Prev = d.newID(), uint64(n+1), prev
		sealed, err := wire.Seal(op)
		if err != nil {
			return err
		}
		if err := enqueue(ctx, tx, sealed); err != nil {
			return err
		}
		prev = sealed.Hash
	}
	return nil
}
