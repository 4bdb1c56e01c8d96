package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Root is kept from the folder of another user's server, and from nothing else.
func TestRootIsKeptFromTheFolderOfOthers(t *testing.T) {
	others, user := t.TempDir(), os.Geteuid()
	if user == 0 { // else the folder is another's than root's as it is
		user = 65532
		if err := os.Chown(others, user, user); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		data    string
		user    int
		refused bool
	}{{"/", 0, false}, {others, 0, true}, {others, user, false}, {filepath.Join(t.TempDir(), "none"), 0, false}} {
		err := ours(c.data, c.user)
		if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), strconv.Itoa(user)) {
			t.Errorf("user %d on %s: %v", c.user, c.data, err)
		}
	}
}
