package db

import (
	"context"
	"database/sql"
	"maps"

	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

// Sources implements ledger.Reader.
func (d *DB) Sources(ctx context.Context, refs []ledger.Ref) (map[ledger.Ref]ledger.Source, error) {
	found := map[ledger.Ref]ledger.Source{}
	read := map[string]func(context.Context, []string) (map[string]ledger.Source, error){ledger.Push: d.pushSources, ledger.Op: d.opSources,
		ledger.Device: d.deviceSources, ledger.Key: d.keySources, ledger.Epoch: d.epochSources, ledger.Vouch: d.stampSources}
	for kind, table := range leafedTables {
		read[kind] = func(ctx context.Context, ids []string) (map[string]ledger.Source, error) {
			return table.sources(ctx, d, ids)
		}
	}
	for kind, ids := range byKind(refs) {
		if read[kind] == nil {
			continue
		}
		some, err := read[kind](ctx, ids)
		if err != nil {
			return nil, err
		}
		for id, source := range maps.All(some) {
			found[ledger.Ref{Kind: kind, ID: id}] = source
		}
	}
	return found, nil
}

// resultColumns are those of an op and of the version that it made, as scanResult reads them.
const resultColumns = `o.hash, o.outcome, o.received_at, o.earliest, o.latest,
	COALESCE(r.version, 0), COALESCE(r.record, ''), COALESCE(r.removed, FALSE), COALESCE(r.schema, 0), COALESCE(r.body, ''), COALESCE(r.at, 0)`

func intoResult(o *ledger.OpResult) []any {
	return []any{&o.Hash, &o.Outcome, &o.ReceivedAt, &o.Earliest, &o.Latest, &o.Version, &o.Record, &o.Removed, &o.Schema, &o.Body, &o.VersedAt}
}

// pushSources reads pushes with all their ops, and these with the versions they made. A push whose ops are gone is there with none.
func (d *DB) pushSources(ctx context.Context, ids []string) (map[string]ledger.Source, error) {
	found := map[string]ledger.Source{}
	where, arg := d.among("id", 1, ids)
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var s ledger.Source
		var id string
		var at int64
		err := r.Scan(&id, &at, &s.Device, &s.First, &s.Last, &s.Head, &s.Signature)
		s.At = moment(at)
		found[id] = s
		return err
	}, "SELECT id, received_at, device, first_seq, last_seq, head, signature FROM pushes WHERE "+where, arg)
	if err != nil {
		return nil, err
	}
	where, arg = d.among("p.id", 1, ids)
	return found, d.results(ctx, found, `SELECT p.id, `+resultColumns+` FROM pushes p JOIN ops o ON o.device = p.device AND o.seq BETWEEN p.first_seq AND p.last_seq
		LEFT JOIN revisions r ON r.op = o.id WHERE `+where+` ORDER BY p.id, o.seq`, arg)
}

// results adds to each source what became of its ops.
func (d *DB) results(ctx context.Context, found map[string]ledger.Source, query string, arg any) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var id string
		var o ledger.OpResult
		err := r.Scan(append([]any{&id}, intoResult(&o)...)...)
		s := found[id]
		s.Result = append(s.Result, o)
		found[id] = s
		return err
	}, query, arg)
}

func (d *DB) opSources(ctx context.Context, ids []string) (map[string]ledger.Source, error) {
	found := map[string]ledger.Source{}
	where, arg := d.among("o.id", 1, ids)
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var s ledger.Source
		var o ledger.OpResult
		var id string
		err := r.Scan(append([]any{&id, &s.Author, &s.Device}, intoResult(&o)...)...)
		s.At, s.Head, s.Result = moment(o.ReceivedAt), o.Hash, []ledger.OpResult{o}
		found[id] = s
		return err
	}, `SELECT o.id, o.author, COALESCE(o.online, ''), `+resultColumns+` FROM ops o LEFT JOIN revisions r ON r.op = o.id WHERE o.push IS NULL AND `+where, arg)
	return found, err
}

func (d *DB) deviceSources(ctx context.Context, ids []string) (map[string]ledger.Source, error) {
	return d.keyedSources(ctx, "SELECT id, enrolled_at, public_key FROM devices WHERE ", ids)
}

func (d *DB) keySources(ctx context.Context, ids []string) (map[string]ledger.Source, error) {
	return d.keyedSources(ctx, "SELECT id, created_at, public FROM signing_keys WHERE use = 'ledger' AND ", ids)
}

func (d *DB) keyedSources(ctx context.Context, query string, ids []string) (map[string]ledger.Source, error) {
	found := map[string]ledger.Source{}
	where, arg := d.among("id", 1, ids)
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var s ledger.Source
		var id string
		var at int64
		err := r.Scan(&id, &at, &s.Public)
		s.Device, s.At = id, moment(at)
		found[id] = s
		return err
	}, query+where, arg)
	return found, err
}

func (d *DB) epochSources(ctx context.Context, ids []string) (map[string]ledger.Source, error) {
	found := map[string]ledger.Source{}
	where, arg := d.among("epoch", 1, ids)
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var s ledger.Source
		var id string
		var at int64
		err := r.Scan(&id, &at)
		s.At = moment(at)
		found[id] = s
		return err
	}, "SELECT epoch, began_at FROM epochs WHERE "+where, arg)
	return found, err
}

func (d *DB) stampSources(ctx context.Context, ids []string) (map[string]ledger.Source, error) {
	found := map[string]ledger.Source{}
	where, arg := d.among("CAST(checkpoint AS TEXT) || '/' || kind || '/' || signer", 1, ids)
	return found, d.eachStamp(ctx, func(s ledger.Stamp) error {
		found[s.Ref().ID] = ledger.Source{At: s.At, Stamp: s}
		return nil
	}, "WHERE "+where, arg)
}
