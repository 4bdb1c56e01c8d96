// Package server puts a running server together from its parts, by the configuration. `serve`, `demo` and every test that goes
// end to end start the same thing here.
//
// It must not decide anything: each part knows its own rules.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/evidence/algorithm"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/seals"
	"github.com/fieldwarden/fieldwarden/storage/spool"
	"github.com/fieldwarden/fieldwarden/sync/adapt"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/derive"
	"github.com/fieldwarden/fieldwarden/sync/devices"
	"github.com/fieldwarden/fieldwarden/sync/jobs"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/ledger/bundle"
	"github.com/fieldwarden/fieldwarden/sync/live"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/share"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// Core is the server without its listener: what administration, seeds and checks work on.
type Core struct {
	Config    config.Config
	Log       *slog.Logger
	DB        *db.DB
	Blobs     evidence.Blobs
	Catalogue record.Catalogue
	Keys      *keyring.Keyring
	Sessions  *session.Service
	Push      *push.Service
	Pull      *pull.Service
	Foreign   *adapt.Service
	Live      *live.Hub
	Uploads   *upload.Service
	Fleet     *upload.Fleet
	Custody   *custody.Service
	Derive    *derive.Service
	Shares    *share.Service
	Papers    *papers.Service
	Jobs      *jobs.Runner
	Ledger    *ledger.Sequencer
	Slow      *jobs.Runner // work on whole recordings: it takes long, and nothing else may wait for it

	machine  Machine
	clear    []func() error // take away what a crash has left; for who serves, see Serve
	berths   evidence.Dock
	forwards []byte // the key of requests that are passed on to other replicas
}

// Machine is what a server takes from the machine it runs on besides its configuration. Whoever simulates a machine brings
// his own; what is left out is the real one's.
type Machine struct {
	Now       func() time.Time
	NewID     func() string      // UUIDv7
	Passwords *session.Passwords // how passwords are hashed; a simulation cannot wait for argon2id
}

func (m Machine) orReal() Machine {
	if m.Now == nil {
		m.Now = time.Now
	}
	if m.NewID == nil {
		m.NewID = newID
	}
	return m
}

// Open connects to database and blob store, brings the schema up to date and builds the services. A database that others use
// too may be migrated by any of them: a lock keeps them apart.
func Open(ctx context.Context, cfg config.Config, log *slog.Logger) (*Core, error) {
	return OpenOn(ctx, cfg, log, Machine{})
}

// OpenOn is [Open] on a given machine.
func OpenOn(ctx context.Context, cfg config.Config, log *slog.Logger, machine Machine) (*Core, error) {
	c := &Core{Config: cfg, Log: slog.New(guard.Named(log.Handler())), machine: machine.orReal()} // the services' lines name their request too
	url, err := cfg.Database()
	if err != nil {
		return nil, err
	}
	if c.DB, err = db.Open(ctx, db.Config{URL: url, Now: c.machine.Now}); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := c.build(ctx); err != nil {
		return nil, errors.Join(err, c.DB.Close())
	}
	return c, nil
}

// Close lets go of the database.
func (c *Core) Close() error { return c.DB.Close() }

func (c *Core) build(ctx context.Context) error {
	if _, err := c.DB.MigrateUp(ctx); err != nil {
		return err
	}
	var err error
	if c.Catalogue, err = collections.Catalogue(); err != nil {
		return err
	}
	if err = c.openBlobs(ctx); err != nil {
		return fmt.Errorf("blob store: %w", err)
	}
	now, newID := c.machine.Now, c.machine.NewID
	keys, err := derived(c.Config, "keys", "sessions", "cursors", "pseudonyms", "shares")
	if err != nil {
		return err
	}
	if c.Keys, err = keyring.New(c.DB, keys["keys"], now); err != nil {
		return err
	}
	c.buildLedger(keys["pseudonyms"])
	c.Jobs = &jobs.Runner{Queue: c.DB, Workers: c.Config.Workers, Now: now, Log: c.Log}
	c.Slow = &jobs.Runner{Queue: c.DB, Workers: 1, Now: now, Log: c.Log}
	c.Push = &push.Service{Store: c.DB, Catalogue: c.Catalogue, District: c.Config.District, Now: now, NewID: newID,
		Committed: c.committed}
	c.buildLive()
	c.Pull = &pull.Service{Reader: c.DB, Memory: c.Live, Catalogue: c.Catalogue, Cursors: pull.Cursors{Key: keys["cursors"]},
		District: c.Config.District, Now: now,
		Behind: c.behind}
	c.Foreign = &adapt.Service{Reader: c.DB, Writer: c.Push, Marks: c.DB, Catalogue: c.Catalogue, Cursors: c.Pull.Cursors, Feeds: c.Pull.Feeds,
		Trimmed: c.Pull.Trimmed, Now: now}
	c.Sessions, err = session.New(session.Config{Identities: c.DB, History: c.history(), Keys: c.Keys, Secret: keys["sessions"],
		PublicURL: c.Config.PublicURL, Now: now, NewID: newID, Log: c.Log, Passwords: c.machine.Passwords})
	if err != nil {
		return err
	}
	if err := c.buildBytes(); err != nil {
		return err
	}
	c.Shares = &share.Service{Store: c.DB, Derive: c.Derive, Custody: c.Custody, Key: keys["shares"], Now: now, NewID: newID}
	return nil
}

// history is what the server's own rules read of the past.
func (c *Core) history() pull.History { return pull.Newest(c.DB, c.Catalogue) }

