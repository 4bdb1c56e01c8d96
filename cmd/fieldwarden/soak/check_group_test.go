package soak

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// openRaw opens the server's database to look into it past every service, as anybody could who reads it at this moment.
func (h *host) openRaw() (err error) {
	if h.lite {
		h.raw, err = sql.Open("sqlite", "file:"+h.data+"/fieldwarden.db?_pragma=query_only(1)&_pragma=busy_timeout(10000)")
	} else {
		h.raw, err = sql.Open("pgx", h.url)
	}
	if err == nil {
		h.raw.SetMaxOpenConns(1)
	}
	return err
}

// groups: the ops of a group stand or fall together, for whoever looks, at whatever moment: after each request, and in the
// middle of the transactions of others.
func (r *run) groups() error {
	for _, txn := range slices.Sorted(maps.Keys(r.model.groups)) {
		group := r.model.groups[txn]
		if group[0].sent == 0 {
			continue
		}
		there, err := r.together(group)
		if err != nil {
			return err
		}
		if there {
			delete(r.model.groups, txn) // what is written is never changed
			r.stats.Groups++
		}
	}
	return nil
}

// together looks at one group: all of it is there, or nothing.
func (r *run) together(group []*made) (there bool, err error) {
	ids := make([]string, len(group))
	for i, one := range group {
		ids[i] = "'" + one.ID + "'"
	}
	in := "(" + strings.Join(ids, ",") + ")"
	rows, err := r.host.raw.Query(`SELECT o.id, o.status, o.outcome, (SELECT count(*) FROM revisions r WHERE r.op = o.id),
		coalesce((SELECT max(r.version) FROM revisions r WHERE r.record = o.record), 0), coalesce((SELECT c.version FROM records c WHERE c.id = o.record), 0)
		FROM ops o WHERE o.id IN ` + in)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	stand, n := 0, 0
	for ; rows.Next(); n++ {
		var id, status, outcome string
		var makes int
		var newest, head uint64
		if err := rows.Scan(&id, &status, &outcome, &makes, &newest, &head); err != nil {
			return false, err
		}
		var o wire.Outcome
		if err := wire.Decode([]byte(outcome), &o); err != nil {
			return false, err
		}
		switch refused := status == string(record.Rejected) || status == string(record.Held); {
		case refused && makes > 0:
			return false, fmt.Errorf("an op of a group was refused and has made a version: %s", r.model.ops[id])
		case refused:
		case newest < o.Version || head < o.Version:
			return false, fmt.Errorf("half a group can be seen: its op %s stands as version %d, and the record is at %d, %d", r.model.ops[id], o.Version, newest, head)
		default:
			stand++
		}
	}
	if err := rows.Err(); err != nil {
		return false, err
	}
	if n > 0 && n < len(group) || stand > 0 && stand < n {
		return false, fmt.Errorf("half a group can be seen: of %d ops %d are there and %d stand: %s", len(group), n, stand, group[0])
	}
	return n > 0, nil
}
