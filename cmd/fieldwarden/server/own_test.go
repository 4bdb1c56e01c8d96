package server_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/storage/durable"
)

// What administration opens beside a running server takes nothing away from under its hands; a second server is refused; and the next one clears up.
func TestTheFolderOfDataIsOneServers(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	data, log := t.TempDir(), slog.New(slog.DiscardHandler)
	cfg, err := config.From(map[string]string{"FIELDWARDEN_DATA": data, "FIELDWARDEN_LISTEN": "127.0.0.1:0"})
	must(err)
	first, err := server.Start(ctx, cfg, log)
	must(err)
	at := []string{"blobs/incoming", "spool/joining"}
	if first.Derive.Maker != nil {
		at = append(at, "derive")
	}
	for _, folder := range at {
		must(os.WriteFile(filepath.Join(data, folder, "halfway"), nil, 0o600))
	}
	left := func() (n int) {
		for _, folder := range at {
			if _, err := os.Stat(filepath.Join(data, folder, "halfway")); err == nil {
				n++
			}
		}
		return n
	}
	beside, err := server.Open(ctx, cfg, log)
	must(err)
	must(beside.Close())
	if _, err := server.Start(ctx, cfg, log); !errors.Is(err, durable.ErrOwned) {
		t.Errorf("a second server on the same folder: %v", err)
	}
	if left() != len(at) {
		t.Errorf("of %d files under way %d are left", len(at), left())
	}
	must(first.Stop())
	next, err := server.Start(ctx, cfg, log)
	must(err)
	defer func() { must(next.Stop()) }()
	if left() != 0 {
		t.Errorf("a new server has left %d of what was half done", left())
	}
}
