package soak

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", to look into a handheld's file

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/client"
)

// hand is a handheld in somebody's hand.
type hand struct {
	r    *run
	name string
	*client.Device
	line *line
	dir  string
	id   string // of the device, as the server knows it
	who  *person
	unit string

	skew  time.Duration // of its wall clock against the true time
	on    time.Time     // when it was switched on: its monotonic count begins there
	boots int
	off   bool // the battery is out: what it still does is not kept
	files int  // folders its file has been in

	revoked bool // its person has been told
	gone    bool // the server has revoked it
	aside   bool // there are two of it, and nobody has decided yet
	syncing bool // its person may go on editing meanwhile
	pages   pages
	made    []*made  // every op it has made, in order
	online  []*made  // what was written online through it
	unheard *unheard // what of that nobody has heard of yet
	planted int      // counts what a planted bug has seen
	words   int      // unique values it has invented
	found   []string // what its daily comparison with the server has found
}

// pages are those of the last pull: how many, when the last of them was asked for and when it came.
type pages struct {
	count    int
	from, to int64
}

// newHand makes a handheld that has never been switched on.
func (r *run) newHand(who *person) *hand {
	h := &hand{r: r, name: fmt.Sprintf("手持机%d", len(r.hands)+1), who: who, unit: who.unit}
	h.line = &line{h: h}
	h.dir = h.folder()
	r.hands = append(r.hands, h)
	return h
}

func (h *hand) folder() string {
	h.files++
	return filepath.Join(h.r.dir, fmt.Sprintf("%s-%d", h.name, h.files))
}

// start switches the handheld on: a new boot, on the file as it is.
func (h *hand) start() error {
	h.boots++
	h.on, h.off = h.r.clock.now(), false
	var err error
	h.Device, err = client.Open(ctx, client.Config{Dir: h.dir, BaseURL: public, HTTP: h.line,
		Now:       func() time.Time { return h.r.clock.now().Add(h.skew) },
		Monotonic: func() int64 { return h.r.clock.now().Sub(h.on).Milliseconds() },
		Logger:    slog.New(alarm{h}),
		Boot:      fmt.Sprintf("%s/%d", h.name, h.boots),
		Rand:      noise{rand.New(rand.NewPCG(h.r.seed, uint64(len(h.name)+100*h.boots)^hashOf(h.name)))},
		Sleep:     func(_ context.Context, d time.Duration) error { h.r.clock.pass(d); return nil }})
	if err == nil && h.r.bug != nil && h.r.bug.file != "" {
		err = h.tamper("DROP TRIGGER IF EXISTS planted;" + h.r.bug.file)
	}
	return err
}

func hashOf(s string) (n uint64) {
	for _, c := range []byte(s) {
		n = n*131 + uint64(c)
	}
	return n
}

// enrol makes the handheld known and signs its person in.
func (h *hand) enrol() error {
	code, err := h.r.host.core.Sessions.CreateCodeByServer(ctx, h.unit, 0)
	if err != nil {
		return err
	}
	if err := h.Enrol(ctx, code.Code, h.name); err != nil {
		return err
	}
	i, err := h.Identity(ctx)
	if err != nil {
		return err
	}
	h.id = i.ID
	return h.SignIn(ctx, h.who.account, password)
}

// die pulls the battery out: the file as it is at this moment is what the next start finds. Between two transactions, and a
// request is between two, the file holds exactly what was committed.
func (h *hand) die() {
	h.off = true
	next := h.folder()
	if err := os.CopyFS(next, os.DirFS(h.dir)); err != nil {
		panic(err)
	}
	_ = os.Remove(filepath.Join(next, "device.db-shm")) // memory of the dead process
	h.dir = next
}

// revive switches a handheld on again whose battery was out.
func (h *hand) revive() error {
	if !h.off {
		return nil
	}
	h.r.tell("  %s is switched on again", h.name)
	return errors.Join(h.Close(), h.start())
}

// exchange lets the handheld sync in some weather, and switches it on again if it died of it. Its error is that of the sync.
func (h *hand) exchange(w weather) error {
	h.line.weather, h.line.dead, h.pages = w, false, pages{}
	h.syncing = !h.r.quiet
	err := h.Sync(ctx)
	h.line.weather, h.syncing = fair, false
	if err != nil {
		h.r.tell("  %s does not come to the end: %v", h.name, err)
	}
	if err := h.revive(); err != nil {
		h.r.fail(err)
	}
	h.r.must(h.alarmed())
	return err
}

// peek opens the handheld's own file to look into it.
func (h *hand) peek(fn func(*sql.DB) error) error {
	file, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, "device.db")+"?_pragma=query_only(1)&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	return errors.Join(fn(file), file.Close())
}

func isFault(err error, codes ...fault.Code) bool {
	for _, code := range codes {
		if errors.Is(err, fault.New(code)) {
			return true
		}
	}
	return false
}
