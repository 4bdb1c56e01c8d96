package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/storage/durable"
)

// A folder that was mistyped is no sound store and nothing to be copied: it is told, and nothing is made there.
func TestAStoreThatIsNotThereIsNotSound(t *testing.T) {
	data := filepath.Join(t.TempDir(), "mistyped")
	t.Setenv("FIELDWARDEN_DATA", data)
	ctx := context.Background()
	copied := filepath.Join(t.TempDir(), "copy.db")
	for name, run := range map[string]func() error{
		"verify":   func() error { return verifyCommand{}.Run(ctx) },
		"backup":   func() error { return backup{File: copied}.Run(ctx) },
		"restored": func() error { return restored{SkipNumbers: 1}.Run(ctx) },
	} {
		if err := run(); err == nil || exitCode(err) != 2 {
			t.Errorf("%s: %v", name, err)
		}
		for _, path := range []string{data, copied} {
			if _, err := os.Stat(path); err == nil {
				t.Errorf("%s has made %s", name, path)
			}
		}
	}
}

// A restore is told while no server is at work in the folder: one that runs goes on with what it knew before. Afterwards it is taken.
func TestARestoreIsNotToldBesideAServer(t *testing.T) {
	t.Setenv("FIELDWARDEN_DATA", t.TempDir())
	ctx := context.Background()
	var owned io.Closer
	err := withCore(ctx, func(core *server.Core) (err error) {
		owned, err = core.Own()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := (restored{SkipNumbers: 1}).Run(ctx); !errors.Is(err, durable.ErrOwned) {
		t.Errorf("beside a server: %v", err)
	}
	if err := owned.Close(); err != nil {
		t.Fatal(err)
	}
	if err := (restored{SkipNumbers: 1}).Run(ctx); err != nil {
		t.Errorf("after it has stopped: %v", err)
	}
}
