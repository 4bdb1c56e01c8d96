package client_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/client"
)

func TestConfig(t *testing.T) {
	for name, cfg := range map[string]client.Config{
		"no URL":         {Dir: t.TempDir()},
		"a relative URL": {Dir: t.TempDir(), BaseURL: "/v1"},
		"boot alone":     {Dir: t.TempDir(), BaseURL: public, Boot: "b"},
		"no folder":      {Dir: "/dev/null/x", BaseURL: public},
	} {
		if d, err := client.Open(ctx, cfg); err == nil {
			d.Close()
			t.Errorf("%s: opened", name)
		}
	}
	d, err := client.Open(ctx, client.Config{Dir: t.TempDir(), BaseURL: public})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	want(t, d.SignIn(ctx, "a", "b"), fault.NotEnrolled)
	want(t, d.Sync(ctx), fault.SignedOut)
}
