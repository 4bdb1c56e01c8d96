package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Root is kept from the folder of another user's server, and from nothing else.
func TestRootIsKeptFromTheFolderOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	own, others := t.TempDir(), t.TempDir()
	if err := os.Chown(others, 65532, 65532); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		data    string
		user    int
		refused bool
	}{{own, 0, false}, {others, 0, true}, {others, 65532, false}, {filepath.Join(own, "none"), 0, false}} {
		err := ours(c.data, c.user)
		if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), "65532") {
			t.Errorf("user %d on %s: %v", c.user, c.data, err)
		}
	}
}
