package killed

import (
	"net/http"
	"testing"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/client"
)

// A MinIO of four nodes loses one, and then another when the first is back: what was receipted is read whole each time, and recordings go on
// being taken in.
func TestObjectStoreLosesANode(t *testing.T) {
	store := services.MinIOCluster(t, 4)
	h := newHost(t, "")
	for name, value := range map[string]string{"S3_ENDPOINT": store.Endpoint, "S3_ACCESS_KEY": store.AccessKey, "S3_SECRET_KEY": store.SecretKey,
		"S3_TLS": "false", "S3_BUCKET": "nodes"} {
		h.environment["FIELDWARDEN_"+name] = value
	}
	d := h.handhelds(1, func() http.RoundTripper { return &http.Transport{} })[0]
	bring(t, d)
	for round, node := range []int{2, 3} {
		store.Kill(node)
		bring(t, d)
		h.kill()
		h.core(func(core *server.Core) {
			report, err := (&audit.Auditor{Reader: core.DB, Catalogue: core.Catalogue, Bytes: core.Blobs}).Run(ctx)
			if err != nil || !report.Sound() || report.Files != round+2 {
				t.Errorf("without node %d: %d files, %v, %v", node, report.Files, report.Problems, err)
			}
		})
		h.start()
		store.Restart(t, node)
	}
}

// bring makes a recording and has it held.
func bring(t *testing.T, d *client.Device) {
	t.Helper()
	recorded(t, d, 3<<20)
	if err := untilFreed(d); err != nil {
		t.Fatal(err)
	}
}
