// Package demo plays one day of enforcement in an invented district against a real server: handhelds work offline, the line
// breaks, replies are lost, and at the end every line of a table is compared with what the server then holds.
//
// Nothing in the table is printed from intent: what must be is computed on the handhelds' side, what is is asked from the
// server over HTTP or read from its database and stores, and only the comparison decides.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/seed"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
)

// Options is how the demo is run.
type Options struct {
	Out    io.Writer // progress and table; with JSON only the table
	Folder string    // where everything is kept; "": a temporary one, removed at the end
	Listen string    // address to serve on; "": a free port of this machine
	JSON   bool      // the table for machines
	Exit   bool      // end after the table instead of serving on

	// Scene is called after each scene; tests plant faults there. May be nil.
	Scene func(id string, s *server.Server)
}

// ErrUnsound means that the day was played and a line of the table did not hold.
var ErrUnsound = errors.New("演示中有结果与预期不符 / a line of the table did not hold")

// seedNumber is the district of the demo. Another number makes another one.
const seedNumber = 1

// Run plays the day. With Exit it returns after the table, nil only if every line held; else it serves until ctx ends, which is
// a clean end. It can be run again on the same folder: what is there stays, and the day is played once more.
func Run(ctx context.Context, o Options) (err error) {
	folder, remove, err := o.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	logFile, err := os.OpenFile(filepath.Join(folder, "demo.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	cfg, err := o.config(folder)
	if err != nil {
		return err
	}
	s, err := server.Start(ctx, cfg, slog.New(slog.NewTextHandler(logFile, &slog.HandlerOptions{Level: slog.LevelInfo})))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	return o.play(ctx, s, folder)
}

// folder is where the demo keeps everything, and what to do with it at the end.
func (o Options) folder() (path string, remove func() error, err error) {
	if o.Folder != "" {
		return o.Folder, func() error { return nil }, os.MkdirAll(o.Folder, 0o700)
	}
	path, err = os.MkdirTemp("", "fieldwarden-demo-")
	return path, func() error { return os.RemoveAll(path) }, err
}

// config configures the embedded default in the folder. The environment is left out of it on purpose: whoever has a real
// server's variables set must not get an invented district in its database.
func (o Options) config(folder string) (config.Config, error) {
	listen := o.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	return config.From(map[string]string{"FIELDWARDEN_DATA": filepath.Join(folder, "data"), "FIELDWARDEN_LISTEN": listen})
}

// play seeds the district, plays the day, prints the table, and serves on if it is to.
func (o Options) play(ctx context.Context, s *server.Server, folder string) error {
	began := time.Now()
	d, err := o.day(s, folder, began)
	if err != nil {
		return err
	}
	defer d.transport.CloseIdleConnections()
	if err := d.prepare(ctx); err != nil {
		return err
	}
	d.run(ctx)
	if err := d.close(); err != nil {
		return err
	}
	if ctx.Err() != nil && o.Exit {
		return ctx.Err()
	} else if ctx.Err() != nil {
		return nil // whoever watches has seen enough
	}
	if err := o.report(d, time.Since(began)); err != nil {
		return err
	}
	if o.Exit && !d.table.Sound() {
		return ErrUnsound
	} else if o.Exit {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.Failed():
		return fmt.Errorf("serving ended: %w", err)
	}
}

// day makes the day, with handhelds that begin anew in each run.
func (o Options) day(s *server.Server, folder string, began time.Time) (*day, error) {
	progress := o.Out
	if o.JSON {
		progress = io.Discard
	}
	secret, err := password(folder)
	return &day{server: s, password: secret, table: &Table{}, now: time.Now, transport: &http.Transport{}, after: o.Scene,
		story:     &story{out: progress, now: time.Now},
		handhelds: filepath.Join(folder, "handhelds", began.UTC().Format("20060102T150405.000"))}, err
}

// prepare brings the invented district in.
func (d *day) prepare(ctx context.Context) error {
	d.story.scene("虚构的河东区", "an invented district")
	var err error
	if d.district, err = seed.Build(seedNumber, d.now()); err != nil {
		return err
	}
	records, accounts, err := d.district.Apply(ctx, seed.Target{Push: d.server.Push, History: d.server.DB, Identities: d.server.DB}, d.password)
	if err != nil {
		return err
	}
	d.story.tell("服务器", fmt.Sprintf("街道真实，人员和企业均为虚构：新写入 %d 条记录、%d 个账号", records, accounts),
		fmt.Sprintf("streets are real, people and enterprises are not: %d records and %d accounts written", records, accounts))
	return nil
}

// password is that of everybody in the demo: drawn once for each folder, so that a demo that others can reach is not open to all.
func password(folder string) (string, error) {
	path := filepath.Join(folder, "password.txt")
	text, err := os.ReadFile(path)
	if err == nil && strings.TrimSpace(string(text)) != "" {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	drawn := strings.ToLower(rand.Text())
	drawn = drawn[:5] + "-" + drawn[5:10] + "-" + drawn[10:15]
	return drawn, os.WriteFile(path, []byte(drawn+"\n"), 0o600)
}

// report prints the table, the address and whom to sign in as.
func (o Options) report(d *day, took time.Duration) error {
	if o.JSON {
		return report{OK: d.table.Sound(), URL: d.server.URL(), Seconds: float64(took.Milliseconds()) / 1000, Lines: d.table.Lines(),
			SignIns: d.signIns(), Password: d.password}.writeJSON(o.Out)
	}
	fmt.Fprintln(o.Out)
	if err := d.table.writeText(o.Out); err != nil {
		return err
	}
	held := 0
	for _, l := range d.table.Lines() {
		if l.OK {
			held++
		}
	}
	fmt.Fprintf(o.Out, "\n%d 项中 %d 项符合，用时 %.1f 秒 / %d of %d lines held, in %.1f s\n\n", len(d.table.Lines()), held, took.Seconds(),
		held, len(d.table.Lines()), took.Seconds())
	fmt.Fprintf(o.Out, "地址 / URL:      %s\n密码 / password: %s\n\n可以试用的账号 / sign-ins to try:\n", d.server.URL(), d.password)
	for _, p := range d.signIns() {
		fmt.Fprintf(o.Out, "  %s %s %s\n", terminal.FillRight(p.Account, 16), terminal.FillRight(p.Name, 10), p.Role)
	}
	if !o.Exit {
		fmt.Fprint(o.Out, "\n按 Ctrl-C 结束 / press Ctrl-C to end\n")
	}
	return nil
}

// signIns are those who played, and one of each other role.
func (d *day) signIns() []SignIn {
	var all []SignIn
	seen := map[string]bool{}
	add := func(p seed.Person) {
		if !seen[p.Account] && !p.Left {
			seen[p.Account] = true
			all = append(all, SignIn{Account: p.Account, Name: p.Name, Role: p.Post, Unit: p.Unit})
		}
	}
	for _, h := range d.hands {
		add(h.who)
	}
	posts := map[string]bool{}
	for _, s := range all {
		posts[s.Role] = true
	}
	for _, p := range d.district.People {
		if !posts[p.Post] {
			posts[p.Post] = true
			add(p)
		}
	}
	return all
}
