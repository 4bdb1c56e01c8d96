// Package cases finds what belongs to a case: which papers of its organ, and which inspections, by the rules of domain/document. There are no case files in this
// version, so what belongs to a case is worked out when it is asked for, from the papers as they are.
//
// It must not know who asks: whoever calls judges rights, of the paper of filing and of each paper.
package cases

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// History is what cases are found in; see pull.History.
type History interface {
	Record(ctx context.Context, collection, id string) (pull.Record, error)
	Lookup(ctx context.Context, collection, field, value string) ([]pull.Record, error)
	Among(ctx context.Context, collection string, ids []string) ([]pull.Record, error)
	Touched(ctx context.Context, t pull.Touched, fn func(pull.Record) error) error
	Began(ctx context.Context, ids []string) (time.Time, error)
	Written(ctx context.Context, prefix string) ([]string, error)
}

// Most is how many papers of an organ are read for one case; a variable for tests.
var Most = 20_000

// turns is what is held while a case is worked out: it takes seconds of a processor where an organ has many papers, and others want to be served meanwhile.
var turns = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))

const (
	// slack is how far the clocks of two replicas may be apart, that of one may be set back, and still no paper is missed.
	slack = time.Hour
	// atOnce is how many papers are asked for by name at once.
	atOnce = 500
)

// Filing judges whether a record of documents is an issued paper of filing: fault case.not_filing if it is none.
func Filing(body record.Object) error {
	if sheet, issued := document.SheetOf("", body); !issued || sheet.Kind != document.CaseFiling {
		return fault.New(fault.CaseNotFiling).At("case")
	}
	return nil
}

// Find finds what belongs to the case of a paper of filing, whose body is given. A record that is no issued paper of filing is fault case.not_filing; an organ that has
// issued more papers since the case's first one than are read is fault case.too_wide.
func Find(ctx context.Context, h History, filing string, body record.Object) (document.Case, error) {
	if err := Filing(body); err != nil {
		return document.Case{}, err
	}
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-ctx.Done():
		return document.Case{}, ctx.Err()
	}
	sheet, _ := document.SheetOf(filing, body)
	w := walk{History: h, feeds: map[string]bool{}, sheets: map[string]document.Sheet{filing: sheet}, asked: map[string]bool{filing: true}, visited: map[string]bool{}}
	unit, _ := body["unit"].(string)
	if err := w.ofOrgan(ctx, unit); err != nil {
		return document.Case{}, err
	}
	for {
		c, _ := document.CaseOf(filing, w.sheets)
		grown, err := w.on(ctx, c)
		if err != nil || !grown {
			return c, err
		}
	}
}

// walk is the papers of an organ, as far as they are read. A paper that names another was heard of after it, since its author had to know the other; so what names a
// paper was last changed no earlier than the server heard of that one. All that was changed since it heard of the first of the papers that decide is read, and what that names, however old.
type walk struct {
	History
	feeds   map[string]bool // of the organ
	sheets  map[string]document.Sheet
	asked   map[string]bool // papers that were asked for by name
	visited map[string]bool // inspections whose papers were asked for
	read    bool            // what was changed since then was read
	since   time.Time
}

// on reads what may belong to the case besides; false when there is nothing more to read.
func (w *walk) on(ctx context.Context, c document.Case) (bool, error) {
	had := len(w.sheets)
	if err := errors.Join(w.visits(ctx, c.Inspections), w.named(ctx)); err != nil || len(w.sheets) > had {
		return true, err
	}
	began, err := w.Began(ctx, c.Near)
	if err != nil || w.read && !began.Before(w.since) {
		return false, err
	}
	w.read, w.since = true, began
	return true, w.touched(ctx)
}

// ofOrgan finds the feeds of the organ that a unit's papers are of: its own, and those of its teams.
func (w *walk) ofOrgan(ctx context.Context, unit string) error {
	organ, err := people.OrganOf(ctx, w, unit)
	if err != nil {
		return err
	}
	const unitFeed = string(record.Unit) + "/"
	w.feeds[unitFeed+unit] = true
	feeds, err := w.Written(ctx, unitFeed+organ.Code)
	if err != nil {
		return err
	}
	for _, feed := range feeds {
		of, err := people.OrganOf(ctx, w, strings.TrimPrefix(feed, unitFeed))
		if err != nil {
			return err
		}
		if of.Code == organ.Code {
			w.feeds[feed] = true
		}
	}
	return nil
}

// visits reads the papers of inspections.
func (w *walk) visits(ctx context.Context, inspections []string) error {
	for _, id := range inspections {
		if w.visited[id] {
			continue
		}
		w.visited[id] = true
		found, err := w.Lookup(ctx, document.Documents.Name, "inspection", id)
		if err != nil {
			return err
		}
		if err := w.takeAll(found); err != nil {
			return err
		}
	}
	return nil
}

// named reads what the papers that were read name.
func (w *walk) named(ctx context.Context) error {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(w.sheets)) {
		for _, named := range append(slices.Clone(w.sheets[id].Names), w.sheets[id].Corrects) {
			if _, known := w.sheets[named]; named != "" && !known && !w.asked[named] {
				w.asked[named] = true
				ids = append(ids, named)
			}
		}
	}
	for some := range slices.Chunk(ids, atOnce) {
		found, err := w.Among(ctx, document.Documents.Name, some)
		if err != nil {
			return err
		}
		if err := w.takeAll(found); err != nil {
			return err
		}
	}
	return nil
}

// touched reads the papers of the organ that were changed since the case began.
func (w *walk) touched(ctx context.Context) error {
	read := 0
	for _, feed := range slices.Sorted(maps.Keys(w.feeds)) {
		since := w.since
		if !since.IsZero() {
			since = since.Add(-slack)
		}
		err := w.Touched(ctx, pull.Touched{Collection: document.Documents.Name, Feed: feed, Since: since}, func(r pull.Record) error {
			if read++; read > Most {
				return fault.New(fault.CaseTooWide)
			}
			return w.take(r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) takeAll(found []pull.Record) error {
	for _, r := range found {
		if err := w.take(r); err != nil {
			return err
		}
	}
	return nil
}

// take notes a paper of the organ; those of others are no papers of the case, whatever they name.
func (w *walk) take(r pull.Record) error {
	if !w.feeds[r.Feed] {
		return nil
	}
	body, err := wire.Object(r.Body)
	if err != nil {
		return fmt.Errorf("document %s as stored: %w", r.ID, err)
	}
	if sheet, issued := document.SheetOf(r.ID, body); issued {
		w.sheets[r.ID] = sheet
	}
	return nil
}

// Find implements record.Facts.
func (w *walk) Find(ctx context.Context, collection, id string) (record.Object, bool, error) {
	r, err := w.Record(ctx, collection, id)
	if errors.Is(err, fault.New(fault.NotFound)) || err == nil && r.Removed {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	body, err := wire.Object(r.Body)
	return body, true, err
}

// Match implements record.Facts.
func (w *walk) Match(ctx context.Context, collection, field, value string) (map[string]record.Object, error) {
	found, err := w.Lookup(ctx, collection, field, value)
	out := make(map[string]record.Object, len(found))
	for _, r := range found {
		if err == nil {
			out[r.ID], err = wire.Object(r.Body)
		}
	}
	return out, err
}
