package audit_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/evidence/algorithm"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Where a record has a second digest, both must be those of the bytes.
func TestASecondDigestIsVerified(t *testing.T) {
	data := []byte("a recording")
	sum, second := sha256.Sum256(data), algorithm.SM3.New()
	_, _ = second.Write(data) // never fails
	for name, sm3 := range map[string]string{"its own": second.Text(), "another": algorithm.SM3.New().Text()} {
		t.Run(name, func(t *testing.T) {
			onSQLite(t, func(t *testing.T, s *store) {
				s.files["evidence/b"] = data
				check(t, s.push.ApplyOwn(context.Background(), []push.ServerOp{{Collection: "evidence", Record: newID(), Action: record.Create, Patch: record.Object{
					"unit": street, "kind": "audio", "officer": s.author, "startedAt": "2026-11-25T01:00:00Z", "endedAt": "2026-11-25T01:00:04Z",
					"mime": "audio/mpeg", "length": float64(len(data)), "sha256": hex.EncodeToString(sum[:]), "custody": record.Object{"state": "held",
						"key": "evidence/b", "length": float64(len(data)), "sha256": hex.EncodeToString(sum[:]), "sm3": sm3}}}}))
				if name == "another" {
					wantProblem(t, s.audit(), "bytes")
				} else if r := s.audit(); !r.Sound() {
					t.Errorf("%+v", r.Problems)
				}
			})
		})
	}
}
