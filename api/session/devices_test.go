package session_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

func TestEnrol(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, h := w.replicas[0], w.stranger()
		code, err := s.CreateCode(t.Context(), w.caller(people.RoleLeader, street), street, time.Hour)
		w.must(err)
		if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$`).MatchString(code.Code) {
			t.Errorf("the code is %q", code.Code)
		}
		if code.Unit != street || !code.ExpiresAt.Equal(w.now().Add(time.Hour)) {
			t.Errorf("%+v", code)
		}
		enrol := func(h *handheld, code string) (people.Device, error) {
			return w.replicas[1].Enrol(t.Context(), h.proven(), session.Enrolment{Code: code, Name: " 终端一号 ", Key: h.jwk})
		}
		first, err := enrol(h, code.Code)
		w.must(err)
		if first.Unit != street || first.Name != "终端一号" || first.Thumbprint != h.proven().Thumbprint {
			t.Errorf("%+v", first)
		}
		again, err := enrol(h, code.Code)
		w.must(err)
		if again.ID != first.ID {
			t.Error("the same key and code made another device")
		}
		_, err = enrol(w.stranger(), code.Code)
		w.is(err, fault.EnrolmentUsed)
		another, err := s.CreateCodeByServer(t.Context(), street, 0)
		w.must(err)
		_, err = enrol(h, another.Code)
		w.is(err, fault.KeyTaken)
		w.must(s.RevokeDevice(t.Context(), w.caller(people.RoleLeader, street), first.ID))
		_, err = enrol(h, code.Code)
		w.is(err, fault.DeviceRevoked)
		w.pass(session.DefaultCodeLife + time.Second)
		_, err = enrol(w.stranger(), another.Code)
		w.is(err, fault.EnrolmentExpired)
	})
}

func TestEnrolmentIsRefused(t *testing.T) {
	w := onSQLite(t)
	h, other := w.stranger(), w.stranger()
	code, err := w.replicas[0].CreateCodeByServer(t.Context(), street, 0)
	w.must(err)
	good := session.Enrolment{Code: code.Code, Name: "终端", Key: h.jwk}
	for name, c := range map[string]struct {
		change func(*session.Enrolment)
		code   fault.Code
		field  string
	}{
		"the key of another device": {func(e *session.Enrolment) { e.Key = other.jwk }, fault.KeyInvalid, "publicKey"},
		"no key":                    {func(e *session.Enrolment) { e.Key = token.JWK{} }, fault.KeyInvalid, "publicKey"},
		"no name":                   {func(e *session.Enrolment) { e.Name = " " }, fault.FieldInvalid, "name"},
		"a name without end":        {func(e *session.Enrolment) { e.Name = strings.Repeat("终", 101) }, fault.FieldInvalid, "name"},
		"a name of two lines":       {func(e *session.Enrolment) { e.Name = "a\nb" }, fault.FieldInvalid, "name"},
		"a name that is no text":    {func(e *session.Enrolment) { e.Name = "\xff" }, fault.FieldInvalid, "name"},
		"no code":                   {func(e *session.Enrolment) { e.Code = "" }, fault.EnrolmentUnknown, "code"},
		"a code too short":          {func(e *session.Enrolment) { e.Code = "ABCD-EFGH" }, fault.EnrolmentUnknown, "code"},
		"a code too long":           {func(e *session.Enrolment) { e.Code = strings.Repeat("A", 1<<16) }, fault.EnrolmentUnknown, "code"},
		"a code of other symbols":   {func(e *session.Enrolment) { e.Code = "UUUU-UUUU-UUUU" }, fault.EnrolmentUnknown, "code"},
	} {
		in := good
		c.change(&in)
		_, err := w.replicas[0].Enrol(t.Context(), h.proven(), in)
		if f := fault.Of(err); err == nil || f.Code != c.code || f.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	unknown := good
	unknown.Code = "0000-0000-0000"
	_, err = w.replicas[0].Enrol(t.Context(), h.proven(), unknown)
	w.is(err, fault.EnrolmentUnknown)
	_, err = w.replicas[0].Enrol(t.Context(), token.Proof{}, good) // a handler that forgot its guard
	w.is(err, fault.KeyInvalid)
	_, err = w.replicas[0].Enrol(t.Context(), h.proven(), good) // the code is still unused
	w.must(err)
}

// Codes are read from one screen and typed on another.
func TestCodesAreTypedByPeople(t *testing.T) {
	w := onSQLite(t)
	for _, typed := range []func(string) string{
		strings.ToLower,
		func(c string) string { return strings.ReplaceAll(c, "-", "") },
		func(c string) string { return " " + strings.ReplaceAll(c, "-", " ") + " " },
		func(c string) string { return strings.NewReplacer("0", "O", "1", "l").Replace(c) },
		func(c string) string { return strings.NewReplacer("0", "o", "1", "I").Replace(c) },
	} {
		code, err := w.replicas[0].CreateCodeByServer(t.Context(), street, 0)
		w.must(err)
		h := w.stranger()
		if _, err := w.replicas[0].Enrol(t.Context(), h.proven(), session.Enrolment{Code: typed(code.Code), Name: "终端", Key: h.jwk}); err != nil {
			t.Errorf("%q typed as %q: %v", code.Code, typed(code.Code), err)
		}
	}
}

// Two devices with one code, at the same moment, at two replicas: one is enrolled.
func TestEnrolmentRace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 5 {
			code, err := w.replicas[0].CreateCodeByServer(t.Context(), street, 0)
			w.must(err)
			errs := make([]error, 2)
			var all sync.WaitGroup
			for i, s := range w.replicas {
				h := w.stranger()
				proof := h.proven()
				all.Go(func() {
					_, errs[i] = s.Enrol(t.Context(), proof, session.Enrolment{Code: code.Code, Name: "终端", Key: h.jwk})
				})
			}
			all.Wait()
			if errs[0] == nil {
				errs[0], errs[1] = errs[1], errs[0]
			}
			w.must(errs[1])
			w.is(errs[0], fault.EnrolmentUsed)
		}
	})
}

// What is out of reach answers as what is not there.
func TestReachOfDevices(t *testing.T) {
	w := onSQLite(t)
	s := w.replicas[0]
	h := w.handheld(street)
	leader, neighbour, officer := w.caller(people.RoleLeader, street), w.caller(people.RoleLeader, elsewhere), w.caller(people.RoleOfficer, street)
	same := func(what string, foreign, absent error) {
		t.Helper()
		if foreign == nil || absent == nil || foreign.Error() != absent.Error() {
			t.Errorf("%s: foreign: %v, absent: %v", what, foreign, absent)
		}
		w.is(foreign, fault.NotFound)
	}
	code := func(c people.Caller, unit string) error {
		_, err := s.CreateCode(t.Context(), c, unit, 0)
		return err
	}
	same("code", code(leader, elsewhere), code(leader, street+"999"))
	same("code for no unit", code(leader, ""), code(leader, street+"999"))
	same("code without the right", code(officer, street), code(leader, street+"999"))
	list := func(c people.Caller, unit string) error {
		_, err := s.Devices(t.Context(), c, unit, "", 100)
		return err
	}
	same("list", list(leader, elsewhere), list(leader, "999"))
	same("list of all", list(leader, ""), list(officer, street))
	withoutText := func(err error) error { return fault.New(fault.Of(err).Code) } // the store's cause differs, and is for the log
	same("revoke", withoutText(s.RevokeDevice(t.Context(), neighbour, h.id)), withoutText(s.RevokeDevice(t.Context(), neighbour, newID())))
	w.is(s.RevokeDevice(t.Context(), officer, h.id), fault.NotFound)

	found, err := s.Devices(t.Context(), leader, street, "", 100)
	w.must(err)
	if len(found) != 1 || found[0].ID != h.id || !found[0].RevokedAt.IsZero() {
		t.Errorf("%+v", found)
	}
	found, err = s.Devices(t.Context(), w.caller(people.RoleAuditAdmin, district), district, "", 100)
	w.must(err)
	if len(found) != 1 {
		t.Errorf("the district has %d devices, want those of its streets", len(found))
	}
	for _, life := range []time.Duration{time.Second, session.MaxCodeLife + 1, -time.Hour} {
		_, err := s.CreateCode(t.Context(), leader, street, life)
		w.is(err, fault.FieldInvalid)
	}
}
