package session

import (
	"context"
	"crypto/x509"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// How long an enrolment code may be good.
const (
	DefaultCodeLife = 24 * time.Hour
	MinCodeLife     = time.Minute
	MaxCodeLife     = 7 * 24 * time.Hour
)

// Code is an enrolment code as it is shown, once: only its digest is kept.
type Code struct {
	Code      string
	Unit      string
	ExpiresAt time.Time
}

// CreateCode makes a code by which one device can be enrolled in the unit. A zero life is [DefaultCodeLife].
func (s *Service) CreateCode(ctx context.Context, caller people.Caller, unit string, life time.Duration) (Code, error) {
	if !s.reaches(caller, "devices.enrol", unit) {
		return Code{}, fault.New(fault.NotFound).At("unit")
	}
	return s.createCode(ctx, caller.Officer, unit, life)
}

// CreateCodeByServer is [Service.CreateCode] for whoever runs the server: the command line, seeds.
func (s *Service) CreateCodeByServer(ctx context.Context, unit string, life time.Duration) (Code, error) {
	return s.createCode(ctx, record.ServerAuthor, unit, life)
}

func (s *Service) createCode(ctx context.Context, by, unit string, life time.Duration) (Code, error) {
	if life == 0 {
		life = DefaultCodeLife
	}
	if life < MinCodeLife || life > MaxCodeLife {
		return Code{}, fault.New(fault.FieldInvalid).At("ttlSeconds").Detail("应在六十秒至七天之间", "want 60 seconds to 7 days")
	}
	if err := s.unitExists(ctx, unit); err != nil {
		return Code{}, err
	}
	shown := newCode()
	code, _ := readCode(shown)
	c := people.EnrolmentCode{Digest: s.codeDigest(code), Unit: unit, CreatedBy: by, ExpiresAt: s.Now().Add(life)}
	if err := s.Identities.CreateCode(ctx, c); err != nil {
		return Code{}, err
	}
	s.Log.InfoContext(ctx, "enrolment code made", "unit", unit, "by", by)
	return Code{Code: shown, Unit: unit, ExpiresAt: c.ExpiresAt}, nil
}

// Enrolment is a request to enrol a device.
type Enrolment struct {
	Code string
	Name string // for people
	Key  token.JWK
}

// Enrol makes a device known. The proof must be by the key that is enrolled. Doing it again with the same code and key gives the
// same device: a lost reply locks no device out.
func (s *Service) Enrol(ctx context.Context, proof token.Proof, in Enrolment) (people.Device, error) {
	key, err := in.Key.Key()
	if err != nil {
		return people.Device{}, fault.New(fault.KeyInvalid).At("publicKey").Because(err)
	}
	if keyring.Thumbprint(key) != proof.Thumbprint {
		return people.Device{}, fault.New(fault.KeyInvalid).At("publicKey").Detail("与密钥证明不一致", "the proof is by another key")
	}
	name := strings.TrimSpace(in.Name)
	if !presentable(name) {
		return people.Device{}, fault.New(fault.FieldInvalid).At("name").Detail("应为一至一百个字符", "want 1 to 100 characters")
	}
	code, ok := readCode(in.Code)
	if !ok {
		return people.Device{}, fault.New(fault.EnrolmentUnknown).At("code")
	}
	public, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return people.Device{}, err
	}
	now := s.Now()
	d, err := s.Identities.Enrol(ctx, s.codeDigest(code), people.Device{ID: s.NewID(), Name: name, PublicKey: public,
		Thumbprint: proof.Thumbprint, EnrolledAt: now}, now)
	if err == nil && !d.RevokedAt.IsZero() {
		err = fault.New(fault.DeviceRevoked)
	}
	if err != nil {
		return people.Device{}, err
	}
	s.Log.InfoContext(ctx, "device enrolled", "device", d.ID, "unit", d.Unit)
	return d, nil
}

// presentable reports whether a name is fit for people to read.
func presentable(name string) bool {
	n := utf8.RuneCountInString(name)
	return n >= 1 && n <= 100 && utf8.ValidString(name) && strings.IndexFunc(name, unicode.IsControl) < 0
}

// Devices lists the devices of a unit and of those below it, by id, of those behind the one named, at most limit.
func (s *Service) Devices(ctx context.Context, caller people.Caller, unit, after string, limit int) ([]people.Device, error) {
	if !s.reaches(caller, "devices.list", unit) {
		return nil, fault.New(fault.NotFound).At("unit")
	}
	return s.Identities.Devices(ctx, unit, after, limit)
}

// Device finds a device that the caller has the right over. A foreign one answers like one that is not there.
func (s *Service) Device(ctx context.Context, caller people.Caller, id string, right people.Right) (people.Device, error) {
	device, err := s.Identities.Device(ctx, id)
	if err == nil && !s.reaches(caller, right, device.Unit) {
		return people.Device{}, fault.New(fault.NotFound)
	}
	return device, err
}

// ReleaseDevice takes a device that was set aside back into use, with the chain that the server has. Who decides says why.
func (s *Service) ReleaseDevice(ctx context.Context, caller people.Caller, id, reason string) error {
	device, err := s.Device(ctx, caller, id, "devices.release")
	if err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 1 || n > 1000 || !record.Storable(reason) {
		return fault.New(fault.FieldInvalid).At("reason").Detail("应为一至一千个字符", "want 1 to 1000 characters")
	}
	err = s.Identities.ReleaseDevice(ctx, people.Decision{Device: device.ID, Officer: caller.Officer, Decision: people.Released,
		Reason: reason, At: s.Now()})
	if err == nil {
		s.Log.InfoContext(ctx, "device released", "device", id, "by", caller.Officer)
	}
	return err
}

// Decisions lists what was decided about a device of the caller's, newest first.
func (s *Service) Decisions(ctx context.Context, device people.Device, limit int) ([]people.Decision, error) {
	return s.Identities.Decisions(ctx, device.ID, limit)
}

// RevokeDevice takes a device out of use, with every sign-in on it: here at once, on other replicas within [Freshness].
func (s *Service) RevokeDevice(ctx context.Context, caller people.Caller, id string) error {
	if _, err := s.Device(ctx, caller, id, "devices.revoke"); err != nil {
		return err
	}
	err := s.Identities.RevokeDevice(ctx, id, caller.Officer, s.Now())
	s.known.clear()
	if err == nil {
		s.Log.InfoContext(ctx, "device revoked", "device", id, "by", caller.Officer)
	}
	return err
}
