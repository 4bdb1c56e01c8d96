package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/storage/durable"
)

// expiryRound is how often uploads whose time is over are looked for.
const expiryRound = 10 * time.Minute

// Server is a running server.
type Server struct {
	*Core
	owned    io.Closer // the folder of data, for this process alone
	app      *fiber.App
	requests context.CancelFunc // ends what requests still do, at the end of a graceful stop
	work     context.CancelFunc // ends the jobs' runner
	running  sync.WaitGroup
	failed   chan error // how serving ended, if by itself
	at       string     // where it listens
}

// Start listens, and only then builds: so a port chosen by the system is part of the public address, which tokens and proofs
// name. The server runs until Stop; ctx is only for starting.
func Start(ctx context.Context, cfg config.Config, log *slog.Logger) (*Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("FIELDWARDEN_LISTEN: %w", err)
	}
	if chosen := listener.Addr().String(); cfg.PublicURL == "http://"+cfg.Listen {
		cfg.PublicURL = "http://" + chosen
	}
	core, err := Open(ctx, cfg, log)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return core.Serve(listener)
}

// Serve runs what is put together on a listener, which it owns, as it owns the core from here on. Of all who open a core it alone has the folder of data
// to itself, and begins by taking away what a crash has left there.
func (c *Core) Serve(listener net.Listener) (*Server, error) {
	s := &Server{Core: c, failed: make(chan error, 1), at: listener.Addr().String()}
	if err := s.run(listener); err != nil {
		return nil, errors.Join(err, listener.Close(), c.Close())
	}
	return s, nil
}

func (s *Server) run(listener net.Listener) error {
	if err := s.own(); err != nil {
		return err
	}
	base, requests := context.WithCancel(context.Background())
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	s.app, err = s.App(base, metrics)
	if err != nil {
		requests()
		return errors.Join(err, s.owned.Close())
	}
	work, stopWork := context.WithCancel(context.Background())
	s.requests, s.work = requests, stopWork
	s.running.Go(func() { s.Jobs.Run(work) })
	s.running.Go(func() { s.Slow.Run(work) })
	s.running.Go(func() { s.Live.Run(work) })
	s.running.Go(func() { s.Fleet.Run(work) })
	s.running.Go(func() { s.Ledger.Run(work) })
	s.running.Go(func() { s.vouching().Run(work) })
	s.running.Go(func() { s.expire(work) })
	s.running.Go(func() { s.tidyFeeds(work) })
	s.running.Go(func() { s.keepCustody(work) })
	go func() { s.failed <- api.Serve(s.app, listener) }()
	return nil
}

// Own takes the folder of data for this process, as a server does while it runs, and returns what lets go of it.
func (c *Core) Own() (io.Closer, error) {
	data := c.Config.Data
	owned, err := durable.Own(data)
	if err != nil {
		return nil, fmt.Errorf("FIELDWARDEN_DATA: %s 正被另一个服务进程使用，或者无法占用 / %s is in use by another server, or cannot be taken: %w", data, data, err)
	}
	return owned, nil
}

// own takes the folder of data, and takes away what a crash has left in it.
func (s *Server) own() (err error) {
	if s.owned, err = s.Own(); err != nil {
		return err
	}
	for _, clear := range s.clear {
		if err := clear(); err != nil {
			return errors.Join(err, s.owned.Close())
		}
	}
	return nil
}

// expire ends uploads and exports whose time is over, again and again, sweeps the spool, and looks for recordings that a restore has forgotten.
func (s *Server) expire(ctx context.Context) {
	tick := time.NewTicker(expiryRound)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.Uploads.ExpireDue(ctx); err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "uploads could not be expired", "error", err)
			}
			if _, err := s.Uploads.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "the spool could not be swept", "error", err)
			}
			if err := s.Papers.ExpireExports(ctx); err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "files of many papers could not be taken away", "error", err)
			}
			if err := s.afterRestore(ctx); err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "recordings could not be looked for", "error", err)
			}
		}
	}
}

// URL is how clients reach the server.
func (s *Server) URL() string { return s.Config.PublicURL }

// Address is where the server listens, as its public URL names it.
func (s *Server) Address() string {
	_, address, _ := strings.Cut(s.Config.PublicURL, "://")
	return address
}

// Listening is where this process itself listens: one of several behind the public address.
func (s *Server) Listening() string { return s.at }

// Failed tells how serving ended, should it end by itself.
func (s *Server) Failed() <-chan error { return s.failed }

// Stop stops gracefully: the streams of events end, no new requests, those that run may end within the configured time, then the
// jobs, then the database. Nothing acknowledged depends on it: a killed server recovers by the same steps.
func (s *Server) Stop() error {
	s.Live.Close()
	err := s.app.ShutdownWithTimeout(s.Config.ShutdownWait)
	s.requests()
	s.work()
	s.running.Wait()
	_ = s.owned.Close() // stopped twice it is free all the same
	return errors.Join(err, s.Close())
}
