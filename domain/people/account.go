package people

import (
	"context"
	"time"
)

// Account is how a person signs in. What the person may do follows from the officer record's grants, not from here.
type Account struct {
	ID           string    // UUIDv7
	Name         string    // sign-in name, unique, lower case
	Officer      string    // record id in the collection officers
	PasswordHash string    // argon2id, PHC string format
	DisabledAt   time.Time // zero while enabled
}

// Tries is how often sign-in was tried since the last right password, and when the next try is heard. Zero: never.
type Tries struct {
	Failures  int
	NextTryAt time.Time
}

// Try is one more try to sign in: with a name, whether or not there is such an account, from a device on which its person has
// signed in before, or ("") from any other.
type Try struct {
	Name   string // a keyed digest of it: people type passwords into the wrong field
	Device string
	Seen   Tries // what stood when the try was admitted
	Now    Tries // what stands with it
}

// Device is an enrolled handheld, or a browser that writes.
type Device struct {
	ID         string // UUIDv7
	Name       string
	Unit       string // code of the unit it belongs to
	PublicKey  []byte // P-256, SubjectPublicKeyInfo DER
	Thumbprint string // RFC 7638, base64url: what tokens are bound to
	EnrolledAt time.Time
	RevokedAt  time.Time // zero while in use
	SetAsideAt time.Time // when it was found to have forked; zero while nothing is to be decided
}

// Decision is what a person has decided about a device that was set aside, and why.
type Decision struct {
	Device   string
	Officer  string
	Decision string // one of those below
	Reason   string
	At       time.Time
}

// Released lets a device go on with the chain that the server has.
const Released = "released"

// EnrolmentCode lets one device enrol once. Only the code's digest is kept.
type EnrolmentCode struct {
	Digest    string // a keyed digest of the code
	Unit      string
	CreatedBy string // officer id or "server"
	ExpiresAt time.Time
	UsedBy    string // device id; "" while unused
}

// Family is one sign-in on one device: a chain of refresh tokens, each used once.
type Family struct {
	ID        string // UUIDv7; the access token's "sid"
	Account   string
	Officer   string
	Device    string
	CreatedAt time.Time
	ExpiresAt time.Time // no token of the family outlives it
	EndedAt   time.Time // zero while it lives
	EndReason string    // one of the reasons below
}

// The reasons why a family ends before its time.
const (
	EndSignedOut       = "signed_out"
	EndReuse           = "reuse" // somebody else has a token of it
	EndRevoked         = "revoked"
	EndPasswordChanged = "password_changed"
	EndDisabled        = "disabled"
)

// RefreshToken is one link of a family. Only digests are kept. The successor of a token is a function of the token, so a
// client that lost the reply gets the same successor again, until that has been used.
type RefreshToken struct {
	Digest    string // hex SHA-256 of the token
	Family    string
	ExpiresAt time.Time
	UsedAt    time.Time // zero until it was exchanged
	Successor string    // digest of the token it was exchanged for
}

// SigningKey is a key of the server: for access tokens or for receipts. The private half is sealed by the caller.
type SigningKey struct {
	ID        string // the "kid"
	Use       string // token · receipt
	Public    []byte // SubjectPublicKeyInfo DER
	Sealed    []byte // private key, encrypted under the master secret
	CreatedAt time.Time
	RetiredAt time.Time // zero while it signs; a retired key still verifies
}

// Identities keeps accounts, devices, sessions and keys.
//
// Every method is one durable unit of work. Methods that find nothing return fault request.not_found. Uniqueness is by
// constraint: a second account of the same name is fault account.exists, a code used twice is fault enrolment.code_used, a second
// device with the same key is fault device.key_taken.
type Identities interface {
	// by, here and below, is who does it: an officer's id, or server. It is kept with what the row says after it, and gets a leaf in the ledger.
	CreateAccount(ctx context.Context, a Account, by string) error
	AccountByName(ctx context.Context, name string) (Account, error)
	Account(ctx context.Context, id string) (Account, error)
	// SetPassword and DisableAccount end every family of the account. The first moment of disabling stands.
	SetPassword(ctx context.Context, account, hash, by string, at time.Time) error
	DisableAccount(ctx context.Context, account, by string, at time.Time) error
	// Accounts counts them; the first administrator is created only while there is none.
	Accounts(ctx context.Context) (int, error)

	// Tries returns the count for a name and a device ("": all devices on which its person has never signed in).
	Tries(ctx context.Context, name, device string) (Tries, error)
	// CountTry replaces Seen by Now. When the count is no longer Seen it changes nothing and returns fault
	// request.precondition_failed: of tries that were admitted at the same moment one is heard.
	CountTry(ctx context.Context, t Try) error
	// ClearTries forgets the count after a right password.
	ClearTries(ctx context.Context, name, device string) error

	CreateCode(ctx context.Context, c EnrolmentCode) error
	// Enrol uses up the code and creates the device in the code's unit, in one transaction. A device with the same public key
	// that the same code made is returned again (a lost reply); an expired code is fault enrolment.code_expired.
	Enrol(ctx context.Context, codeDigest string, d Device, at time.Time) (Device, error)
	Device(ctx context.Context, id string) (Device, error)
	// Devices lists the devices of the unit and of the units below it by id, of those behind the one named, at most limit.
	Devices(ctx context.Context, unit, after string, limit int) ([]Device, error)
	// ReleaseDevice takes a device that is set aside back into use and keeps the decision, in one transaction. Of a device that is
	// not set aside it changes nothing.
	ReleaseDevice(ctx context.Context, d Decision) error
	// Decisions lists what was decided about a device, newest first, at most limit.
	Decisions(ctx context.Context, device string, limit int) ([]Decision, error)
	// RevokeDevice ends the device and all its families, and queues [RevokedJob], in one transaction. The first moment stands, and queues alone.
	RevokeDevice(ctx context.Context, id, by string, at time.Time) error

	// BeginFamily stores a family with its first token, and notes the officer as one who has signed in on the device.
	BeginFamily(ctx context.Context, f Family, first RefreshToken) error
	Family(ctx context.Context, id string) (Family, error)
	// Living returns which of the named families live at the moment: they are there, have not ended, and their time is not over.
	Living(ctx context.Context, families []string, at time.Time) ([]string, error)
	// SignedIn reports whether the officer has ever signed in on the device.
	SignedIn(ctx context.Context, device, officer string) (bool, error)
	Token(ctx context.Context, digest string) (RefreshToken, error)
	// Exchange marks the token used at the moment and stores its successor; doing it again changes nothing.
	Exchange(ctx context.Context, digest string, successor RefreshToken, at time.Time) error
	// EndFamily ends a family. The first reason stands.
	EndFamily(ctx context.Context, id, reason string, at time.Time) error
	// Forget drops what has had no meaning since before the moment: counts of tries, codes that expired unused, refresh tokens
	// of families that are over, and links whose successor was used. Devices, families and used codes stay: they are history.
	Forget(ctx context.Context, before time.Time) error

	CreateKey(ctx context.Context, k SigningKey) error
	// Keys lists the keys of a use, newest first.
	Keys(ctx context.Context, use string) ([]SigningKey, error)
	// RetireKeys retires every key of the use but the named one.
	RetireKeys(ctx context.Context, use, except string, at time.Time) error
}
