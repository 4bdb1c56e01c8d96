package seed_test

import (
	"context"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/seed"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

func TestMain(m *testing.M) { services.Main(m) }

const password = "an invented password"

func target(t *testing.T, d *db.DB) seed.Target {
	t.Helper()
	catalogue, err := collections.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	return seed.Target{History: d, Identities: d,
		Push: &push.Service{Store: d, Catalogue: catalogue, District: law.District, Now: time.Now, NewID: newID}}
}

func TestASecondRunDoesNothing(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		ctx, district, to := context.Background(), build(t), target(t, d)
		records, accounts, err := district.Apply(ctx, to, password)
		if err != nil || records != len(district.Ops()) || accounts < 50 {
			t.Fatalf("%d records, %d accounts, %v", records, accounts, err)
		}
		head := heads(t, d)
		if records, accounts, err = district.Apply(ctx, to, password); records != 0 || accounts != 0 || err != nil {
			t.Errorf("the second run made %d records, %d accounts, %v", records, accounts, err)
		}
		if again := heads(t, d); again != head {
			t.Errorf("the second run moved the feed from %d to %d", head, again)
		}
	})
}

// A run that was cut is completed by the next, and everything in it has the history of an op of the server.
func TestACutRunIsCompleted(t *testing.T) {
	d := databases.SQLite(t, time.Now)
	ctx, district, to := context.Background(), build(t), target(t, d)
	if err := to.Push.ApplyOwn(ctx, district.Ops()[40:90]); err != nil {
		t.Fatal(err)
	}
	records, _, err := district.Apply(ctx, to, password)
	if err != nil || records != len(district.Ops())-50 {
		t.Fatalf("%d records, %v", records, err)
	}
	past, err := d.Revisions(ctx, district.Subjects[0].Record)
	if err != nil || len(past) != 1 || past[0].Author != "server" {
		t.Errorf("history %+v, %v", past, err)
	}
}

func TestWhoeverIsInServiceHasAnAccount(t *testing.T) {
	d := databases.SQLite(t, time.Now)
	ctx, district := context.Background(), build(t)
	if _, _, err := district.Apply(ctx, target(t, d), password); err != nil {
		t.Fatal(err)
	}
	hash := ""
	for _, p := range district.People {
		a, err := d.AccountByName(ctx, p.Account)
		if p.Left != (err != nil) || err == nil && a.Officer != p.ID {
			t.Errorf("%s, left %v: %+v, %v", p.Account, p.Left, a, err)
		}
		if err == nil {
			hash = a.PasswordHash
		}
	}
	for try, want := range map[string]bool{password: true, "another password": false} {
		if ok, err := argon2id.ComparePasswordAndHash(try, hash); ok != want || err != nil {
			t.Errorf("%q is taken: %v, %v", try, ok, err)
		}
	}
}

func heads(t *testing.T, d *db.DB) uint64 {
	t.Helper()
	all, err := d.Heads(context.Background(), []string{"ref/" + law.District, "unit/120102001"})
	if err != nil {
		t.Fatal(err)
	}
	return all["ref/"+law.District] + all["unit/120102001"]
}
