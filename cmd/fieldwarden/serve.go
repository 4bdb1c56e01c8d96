package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
)

type serveCommand struct{}

// Run serves until it is told to stop.
func (serveCommand) Run(ctx context.Context) error {
	cfg, err := loaded()
	if err != nil {
		return err
	}
	log := logger(cfg)
	server.Tune()
	s, err := server.Start(ctx, cfg, log)
	if err != nil {
		return err
	}
	log.Info("serving", "url", s.URL(), "database", kind(cfg.DatabaseURL, "sqlite"), "blobs", kind(cfg.S3.Endpoint, "folder"), "version", server.Version())
	select {
	case <-ctx.Done():
		log.Info("stopping", "wait", cfg.ShutdownWait.String())
		return s.Stop()
	case err := <-s.Failed():
		_ = s.Stop() // err says why
		return fmt.Errorf("serving ended: %w", err)
	}
}

// kind says what is used without its address, which may hold a password.
func kind(configured, otherwise string) string {
	if configured == "" {
		return otherwise
	}
	return "configured"
}

func logger(cfg config.Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.LogLevel)) // checked by config
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
