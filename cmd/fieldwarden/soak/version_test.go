package soak

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// oneText: a version of a record is one text for ever, whoever is shown it, also when a backup was put back in between. Else the base of an op
// that was made on the one would be taken for the other, and what others have written overwritten by somebody who never saw it.
func (m *model) oneText(c wire.Change) error {
	name := push.Version{Record: c.ID, Version: c.Version}
	shown, known := m.versions[name]
	if known && shown != string(c.Body) {
		return fmt.Errorf("version %d of %s %s was %s and is now %s", c.Version, c.Collection, short(c.ID), shown, c.Body)
	}
	m.versions[name] = string(c.Body)
	return nil
}

// floorless forgets, after a restore, which versions the lost history may have given.
type floorless struct{ push.Tx }

func (f floorless) LockFeeds(ctx context.Context, feeds []string, want push.Wants) (push.Locked, error) {
	locked, err := f.Tx.LockFeeds(ctx, feeds, want)
	locked.Floor = 0
	return locked, err
}
