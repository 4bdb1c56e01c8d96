package client

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// refreshEarly is how long before its end an access token is exchanged, so that no large request is sent in vain.
const refreshEarly = 30 * time.Second

// Identity is who the device is to the server.
type Identity struct {
	ID       string `json:"id"` // "" until enrolled
	Name     string `json:"name"`
	Unit     string `json:"unit"`
	District string `json:"district"`
}

// Officer is the person who works on the device.
type Officer struct{ ID, Name string }

// Identity returns who the device is.
func (d *Device) Identity(ctx context.Context) (Identity, error) {
	var i Identity
	err := d.db.QueryRowContext(ctx, `SELECT id, name, unit, district FROM device`).Scan(&i.ID, &i.Name, &i.Unit, &i.District)
	return i, err
}

// Enrol makes the device known by a one-time code. Doing it again with the same code is safe: the code and the key together
// name the same device. An enrolled device stays what it is.
func (d *Device) Enrol(ctx context.Context, code, name string) error {
	if i, err := d.Identity(ctx); err != nil || i.ID != "" {
		return err
	}
	i, err := d.enrolUnder(ctx, d.key, code, name)
	if err != nil {
		return err
	}
	_, err = d.db.ExecContext(ctx, `UPDATE device SET id = ?, name = ?, unit = ?, district = ?`, i.ID, i.Name, i.Unit, i.District)
	return err
}

// tokens is the reply to a sign-in and to a refresh.
type tokens struct {
	AccessToken  string `json:"accessToken"`
	ExpiresIn    int64  `json:"expiresIn"` // seconds
	RefreshToken string `json:"refreshToken"`
	Officer      struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"officer"`
}

// SignIn begins a person's session on this device. From now on edits are theirs; unsent edits of whoever was here before
// keep their author and travel with the next Sync all the same.
func (d *Device) SignIn(ctx context.Context, account, password string) error {
	i, err := d.Identity(ctx)
	if err != nil {
		return err
	}
	if i.ID == "" {
		return fault.New(fault.NotEnrolled)
	}
	d.signing.Lock()
	defer d.signing.Unlock()
	in := map[string]any{"account": account, "password": password, "device": i.ID}
	var t tokens
	if _, err := d.ask(ctx, device, http.MethodPost, "/v1/sessions", in, &t); err != nil {
		return err
	}
	return d.keepTokens(ctx, t)
}

// SignOut ends the session on the server and on the device. The device forgets the tokens even when the server cannot be
// reached: they are useless without its key, and end by themselves. What is unsent stays.
func (d *Device) SignOut(ctx context.Context) error {
	_, err := d.ask(ctx, signedIn, http.MethodDelete, "/v1/sessions/current", nil, nil)
	if is(err, fault.SignedOut, fault.SessionEnded) {
		err = nil
	}
	d.signing.Lock()
	defer d.signing.Unlock()
	_, forgetErr := d.db.ExecContext(ctx, `DELETE FROM session`)
	return errors.Join(err, forgetErr)
}

// Refresh exchanges the tokens now. Every call does it by itself in time; this is for those who want it earlier.
func (d *Device) Refresh(ctx context.Context) error {
	s, err := d.session(ctx, d.db)
	if err != nil {
		return err
	}
	return d.refresh(ctx, s.access)
}

// refresh exchanges the tokens unless somebody else has done so since stale was read. When the reply is lost the same token
// is sent again: the server gives this device the same successor until that has been used.
func (d *Device) refresh(ctx context.Context, stale string) error {
	d.signing.Lock()
	defer d.signing.Unlock()
	s, err := d.session(ctx, d.db)
	if err != nil || s.access != stale {
		return err
	}
	if s.refresh == "" {
		return fault.New(fault.SignedOut)
	}
	var t tokens
	in := map[string]any{"refreshToken": s.refresh}
	if _, err := d.ask(ctx, device, http.MethodPost, "/v1/sessions/refresh", in, &t); err != nil {
		return err
	}
	return d.keepTokens(ctx, t)
}

func (d *Device) keepTokens(ctx context.Context, t tokens) error {
	now, err := d.serverNow(ctx, d.db)
	if err != nil {
		return err
	}
	ends := now.Add(time.Duration(t.ExpiresIn) * time.Second)
	_, err = d.db.ExecContext(ctx, `INSERT OR REPLACE INTO session (one, officer, name, access, expires_at, refresh)
		VALUES (1, ?, ?, ?, ?, ?)`, t.Officer.ID, t.Officer.Name, t.AccessToken, timeText(ends), t.RefreshToken)
	return err
}

// endSession forgets tokens that the server takes no longer, but not who was working: edits go on, and wait for a sign-in.
func (d *Device) endSession(ctx context.Context) error {
	_, err := d.db.ExecContext(ctx, `UPDATE session SET access = '', refresh = ''`)
	return err
}

type session struct {
	officer   Officer
	access    string
	refresh   string
	expiresAt time.Time
}

// session returns the current sign-in, or fault client.signed_out.
func (d *Device) session(ctx context.Context, from reader) (session, error) {
	var s session
	var ends string
	err := from.QueryRowContext(ctx, `SELECT officer, name, access, refresh, expires_at FROM session`).
		Scan(&s.officer.ID, &s.officer.Name, &s.access, &s.refresh, &ends)
	if errors.Is(err, sql.ErrNoRows) {
		return s, fault.New(fault.SignedOut)
	}
	if err != nil {
		return s, err
	}
	s.expiresAt, err = time.Parse(time.RFC3339Nano, ends)
	return s, err
}

// Officer returns who works on the device, or fault client.signed_out.
func (d *Device) Officer(ctx context.Context) (Officer, error) {
	s, err := d.session(ctx, d.db)
	return s.officer, err
}

// accessToken returns a token that is good for a while, exchanged first when it is about to end.
func (d *Device) accessToken(ctx context.Context) (string, error) {
	s, err := d.session(ctx, d.db)
	if err != nil {
		return "", err
	}
	if s.refresh == "" {
		return "", fault.New(fault.SignedOut)
	}
	now, err := d.serverNow(ctx, d.db)
	if err != nil || now.Before(s.expiresAt.Add(-refreshEarly)) {
		return s.access, err
	}
	if err := d.refresh(ctx, s.access); err != nil {
		return "", err
	}
	s, err = d.session(ctx, d.db)
	return s.access, err
}
