package server_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// A push through one replica reaches a device that listens at the other; also after the line between them was cut.
func TestTwoReplicasOfOneServer(t *testing.T) {
	url := services.Postgres(t)
	one := start(t, settings(t, url, map[string]string{"LIVE_COMPARE": "1m"})) // so that nothing here is mended by comparing
	two := start(t, settings(t, url, map[string]string{"LIVE_COMPARE": "1m"}))
	one.units()
	a, b := one.handheld(), two.handheld()
	listening, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- b.Watch(listening, func() { _ = b.Sync(listening) }) }()
	has := func(id string) func() bool {
		return func() bool { _, err := b.Get(ctx, "subjects", id); return err == nil }
	}
	eventually(t, "what was there before", has(subject(t, a)))
	eventually(t, "what is pushed at the other replica", has(subject(t, a)))

	cutLines(t, url)
	eventually(t, "what is pushed while the line is cut", has(subject(t, a)))
	eventually(t, "and what is pushed then", has(subject(t, a)))

	began := time.Now()
	if err := two.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if took := time.Since(began); took > two.Config.ShutdownWait {
		t.Errorf("an open stream has held the stop up for %v", took)
	}
	stop()
	<-ended
}

// cutLines ends the connections by which replicas hear each other.
func cutLines(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	cut := 0
	err = conn.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`).Scan(&cut)
	if err != nil || cut != 2 {
		t.Fatalf("%d lines were cut: %v", cut, err)
	}
}

// A device whose requests go to one replica and to the other pulls what it has pushed, each time, though memory may lag behind.
func TestADeviceSeesItsWritesAtEitherReplica(t *testing.T) {
	url := services.Postgres(t)
	one, two := start(t, settings(t, url, nil)), start(t, settings(t, url, nil))
	one.units()
	d := one.handheld(two)
	for i := range 20 {
		id := subject(t, d)
		if r, err := d.Get(ctx, "subjects", id); err != nil || r.Version == 0 {
			t.Fatalf("round %d: after its sync %+v, %v", i, r, err)
		}
		if i%3 == 0 { // an idle pull, so that the next goes to the other replica
			if err := d.Sync(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
}
