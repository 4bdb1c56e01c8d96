package db

import (
	"context"
	"testing"
)

// Parts have no place in the older schema: on the way down they go, a join that is not sealed ends, and one live upload for each evidence is left.
func TestPartsOnTheWayDown(t *testing.T) {
	bare(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		p, err := d.provider()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.UpTo(ctx, 13); err != nil {
			t.Fatal(err)
		}
		for _, u := range []struct {
			id, state, parts string
			part             bool
		}{{"a", "receiving", "", true}, {"b", "receiving", "", true}, {"joining", "receiving", "a b", false}} {
			query := "INSERT INTO uploads (id, evidence, device, unit, length, sha256, state, created_at, expires_at, part, parts) VALUES (" + d.marks(1, 11) + ")"
			err := d.transact(ctx, func(ctx context.Context, t *tx) error {
				return t.exec(ctx, query, u.id, "evidence", "device", "unit", 1, "ab", u.state, 1, 2, u.part, u.parts)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.DownTo(ctx, 12); err != nil {
			t.Fatal(err)
		}
		if left := texts(t, d, "SELECT id || ' ' || state FROM uploads"); len(left) != 1 || left[0] != "joining ended" {
			t.Errorf("left are %v", left)
		}
		if _, err := p.UpTo(ctx, 13); err != nil {
			t.Fatal(err)
		}
	})
}
