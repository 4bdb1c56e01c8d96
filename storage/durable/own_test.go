package durable_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/fieldwarden/fieldwarden/storage/durable"
)

// A folder is one owner's until he lets go of it; another folder is another matter.
func TestOwn(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	first, err := durable.Own(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := durable.Own(folder); !errors.Is(err, durable.ErrOwned) {
		t.Errorf("a second owner: %v", err)
	}
	other, err := durable.Own(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	next, err := durable.Own(folder)
	if err != nil {
		t.Fatalf("after the first has gone: %v", err)
	}
	defer next.Close()
}
