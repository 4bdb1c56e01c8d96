package client

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Record is one record as the person at the device sees it: what the server sent, with the device's own ops on top. It is
// computed at each reading and never stored, so it cannot drift.
type Record struct {
	Collection string
	ID         string
	Feed       string // "" while only this device knows the record
	Version    uint64 // the server's version underneath; 0 while only this device knows the record. Ops name it as base
	Body       record.Object
	Unsent     int // own ops on it that the server has not answered
}

// Get returns a record, or fault op.record_unknown when there is none or it has been removed.
func (d *Device) Get(ctx context.Context, collection, id string) (Record, error) {
	return look(ctx, d.db, collection, id)
}

// List returns the records of a collection, by id.
func (d *Device) List(ctx context.Context, collection string) ([]Record, error) {
	found := map[string]*layers{}
	if err := sentBy(ctx, d.db, found, `collection = ?`, collection); err != nil {
		return nil, err
	}
	if err := ownOn(ctx, d.db, found, `collection = ?`, collection); err != nil {
		return nil, err
	}
	var all []Record
	for _, l := range found {
		if r, exists := l.fold(); exists {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b Record) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

func look(ctx context.Context, from reader, collection, id string) (Record, error) {
	found := map[string]*layers{}
	if err := sentBy(ctx, from, found, `id = ?`, id); err != nil {
		return Record{}, err
	}
	if err := ownOn(ctx, from, found, `record = ?`, id); err != nil {
		return Record{}, err
	}
	if l := found[id]; l != nil {
		if r, exists := l.fold(); exists && r.Collection == collection {
			return r, nil
		}
	}
	return Record{}, fault.New(fault.RecordUnknown)
}

// layers is what a view is made of.
type layers struct {
	sent   Record // as the server sent it; Version 0 when it has not
	exists bool
	own    []ownOp // in the order of seq
}

// ownOp is an op of this device that lies over what the server sent.
type ownOp struct {
	wire.Op
	answered bool
	version  uint64 // of the record after it, once answered
}

// fold lays the own ops over what was sent. An op that the sent version contains already is not applied again.
func (l *layers) fold() (r Record, exists bool) {
	r, exists = l.sent, l.exists
	for _, op := range l.own {
		if op.answered && op.version <= r.Version {
			continue
		}
		if !op.answered {
			r.Unsent++
		}
		switch record.Action(op.Action) {
		case record.Create:
			r.Collection, r.ID, exists = op.Collection, op.Record, true
			r.Body = record.Apply(r.Body, op.Patch)
		case record.Update:
			r.Body = record.Apply(r.Body, op.Patch)
		case record.Remove:
			exists = false
		}
	}
	return r, exists
}

// sentBy reads what the server sent of the records that a condition over the table records selects.
func sentBy(ctx context.Context, from reader, found map[string]*layers, where string, arg any) error {
	return each(ctx, from, func(rows *sql.Rows) error {
		l := &layers{exists: true}
		var body string
		if err := rows.Scan(&l.sent.ID, &l.sent.Collection, &l.sent.Feed, &l.sent.Version, &body); err != nil {
			return err
		}
		found[l.sent.ID] = l
		var err error
		l.sent.Body, err = wire.Object([]byte(body))
		return err
	}, `SELECT id, collection, feed, version, body FROM records WHERE `+where, arg)
}

// ownOn reads the device's overlaying ops that a condition over the table ops selects.
func ownOn(ctx context.Context, from reader, found map[string]*layers, where string, arg any) error {
	return each(ctx, from, func(rows *sql.Rows) error {
		var text []byte
		var status string
		var o ownOp
		if err := rows.Scan(&text, &status, &o.version); err != nil {
			return err
		}
		if err := wire.Decode(text, &o.Op); err != nil {
			return err
		}
		o.answered = status != ""
		if found[o.Record] == nil {
			found[o.Record] = &layers{}
		}
		found[o.Record].own = append(found[o.Record].own, o)
		return nil
	}, `SELECT text, status, version FROM ops WHERE overlay = 1 AND `+where+` ORDER BY seq`, arg)
}

// normal gives a body the values that JSON has, so that it compares with what comes back; it is also a deep copy.
func normal(body record.Object) (record.Object, error) {
	if body == nil {
		return nil, errors.New("a body is an object, not nil")
	}
	text, err := wire.Canonical(body)
	if err != nil {
		return nil, err
	}
	return wire.Object(text)
}
