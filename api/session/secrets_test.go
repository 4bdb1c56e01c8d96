package session_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/storage/db"
)

// Everything that happens in the life of a sign-in, right and wrong, happens here once. Then nothing that was said, logged or
// stored may hold a secret.
func TestSecretsAreNeitherToldNorLoggedNorStored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	d, err := db.Open(t.Context(), db.Config{URL: "sqlite://" + path, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, d, cheap)
	secrets := map[string]string{"password": password, "wrong password": wrong, "password typed as name": "typed as a name",
		"new password": "another good password", "sealing key": strings.Repeat("\x01", 32), "session secret": strings.Repeat("\x02", 32)}
	said := liveOnce(w, secrets)
	_, key, err := w.keys.Signer(t.Context(), keyring.Token)
	w.must(err)
	scalar, err := key.Bytes()
	w.must(err)
	secrets["private key"] = string(scalar)

	places := map[string][]byte{"what was said": []byte(said), "the log": w.log.Bytes()}
	files, err := filepath.Glob(path + "*")
	w.must(err)
	for _, file := range files {
		if places[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	if len(files) == 0 || !strings.Contains(w.log.String(), "signed in") || !strings.Contains(said, "session.sign_in_failed") {
		t.Fatal("nothing to scan: this test would prove nothing")
	}
	for what, secret := range secrets {
		for place, text := range places {
			for form, bytesOf := range map[string]string{"as it is": secret, "in hex": hex.EncodeToString([]byte(secret)),
				"in base64": base64.StdEncoding.EncodeToString([]byte(secret)), "in base64url": base64.RawURLEncoding.EncodeToString([]byte(secret))} {
				if bytes.Contains(text, []byte(bytesOf)) {
					t.Errorf("%s stands in %s, %s", what, place, form)
				}
			}
		}
	}
}

// liveOnce adds the secrets it meets and returns all errors' texts, causes included.
func liveOnce(w *world, secrets map[string]string) string {
	var said strings.Builder
	tell := func(err error) {
		if err == nil {
			w.Fatal("a step that should fail did not")
		}
		said.WriteString(err.Error() + "\n")
	}
	s, ctx := w.replicas[0], w.Context()
	code, err := s.CreateCode(ctx, w.caller(people.RoleLeader, street), street, 0)
	w.must(err)
	secrets["code"], secrets["bare code"] = code.Code, strings.ReplaceAll(code.Code, "-", "")
	h, other := w.stranger(), w.handheld(street)
	enrolled, err := s.Enrol(ctx, h.proven(), session.Enrolment{Code: code.Code, Name: "终端", Key: h.jwk})
	w.must(err)
	h.id = enrolled.ID
	_, err = s.Enrol(ctx, other.proven(), session.Enrolment{Code: code.Code, Name: "终端", Key: other.jwk})
	tell(err)
	_, err = s.Enrol(ctx, other.proven(), session.Enrolment{Code: code.Code + "X", Name: "终端", Key: other.jwk})
	tell(err)

	a := w.account(people.RoleOfficer, street)
	tokens := h.signedIn(a)
	secrets["access token"], secrets["refresh token"] = tokens.Access, tokens.Refresh
	for _, bad := range [][2]string{{a.Name, wrong}, {"typed as a name", password}, {"", ""}} {
		_, err = h.signIn(s, bad[0], bad[1])
		tell(err)
	}
	caller, err := h.ask(s, tokens.Access)
	w.must(err)
	for _, access := range []string{tokens.Access[:len(tokens.Access)-5], "x" + tokens.Access, tokens.Refresh, strings.Replace(tokens.Access, ".", "..", 1)} {
		_, err = h.ask(s, access)
		tell(err)
	}
	proof := h.proof("GET", "/v1/time", tokens.Access)
	secrets["proof"] = proof
	for _, dpop := range []string{proof, proof, proof + "x", "x"} {
		if _, err := s.Authenticate(ctx, "GET", "/v1/time", "DPoP "+tokens.Access, dpop); err != nil {
			tell(err)
		}
	}
	next, err := h.refresh(s, tokens.Refresh)
	w.must(err)
	secrets["second refresh token"], secrets["second access token"] = next.Refresh, next.Access
	_, err = h.refresh(s, tokens.Refresh+"x")
	tell(err)
	tell(s.ChangePassword(ctx, caller, wrong, "another good password"))
	tell(s.ChangePassword(ctx, caller, password, "short"))
	w.must(s.ChangePassword(ctx, caller, password, "another good password"))
	_, err = other.refresh(s, next.Refresh)
	tell(err)
	_, err = s.CreateAccountByServer(ctx, session.NewAccount{Name: a.Name, Password: password, Officer: a.Officer})
	tell(err)
	stolen := other.signedInWith(a, "another good password")
	_, err = h.refresh(s, stolen.Refresh)
	tell(err)
	w.must(s.RevokeDevice(ctx, w.caller(people.RoleLeader, street), h.id))
	w.must(w.keys.Rotate(ctx, keyring.Token))
	return said.String()
}

func (h *handheld) signedInWith(a people.Account, password string) session.Tokens {
	h.w.Helper()
	tokens, err := h.signIn(h.w.replicas[0], a.Name, password)
	h.w.must(err)
	return tokens
}

// The texts for people never carry the cause, which is for the log.
func TestFaultsTellNoCause(t *testing.T) {
	w := onSQLite(t)
	_, err := w.replicas[0].Prove("GET", "/", "x.y.z")
	f := fault.Of(err)
	if f.Cause == nil || strings.Contains(f.Zh+f.En, f.Cause.Error()) {
		t.Errorf("%+v", f)
	}
	var none token.Proof
	_, err = w.replicas[0].Refresh(t.Context(), none, "")
	w.is(err, fault.RefreshInvalid)
}
