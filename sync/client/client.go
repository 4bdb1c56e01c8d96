// Package client is the reference client: what a handheld does, durable at every step. It is also the example for authors
// of other clients; docs/protocol/client.md tells the same in prose.
//
// The shape of it, in the order of a working day:
//
//	Enrol, SignIn           the device makes itself known, then a person does          session.go
//	Create, Update, Group   edits become sealed ops in a queue, without any network    edit.go, view.go
//	TakeNumber              papers get their final numbers from leased blocks          numbers.go
//	VoidNumber, Numbers     … which are renewed, voided and given back                 numbers_life.go
//	AddEvidence             a recording is announced before its bytes travel           uploads.go
//	Sync                    the queue goes out, then what others did comes in          push.go, pull.go, snapshot.go
//	Watch                   the server tells when there is something to pull           watch.go
//	Upload                  the bytes go out, and leave the device on a receipt        uploads.go, tus.go, receipts.go
//	Report                  the server is told how the device is                       report.go
//	Check                   the copy is compared with the server's and repaired        check.go
//	Rejected, Conflicts     what a person must look at                                 queue.go
//
// Every step is one transaction of a local SQLite file, and no transaction spans a network call. So the process may be
// killed anywhere: whatever was going on is done again from what the file says, with the same bytes, and the server
// answers the second time what it answered the first.
//
// It must not know the server's storage or HTTP layer: it speaks only the wire.
package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Config is what a device is made of. Dir and BaseURL are required; everything else has a default.
type Config struct {
	Dir     string            // folder of the local file, made with mode 0700
	BaseURL string            // the server's public URL, e.g. "https://fw.example"
	HTTP    http.RoundTripper // nil: http.DefaultTransport

	Now       func() time.Time // wall clock
	Monotonic func() int64     // milliseconds since boot; must not stand still while the device sleeps
	Boot      string           // names the boot that Monotonic counts from; "": this process counts as one

	Rand    io.Reader      // ids and jitter; keys and signatures always use crypto/rand
	Schemas map[string]int // collection to the form this program speaks; a program that names none writes 1 and is told the newest
	Logger  *slog.Logger   // nil: silent

	// AppVersion is what the program calls itself, for the people who look after devices.
	AppVersion string

	// KeepFiles leaves recordings on the device after their receipt; somebody else removes them then.
	KeepFiles bool
	// Chunk is how many octets of a recording one request carries to begin with; it grows while the line holds and shrinks
	// when it breaks. 0: 1 MiB.
	Chunk int64

	// Numbers is how many numbers the device keeps in hand, by kind of paper; each sync sees to it. nil: the program asks by LeaseNumbers itself.
	Numbers map[string]Supply

	// Sleep waits between tries; it returns early with the context's error. nil: a timer.
	Sleep func(context.Context, time.Duration) error
}

// Device is one handheld. It is safe for concurrent use; edits never wait for the network.
type Device struct {
	cfg  Config
	base *url.URL
	http *http.Client
	db   *sql.DB
	key  *ecdsa.PrivateKey

	syncing   sync.Mutex        // held by whoever exchanges records with the server, so that pushes and pulls alternate
	reached   map[string]uint64 // the seq of each feed at which the last pull ended; guarded by syncing
	told      *told             // what the server was last told of the device by this process; guarded by syncing
	uploading sync.Mutex        // held by whoever sends bytes
	signing   sync.Mutex        // held while tokens are exchanged, so that each refresh token is used once
	drawing   sync.Mutex        // guards cfg.Rand, which need not be safe for concurrent use

	standing sync.Mutex
	stands   map[string]uint64 // how far each feed was pulled to its end by this process; guarded by standing
}

// Open opens the device kept in cfg.Dir, or begins one: it then makes its key pair.
//
// The private key lies in the local file. Sealing it is the platform's matter (an Android or HarmonyOS keystore, a TPM, an
// encrypted volume); a client on such a platform keeps the key there and signs by it.
func Open(ctx context.Context, cfg Config) (*Device, error) {
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("client: BaseURL %q is not an absolute URL: %w", cfg.BaseURL, err)
	}
	d := &Device{cfg: cfg, base: base}
	if err := d.fillDefaults(); err != nil {
		return nil, err
	}
	d.http = &http.Client{Transport: d.cfg.HTTP, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a token never follows to another place
	}}
	if d.db, err = openFile(ctx, cfg.Dir); err != nil {
		return nil, fmt.Errorf("client: open %s: %w", cfg.Dir, err)
	}
	if d.key, err = d.loadKey(ctx); err != nil {
		return nil, errors.Join(err, d.db.Close())
	}
	return d, nil
}

// Close closes the local file. Nothing is lost by not calling it.
func (d *Device) Close() error { return d.db.Close() }

func (d *Device) fillDefaults() error {
	c := &d.cfg
	if c.HTTP == nil {
		c.HTTP = http.DefaultTransport
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.Chunk <= 0 {
		c.Chunk = 1 << 20
	}
	if c.Boot != "" && c.Monotonic == nil {
		return errors.New("client: Boot without Monotonic: whoever names the boot must count from it")
	}
	if c.Monotonic == nil {
		start := time.Now()
		c.Monotonic = func() int64 { return time.Since(start).Milliseconds() }
	}
	if c.Boot == "" {
		c.Boot = d.newID()
	}
	return nil
}

func sleep(ctx context.Context, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Sync sends what is unsent and takes in what is new. It returns when both are done, or with the error that stopped it;
// calling it again goes on from there. Without a network the error is fault client.unreachable, and nothing is lost. A device
// that is set aside keeps its queue and goes on taking in what is new; the error says so, for the person to see.
func (d *Device) Sync(ctx context.Context) error {
	d.syncing.Lock()
	defer d.syncing.Unlock()
	const rounds = 2 // a second one only when the server turns out to have forgotten ops it had taken
	for range rounds {
		aside := d.push(ctx)
		if aside != nil && !is(aside, fault.DeviceSetAside, fault.ReplayDiffers, fault.ChainBroken) {
			return aside
		}
		forgotten, err := d.pull(ctx)
		if err == nil && !forgotten {
			d.tellNews(ctx)
		}
		if err != nil || aside != nil {
			return errors.Join(aside, err)
		}
		if !forgotten {
			break
		}
	}
	d.keepNumbers(ctx)
	d.checkDaily(ctx)
	return nil
}
