package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

var ctx = context.Background()

// run is one simulation: everything that happens in it follows from its seed.
type run struct {
	seed  uint64
	lite  bool // on SQLite; else on PostgreSQL
	steps int
	bug   *bug // planted; nil in an honest run

	dir    string
	dice   *rand.Rand // decides who does what and which faults strike, and nothing else draws from it
	clock  *clock
	ids    *ids // of the server
	town   *town
	host   *host
	hands  []*hand
	clones []*twin
	parked []parked
	model  *model
	watch  []*watcher

	restores restores
	quiet    bool // nobody edits any more
	step     int
	lines    []string // the story so far
	began    []int    // where each step begins in lines
	stats    stats
}

// failed is how a run ends that has found something.
type failed struct{ err error }

// fail ends the run.
func (r *run) fail(err error) { panic(failed{err}) }

func (r *run) must(err error) {
	if err != nil {
		r.fail(err)
	}
}

// tell adds a line to the story.
func (r *run) tell(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf("%s "+format, append([]any{r.clock.now().Format("01-02 15:04:05")}, args...)...))
}

// newRun prepares a run. It costs a copy of the founded town.
func newRun(t testing.TB, seed uint64, lite bool, steps int, planted *bug) *run {
	t.Helper()
	f := founded(t, lite)
	root, err := services.MemoryFolder()
	if err != nil {
		t.Fatal(err)
	}
	r := &run{seed: seed, lite: lite, steps: steps, bug: planted, dice: rand.New(rand.NewPCG(seed, 1)), clock: newClock(start), town: f.town}
	r.ids = &ids{now: r.clock.now, dice: rand.New(rand.NewPCG(seed, 2))}
	r.model = newModel(r)
	if r.dir, err = os.MkdirTemp(root, "run-"); err != nil {
		t.Fatal(err)
	}
	if r.host, err = newHost(r, f, lite); err != nil {
		t.Fatal(err)
	}
	return r
}

// play runs the simulation to its end and checks what must hold. A nil error means that it held.
func (r *run) play() (err error) {
	defer func() {
		if found := recover(); found != nil {
			f, ok := found.(failed)
			if !ok {
				panic(found)
			}
			err = f.err
		}
		err = errors.Join(err, r.close())
	}()
	r.must(r.host.start())
	r.morning()
	for r.step = 1; r.step <= r.steps; r.step++ {
		r.began = append(r.began, len(r.lines))
		r.epochs()
		r.next()
	}
	r.began = append(r.began, len(r.lines))
	r.quiesce()
	if r.restores.folder != "" {
		r.judgeRestored()
		return nil
	}
	r.judge()
	return nil
}

// morning hands out the handhelds and lets each pull what there is.
func (r *run) morning() {
	n := 3 + r.dice.IntN(3)
	for i := range n {
		r.newHand(&r.town.people[(i+int(r.seed%6))%6])
	}
	r.newHand(&r.town.desk)
	for _, h := range r.hands {
		r.must(h.start())
		r.must(h.enrol())
		r.must(h.Sync(ctx))
	}
	for _, street := range streets {
		r.watch = append(r.watch, &watcher{feed: "unit/" + street, held: map[string]uint64{}})
	}
	r.watch = append(r.watch, &watcher{feed: "ref/" + district, held: map[string]uint64{}})
	r.host.amid = func() error { // somebody reads in the middle of somebody else's transaction
		if err := r.groups(); err != nil || r.dice.IntN(4) > 0 {
			return err
		}
		return pick(r.dice, r.watch...).page(r)
	}
}

// next draws a step and takes it, and then looks at what must always hold.
func (r *run) next() {
	if !r.host.up && r.dice.IntN(2) == 0 {
		r.tell("服务器重新启动 the server starts again")
		r.must(r.host.start())
	}
	r.clock.pass(session.Freshness + time.Duration(r.dice.IntN(15000))*time.Millisecond)
	total := 0
	for _, k := range kinds {
		total += k.weight
	}
	if len(r.parked) > 0 && r.dice.IntN(4) == 0 {
		r.must(r.deliver(r.dice.IntN(len(r.parked))))
	}
	n := r.dice.IntN(total)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			if r.restores.backup > 0 && r.step >= r.restores.backup && calm[k.name] {
				return
			}
			h := r.somebody()
			r.tell("步骤 step %d: %s, %s", r.step, k.name, h.name)
			k.take(r, h)
			r.must(h.ownWrites())
			if r.host.up {
				r.must(r.groups())
			}
			return
		}
	}
}

// somebody draws a handheld; seldom that of the desk, which has little to write.
func (r *run) somebody() *hand {
	h := r.hands[r.dice.IntN(len(r.hands))]
	if h.who.account == r.town.desk.account && r.dice.IntN(4) > 0 {
		h = r.hands[r.dice.IntN(len(r.hands))]
	}
	return h
}

// kind is a kind of step.
type kind struct {
	name   string
	weight int
	take   func(*run, *hand)
}

// close lets go of everything the run holds.
func (r *run) close() error {
	var errs []error
	for _, h := range r.hands {
		if h.Device != nil {
			errs = append(errs, h.Close())
		}
	}
	for _, c := range r.clones {
		errs = append(errs, c.Close())
	}
	errs = append(errs, r.host.end())
	return errors.Join(append(errs, os.RemoveAll(r.dir))...)
}

// story is the end of what happened: the last steps, for people who read a failure.
func (r *run) story(steps int) string {
	from := 0
	if n := len(r.began) - steps; n > 0 {
		from = r.began[n]
	}
	return strings.Join(r.lines[from:], "\n")
}

// report tells of a failure in a way that it can be looked at again.
func (r *run) report(err error) string {
	name := "sqlite"
	if !r.lite {
		name = "postgres"
	}
	again := fmt.Sprintf("-run TestSeed -soak.seed %d -soak.db %s", r.seed, name)
	if r.restores.backup > 0 {
		again = fmt.Sprintf("-run TestServerRestored -soak.from %d -soak.restored 1", r.seed)
	}
	return fmt.Sprintf("种子 seed %d，%s，步骤 step %d/%d: %v\n"+
		"重放 replay: go test ./cmd/fieldwarden/soak %s -soak.steps %d\n最后的步骤 the last steps:\n%s",
		r.seed, name, r.step, r.steps, err, again, r.steps, r.story(*storyFlag))
}
