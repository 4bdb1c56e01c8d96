package soak

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// A day with a backup and a restore in it. What people wrote in the history that is lost comes back with the handhelds, which still
// have it: each op exactly once, in its order, on a sound chain, and no edit of it lost; and everybody converges. What became of an
// op may differ, and so what others have seen: of that nothing is asked here.

// restores says when in a run a backup is made and put back; zero: never.
type restores struct {
	backup, restore int
	folder          string
	unsaid          bool // planted: nobody begins another history
}

// calm are the steps that are not taken between backup and restore: what the office did then is lost for good, and has to be done again.
var calm = map[string]bool{"克隆 clone": true, "放行 release": true, "停用设备 revoke": true, "登录 sign in": true}

// epochs makes the backup, and puts it back, when it is time.
func (r *run) epochs() {
	switch e := &r.restores; {
	case e.backup == 0:
	case r.step == e.backup:
		r.must(r.host.kill())
		e.folder = filepath.Join(r.dir, "backup")
		r.must(os.CopyFS(e.folder, os.DirFS(r.host.data)))
		r.tell("备份 a backup is made")
	case r.step == e.restore:
		r.must(r.host.kill())
		r.host.data = e.folder
		core, err := openCore(r.host.data, r.host.url, r.clock.now, r.ids.next)
		r.must(err)
		if !e.unsaid {
			_, err = core.Restored(ctx, server.SkipNumbers)
			r.must(err)
		}
		r.must(core.Close())
		r.must(r.host.start())
		r.tell("恢复 the backup is put back")
		r.must(r.forget())
	}
}

// forget lets the oracle know what the server has forgotten.
func (r *run) forget() error {
	for _, w := range r.watch {
		w.after, w.held = 0, map[string]uint64{}
	}
	for _, one := range r.model.ops {
		var id string
		err := r.host.raw.QueryRow("SELECT id FROM ops WHERE id = '" + one.ID + "'").Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			one.outcome, one.answered = nil, 0
			if one.told > 0 {
				r.stats.Forgotten++
			}
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// judgeRestored checks what must hold although the server has forgotten.
func (r *run) judgeRestored() {
	s, err := r.read()
	r.must(err)
	for _, h := range r.hands {
		r.must(s.exactlyOnce(r, h))
		r.must(r.onlineOnce(h))
		r.must(s.inOrder(h))
		if !h.revoked {
			r.must(s.converged(h))
		}
	}
	r.must(s.noEditLost(r))
	r.must(s.basesKnown())
	r.must(s.decisions(r))
	r.must(s.numbersWithoutGaps())
	r.must(r.groups())
	r.must(r.audit())
	r.count(s)
}

// basesKnown checks that whatever a handheld had seen in the history that is lost still means something to the server.
func (s *state) basesKnown() error {
	for device, outcomes := range s.outcomes {
		for seq, o := range outcomes {
			if o.Code == string(fault.BaseUnknown) {
				return fmt.Errorf("the server says that op %d of handheld %s is on a version that no history has had", seq, device)
			}
		}
	}
	return nil
}

// playRestored plays a day with a restore, of which nobody says anything if it is unsaid; planted may be nil.
func playRestored(t *testing.T, seed uint64, unsaid bool, planted *bug) (*run, error) {
	t.Helper()
	r := newRun(t, seed, true, *stepsFlag, planted)
	r.restores = restores{backup: *stepsFlag * 4 / 10, restore: *stepsFlag * 7 / 10, unsaid: unsaid}
	return r, r.play()
}

func TestServerRestored(t *testing.T) {
	var sum stats
	for seed := *fromFlag; seed < *fromFlag+uint64(*restoredFlag); seed++ {
		r, err := playRestored(t, seed, false, nil)
		if err != nil {
			t.Fatal(r.report(err))
		}
		sum = sum.plus(r.stats)
	}
	if t.Logf("%s", sum); sum.Forgotten == 0 {
		t.Error("the server has forgotten nothing that was answered")
	}
}

// The runs can fail: a server that is put back in silence leaves handhelds with what it does not have.
func TestARestoreThatNobodyAnnounces(t *testing.T) { caught(t, true, nil) }

// A server that gives a version again which the lost history has given takes what was made on that one for made on this one.
func TestARestoreThatGivesVersionsTwice(t *testing.T) {
	caught(t, false, &bug{name: "the server forgets the floor of versions", breaks: "a version is one text",
		server: wrapping(func(tx push.Tx) push.Tx { return floorless{tx} })})
}

// caught fails unless some day with a restore in which something is wrong is found out.
func caught(t *testing.T, unsaid bool, planted *bug) {
	t.Helper()
	if *plantedFlag == 0 {
		t.Skip("planted bugs take minutes to be looked for: make proof")
	}
	for seed := uint64(1); seed <= *plantedFlag; seed++ {
		if r, err := playRestored(t, seed, unsaid, planted); err != nil {
			t.Logf("caught by seed %d at step %d: %s", seed, r.step, firstLine(err))
			return
		}
	}
	t.Errorf("%d seeds play on as if nothing were wrong", *plantedFlag)
}

func firstLine(err error) string {
	text := err.Error()
	for i, c := range text {
		if c == '\n' {
			return text[:i]
		}
	}
	return fmt.Sprint(text)
}
