package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
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
