package soak

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/sync/client"
)

// alarm hears what a handheld says in its log when its daily comparison with the server has found something. Pulls and snapshots must leave
// nothing to find, so in a town whose files are sound it is a fault.
type alarm struct{ h *hand }

func (alarm) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
func (a alarm) WithAttrs([]slog.Attr) slog.Handler             { return a }
func (a alarm) WithGroup(string) slog.Handler                  { return a }

func (a alarm) Handle(_ context.Context, line slog.Record) error {
	if strings.Contains(line.Message, "otherwise than the server") {
		a.h.found = append(a.h.found, line.Message)
		line.Attrs(func(attr slog.Attr) bool { a.h.found = append(a.h.found, attr.String()); return true })
	}
	return nil
}

// alarmed: the daily comparison has found nothing.
func (h *hand) alarmed() error {
	if len(h.found) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %s", h.name, strings.Join(h.found, " "))
}

// compared: a handheld that is at rest holds what the server holds, as the two find out by digests; and of what is then damaged in its file
// just that is found, and repaired. What it holds afterwards is judged with the rest.
func (r *run) compared(h *hand) error {
	found, err := r.compare(h)
	if err != nil || len(found.Found) > 0 {
		return fmt.Errorf("%s, compared by digests, holds otherwise: %v (%w)", h.name, found.Found, err)
	}
	dice := rand.New(rand.NewPCG(r.seed, hashOf(h.name)))
	want, err := h.damage(dice)
	if err != nil || want == nil {
		return err
	}
	if found, err = r.compare(h); err != nil {
		return fmt.Errorf("%s is not repaired: %w", h.name, err)
	}
	var got []string
	for _, d := range found.Found {
		got = append(got, string(d.What)+" "+d.ID)
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) { // a record of several feeds is found in each
		return fmt.Errorf("%s: damaged was %v, found is %v", h.name, want, got)
	}
	r.stats.Damaged += len(want)
	return nil
}

// compare lets a handheld compare itself. A sign-in that is over is made anew: a restored server knows no token that was exchanged after the backup.
func (r *run) compare(h *hand) (client.Divergence, error) {
	found, err := h.compare()
	if isFault(err, over...) && r.signIn(h, h.who) {
		found, err = h.compare()
	}
	return found, err
}

// compare compares a handheld with the server in good weather.
func (h *hand) compare() (client.Divergence, error) {
	h.line.weather, h.line.dead, h.pages = fair, false, pages{}
	return h.Check(ctx)
}

// damage spoils some records in a handheld's file, each in a way of its own, and says what is to be found.
func (h *hand) damage(dice *rand.Rand) (want []string, err error) {
	rows, _, err := h.holds()
	if err != nil {
		return nil, err
	}
	var ids []string
	for id := range rows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for range min(3, len(ids)) {
		i := dice.IntN(len(ids))
		id := ids[i]
		ids = slices.Delete(ids, i, i+1)
		way := pick(dice, "UPDATE records SET version = version + 1 WHERE id = '%s'", "UPDATE records SET body = '{}' WHERE id = '%s'",
			"DELETE FROM records WHERE id = '%s'")
		what := client.Altered
		if strings.HasPrefix(way, "DELETE") {
			what = client.Missing
		}
		err = errors.Join(err, h.tamper(fmt.Sprintf(way, id)))
		want = append(want, string(what)+" "+id)
		h.r.tell("  %s: %s %s", h.name, what, short(id))
	}
	slices.Sort(want)
	return want, err
}
