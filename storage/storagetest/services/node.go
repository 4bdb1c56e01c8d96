package services

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// NodeModules returns the folder of the libraries that a folder's package-lock.json names, as deploy/tools/install.sh has installed them beside
// the tools. Where they are missing it ends the test as [Missing] does.
func NodeModules(t testing.TB, folder string) string {
	t.Helper()
	Program(t, "node", "install Node 20: deploy/tools/install.sh")
	lock, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	tools := os.Getenv("FIELDWARDEN_TOOLS")
	if tools == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		tools = filepath.Join(cache, "fieldwarden", "tools", "bin")
	}
	sum, name := sha256.Sum256(lock), filepath.Base(folder)
	modules := filepath.Join(tools, "..", "foreign", name+"-"+hex.EncodeToString(sum[:8]), "node_modules")
	if _, err := os.Stat(modules); err != nil {
		Missing(t, "node", "the libraries of "+name+" are not installed: run deploy/tools/install.sh")
	}
	return modules
}