// buildBytes builds what deals in files: uploads of evidence and rendered papers, with the jobs they queue.
func (c *Core) buildBytes() error {
	now, newID := c.machine.Now, c.machine.NewID
	incoming, err := spool.Open(filepath.Join(c.Config.Data, "spool"))
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	c.clear = append(c.clear, incoming.Clear)
	c.Custody = &custody.Service{Records: c.Push, History: c.history(), Blobs: c.Blobs, Checks: c.DB, Board: db.Uploads{DB: c.DB}, Feeds: c.DB, District: c.Config.District,
		Rate: int64(c.Config.Reread.Rate) << 20, Nights: c.Config.Reread.Nights, Now: now, NewID: newID, Log: c.Log}
	c.Jobs.Handle(evidence.GuardJob, c.Custody.Guard)
	c.Uploads = &upload.Service{Store: db.Uploads{DB: c.DB}, Spool: incoming, Blobs: c.Blobs, Records: c.Push, Keys: c.Keys,
		Issuer: c.Config.PublicURL, TTL: c.Config.UploadTTL, Now: now, NewID: newID, Queued: c.Jobs.Wake, Log: c.Log}
	if c.berths != nil {
		c.Uploads.Berths = c.berths
	}
	if err := c.buildFleet(incoming.ID()); err != nil {
		return err
	}
	if c.Config.SM3 {
		c.Uploads.Second = algorithm.SM3
	}
	c.Papers = &papers.Service{History: c.history(), Records: c.Push, Blobs: c.Blobs, Watch: c.DB, Numbers: c.DB, Devices: c.DB, Judged: c.Push, PublicURL: c.Config.PublicURL,
		NumberTTL: c.Config.NumberTTL, Now: now, NewID: newID, Log: c.Log}
	if c.Config.Seals != "" {
		if c.Papers.Seals, err = seals.Open(c.Config.Seals); err != nil {
			return fmt.Errorf("seals: %w", err)
		}
	}
	c.Jobs.Handle(upload.PromoteJob, c.Uploads.Promote)
	c.Jobs.Handle(upload.PromoteJob+"/"+incoming.ID(), c.Uploads.Promote) // also of a time when there were other replicas
	c.buildDerive()
	c.Jobs.Handle(document.RenderJob, c.Papers.Render)
	c.Jobs.Handle(document.EffectsJob, c.Papers.Effects)
	c.Jobs.Handle(document.UnservedJob, c.Papers.Unserved)
	c.Jobs.Handle(document.UnapprovedJob, c.Papers.Unapproved)
	c.Papers.Temp = filepath.Join(c.Config.Data, "exports")
	if err := os.MkdirAll(c.Papers.Temp, 0o700); err != nil {
		return fmt.Errorf("exports: %w", err)
	}
	c.Jobs.Handle(document.ExportJob, c.Papers.MakeExport)
	lost := &devices.Service{Identities: c.DB, Healths: c.DB, Records: c.Push, History: c.DB}
	c.Jobs.Handle(people.RevokedJob, lost.Revoked)
	return nil
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// App builds the HTTP interface over the services. base ends when requests must end.
func (c *Core) App(base context.Context, metrics *prometheus.Registry) (*fiber.App, error) {
	return api.New(api.Deps{Base: base, Now: c.machine.Now, NewID: c.machine.NewID, Log: c.Log, Metrics: metrics, Ready: c.DB.Ready,
		PublicURL: c.Config.PublicURL, District: c.Config.District, Version: Version(),
		Limits: api.Limits{TrustedProxy: c.Config.TrustedProxy}, Sessions: c.Sessions, Keys: c.Keys, Push: c.Push, Pull: c.Pull,
		History: c.history(), Forks: c.DB, Health: c.DB, SkewBoundary: c.Config.SkewBoundary, Foreign: c.Foreign, Live: c.Live,
		Heartbeat: c.Config.LiveHeartbeat, Uploads: c.Uploads, Forward: c.forward(), Custody: c.Custody, Ledger: ledger.Log{Reader: c.DB},
		Bundles: &bundle.Maker{Reader: c.DB, Ledger: ledger.Log{Reader: c.DB}, Now: c.machine.Now}, Papers: c.Papers, Derive: c.Derive,
		Shares: c.Shares, Blobs: c.Blobs, Catalogue: c.Catalogue})
}

// openBlobs opens the configured store, with its dock if it has one. Whatever it is, its digests are checked around it.
func (c *Core) openBlobs(ctx context.Context) error {
	cfg := c.Config
	if cfg.S3.Endpoint == "" {
		folder, err := blob.OpenFolder(filepath.Join(cfg.Data, "blobs"), c.machine.Now)
		if err != nil {
			return err
		}
		c.Blobs, c.clear = blob.Verified(folder), append(c.clear, folder.Clear)
		return nil
	}
	s3, err := blob.OpenS3(ctx, blob.S3Config{Endpoint: cfg.S3.Endpoint, Bucket: cfg.S3.Bucket, Region: cfg.S3.Region,
		AccessKey: cfg.S3.AccessKey, SecretKey: cfg.S3.SecretKey, TLS: cfg.S3.TLS, Mode: cfg.S3.Lock, Now: c.machine.Now})
	if err != nil {
		return err
	}
	c.Blobs = blob.Verified(s3)
	if cfg.S3.Dock != "" {
		c.berths, err = blob.OpenDock(s3, cfg.S3.Dock, cfg.S3.DockTLS)
	}
	return err
}

// derived makes one key for each purpose out of the master secret.
func derived(cfg config.Config, purposes ...string) (map[string][]byte, error) {
	master, err := cfg.Master()
	if err != nil {
		return nil, fmt.Errorf("master secret: %w", err)
	}
	keys := map[string][]byte{}
	for _, purpose := range purposes {
		if keys[purpose], err = config.Derive(master, purpose); err != nil {
			return nil, err
		}
	}
	return keys, nil
}
