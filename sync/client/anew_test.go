package client_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/client"
)

// twin is a copy of a handheld: its file, its key, its sign-in.
func (h *handheld) twin() *handheld {
	h.t.Helper()
	h.must(h.Close())
	c := &handheld{t: h.t, w: h.w, who: h.who, line: &line{next: h.w.dial()}, cfg: h.cfg}
	c.cfg.Dir, c.cfg.HTTP = h.t.TempDir(), c.line
	files, err := os.ReadDir(h.cfg.Dir)
	h.must(err)
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(h.cfg.Dir, f.Name()))
		h.must(err)
		h.must(os.WriteFile(filepath.Join(c.cfg.Dir, f.Name()), text, 0o600))
	}
	h.open()
	c.open()
	return c
}

func (h *handheld) enrolAnew(unit string) {
	h.t.Helper()
	code, err := h.w.deps.Sessions.CreateCodeByServer(ctx, unit, 0)
	h.must(err)
	h.must(h.EnrolAnew(ctx, code.Code, "重新登记"))
	h.must(h.EnrolAnew(ctx, code.Code, "重新登记")) // a lost reply: the same key and code name the same device
	h.must(h.SignIn(ctx, h.who.account, password))
}

// A device and its copy both work. The server sets them aside; both keep their queues and go on seeing what others do; the copy is
// enrolled anew and brings its edits, the other is released and goes on. Nothing that anybody wrote is lost.
func TestCloneBeginsAnew(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a, other := w.handheld(street), w.handheld(street)
	shared := a.create(street, "共有")
	a.sync()
	b := a.twin()
	a.set(shared, "phone", "原机")
	a.sync()
	b.set(shared, "address", "副本")
	mine := b.create(street, "副本的")
	b.set(mine, "phone", "副本")
	want(t, b.Sync(ctx), fault.ReplayDiffers)
	later := a.create(street, "原机又")
	want(t, a.Sync(ctx), fault.DeviceSetAside)
	theirs := other.create(street, "别人的")
	other.sync()
	want(t, a.Sync(ctx), fault.DeviceSetAside)
	a.get(theirs) // what others do still comes in

	b.enrolAnew(street)
	b.sync()
	id, err := a.Identity(ctx)
	w.must(err)
	w.must(w.db.ReleaseDevice(ctx, releaseOf(id.ID)))
	a.sync()
	for _, h := range []*handheld{a, b, other, a, b} {
		h.sync()
	}
	for _, h := range []*handheld{a, b, other} {
		if r := h.get(shared); r.Body["phone"] != "原机" || r.Body["address"] != "副本" || r.Unsent != 0 {
			t.Errorf("%+v", r)
		}
		if r := h.get(mine); r.Body["phone"] != "副本" || r.Unsent != 0 {
			t.Errorf("%+v", r)
		}
		h.get(later)
	}
	b.set(shared, "phone", "副本又")
	b.sync()
	b.restart()
	b.sync()
	if again, err := b.Identity(ctx); err != nil || again.ID == id.ID {
		t.Errorf("the copy is still %s, %v", again.ID, err)
	}
	// and once more: the numbers of an ended chain do not get in each other's way
	b.set(shared, "phone", "未提交")
	w.must(w.deps.Sessions.Identities.RevokeDevice(ctx, identity(b).ID, "server", w.deps.Now()))
	b.enrolAnew(street)
	b.sync()
	if r := b.get(shared); r.Body["phone"] != "未提交" || r.Unsent != 0 {
		t.Errorf("%+v", r)
	}
}

// A device that was enrolled after the backup is not known to the restored server. Enrolled anew it sends everything again.
func TestForgottenDevice(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	who := w.handheld(street).who
	backup := w.backup()
	a := w.handheldOf(who, street)
	first := a.create(street, "一")
	a.sync()
	second := a.create(street, "二")
	w.restore(backup)
	if err := a.Sync(ctx); err == nil {
		t.Fatal("a server that has never heard of the device takes its ops")
	}
	a.enrolAnew(street)
	a.sync()
	for _, id := range []string{first, second} {
		if r := a.get(id); r.Version != 1 || r.Unsent != 0 {
			t.Errorf("%+v", r)
		}
	}
}

func identity(h *handheld) client.Identity {
	h.t.Helper()
	i, err := h.Identity(ctx)
	h.must(err)
	return i
}

func releaseOf(device string) people.Decision {
	return people.Decision{Device: device, Officer: "leader", Decision: people.Released, Reason: "副本已重新登记", At: time.Now()}
}
