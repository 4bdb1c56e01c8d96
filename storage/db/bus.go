package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fieldwarden/fieldwarden/sync/live"
)

// channel names what the replicas of one database listen to. NOTIFY reaches one database only, so it needs no further name.
const channel = "fieldwarden_live"

// Bus carries notices among the replicas that share a PostgreSQL database, by LISTEN and NOTIFY.
type Bus struct{ d *DB }

var _ live.Bus = Bus{}

// Bus returns the bus of this database; ok is false on SQLite, which one process has for itself.
func (d *DB) Bus() (bus Bus, ok bool) { return Bus{d}, d.dialect == postgreSQL }

// Publish implements live.Bus. It is a statement of its own: NOTIFY inside a business transaction takes, at its commit, a lock that
// all committing transactions that notify share.
func (b Bus) Publish(ctx context.Context, notice []byte) error {
	_, err := b.d.write.Statement.ConnPool.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, string(notice))
	return translate(err)
}

// silence is how long the listener hears nothing before it asks whether its line still holds: a firewall that forgets a connection
// tells nobody.
const silence = 30 * time.Second

// Listen implements live.Bus. The connection is its own: one of the pool would be given to others with its LISTEN.
func (b Bus) Listen(ctx context.Context, ready func(), heard func([]byte)) error {
	conn, err := pgx.Connect(ctx, b.d.url)
	if err != nil {
		return translate(err)
	}
	defer func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(bye)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return translate(err)
	}
	ready()
	for {
		if err := b.next(ctx, conn, heard); err != nil {
			return err
		}
	}
}

// next waits for one notice, or makes sure that the line holds.
func (b Bus) next(ctx context.Context, conn *pgx.Conn, heard func([]byte)) error {
	waiting, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	n, err := conn.WaitForNotification(waiting)
	switch {
	case n != nil: // with an error too, when it came in at the last moment
		heard([]byte(n.Payload))
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case waiting.Err() == nil:
		return fmt.Errorf("the listening connection is lost: %w", err)
	}
	asking, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	return conn.Ping(asking)
}
