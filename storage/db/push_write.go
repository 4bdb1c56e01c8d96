package db

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Write implements push.Tx: a dozen set-based statements, whatever the number of ops, which travel with the commit.
func (t *tx) Write(ctx context.Context, b *push.Batch) error {
	ops, err := t.ops(b)
	if err != nil {
		return err
	}
	return t.last(ctx, slices.Concat(t.pushes(b), ops, t.revisions(b), t.records(b), t.copies(b), t.departures(b), t.numbers(b), t.queued(b),
		t.unleafed(b), t.heads(b), t.devices(b))...)
}

func (t *tx) pushes(b *push.Batch) []statement {
	if b.Push == nil {
		return nil
	}
	p := b.Push
	return []statement{{
		query: "INSERT INTO pushes (id, device, first_seq, last_seq, head, signature, received_at) VALUES (" + t.marks(1, 7) + ")",
		args:  []any{p.ID, p.Device, int64(p.FirstSeq), int64(p.LastSeq), p.Head, p.Signature, micros(b.At)}}}
}

func (t *tx) ops(b *push.Batch) ([]statement, error) {
	outcomes := make([]string, len(b.Ops))
	for i, op := range b.Ops {
		text, err := outcomeText(op.Outcome)
		if err != nil {
			return nil, err
		}
		outcomes[i] = text
	}
	at := micros(b.At)
	return t.inserts(table{name: "ops", columns: []column{
		{"id", collect(b.Ops, func(o push.OpRow) string { return o.ID })},
		{"device", collect(b.Ops, func(o push.OpRow) *string { return orNull(o.Device) })},
		{"seq", collect(b.Ops, seqOrNull)},
		{"push", collect(b.Ops, func(o push.OpRow) *string { return orNull(o.Push) })},
		{"online", collect(b.Ops, func(o push.OpRow) *string { return orNull(o.Online) })},
		{"collection", collect(b.Ops, func(o push.OpRow) string { return o.Collection })},
		{"record", collect(b.Ops, func(o push.OpRow) string { return o.Record })},
		{"action", collect(b.Ops, func(o push.OpRow) string { return string(o.Action) })},
		{"author", collect(b.Ops, func(o push.OpRow) string { return o.Author })},
		{"occurred_at", collect(b.Ops, func(o push.OpRow) int64 { return micros(o.OccurredAt) })},
		{"earliest", collect(b.Ops, func(o push.OpRow) int64 { return micros(o.Earliest) })},
		{"latest", collect(b.Ops, func(o push.OpRow) int64 { return micros(o.Latest) })},
		{"received_at", collect(b.Ops, func(push.OpRow) int64 { return at })},
		{"hash", collect(b.Ops, func(o push.OpRow) string { return o.Hash })},
		{"status", collect(b.Ops, func(o push.OpRow) string { return string(o.Outcome.Status) })},
		{"outcome", outcomes},
		{"text", collect(b.Ops, func(o push.OpRow) []byte { return o.Text })},
	}}, len(b.Ops)), nil
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func seqOrNull(o push.OpRow) *int64 {
	if o.Device == "" {
		return nil
	}
	seq := int64(o.Seq)
	return &seq
}

func (t *tx) revisions(b *push.Batch) []statement {
	at := micros(b.At)
	return t.inserts(table{name: "revisions", columns: append([]column{
		{"record", collect(b.Revisions, func(r push.Revision) string { return r.Record })},
		{"version", collect(b.Revisions, func(r push.Revision) int64 { return int64(r.Version.Version) })},
		{"collection", collect(b.Revisions, func(r push.Revision) string { return r.Collection })},
		{"op", collect(b.Revisions, func(r push.Revision) string { return r.Op })},
		{"removed", collect(b.Revisions, func(r push.Revision) bool { return r.Removed })},
		{"body", collect(b.Revisions, func(r push.Revision) []byte { return r.Body })},
		{"at", collect(b.Revisions, func(push.Revision) int64 { return at })},
	}, schemaOf(b.Revisions, func(r push.Revision) int { return r.Schema })...)}, len(b.Revisions))
}

// schemaOf is the column that says in which forms rows are, unless all are in the first, which the column says by itself: few collections
// have ever had another.
func schemaOf[R any](rows []R, schema func(R) int) []column {
	if !slices.ContainsFunc(rows, func(r R) bool { return schema(r) > 1 }) {
		return nil
	}
	return []column{{"schema", collect(rows, func(r R) int64 { return int64(max(1, schema(r))) })}}
}

// overwriteRecord is the conflict clause of the records' upsert: it says what a new version changes.
const overwriteRecord = `ON CONFLICT (id) DO UPDATE SET feed = excluded.feed, seq = excluded.seq, version = excluded.version,
	removed = excluded.removed, op = excluded.op, body = excluded.body, updated_at = excluded.updated_at,
	state = excluded.state, closed = excluded.closed, aside = excluded.aside, schema = excluded.schema`

func (t *tx) records(b *push.Batch) []statement {
	at := micros(b.At)
	return t.inserts(table{name: "records", then: overwriteRecord, columns: append([]column{
		{"id", collect(b.Records, func(r push.Row) string { return r.ID })},
		{"collection", collect(b.Records, func(r push.Row) string { return r.Collection })},
		{"feed", collect(b.Records, func(r push.Row) string { return r.Feed })},
		{"seq", collect(b.Records, func(r push.Row) int64 { return int64(r.Seq) })},
		{"version", collect(b.Records, func(r push.Row) int64 { return int64(r.Version) })},
		{"removed", collect(b.Records, func(r push.Row) bool { return r.Removed })},
		{"op", collect(b.Records, func(r push.Row) string { return r.Op })},
		{"body", collect(b.Records, func(r push.Row) []byte { return r.Body })},
		{"updated_at", collect(b.Records, func(push.Row) int64 { return at })},
		{"state", collect(b.Records, func(r push.Row) string { return r.State })},
		{"closed", collect(b.Records, func(r push.Row) bool { return r.Closed })},
		{"aside", collect(b.Records, func(r push.Row) bool { return r.Aside })},
	}, schemaOf(b.Records, func(r push.Row) int { return r.Schema })...)}, len(b.Records))
}

// departures keeps one departure per feed and record, the newest. A record that came back has its old departure still
// there, at a lower seq than the record's; pulls leave out such a departure.
func (t *tx) departures(b *push.Batch) []statement {
	newest := map[[2]string]push.Departure{}
	for _, d := range b.Departures {
		newest[[2]string{d.Feed, d.Record}] = d
	}
	var keep []push.Departure
	for _, d := range b.Departures {
		if newest[[2]string{d.Feed, d.Record}] == d {
			keep = append(keep, d)
		}
	}
	at := micros(b.At)
	return t.inserts(table{name: "departures",
		then: "ON CONFLICT (feed, record) DO UPDATE SET seq = excluded.seq, reason = excluded.reason, at = excluded.at",
		columns: []column{
			{"feed", collect(keep, func(d push.Departure) string { return d.Feed })},
			{"seq", collect(keep, func(d push.Departure) int64 { return int64(d.Seq) })},
			{"record", collect(keep, func(d push.Departure) string { return d.Record })},
			{"collection", collect(keep, func(d push.Departure) string { return d.Collection })},
			{"reason", collect(keep, func(d push.Departure) string { return d.Reason })},
			{"at", collect(keep, func(push.Departure) int64 { return at })},
		}}, len(keep))
}

// numbers keeps the claims of numbers. One that somebody else has made since it was looked for is a double key: see [retryable].
func (t *tx) numbers(b *push.Batch) []statement {
	at := micros(b.At)
	claims := func(name, then string, uses []push.NumberUse) []statement {
		return t.inserts(table{name: name, then: then, columns: []column{
			{"series", collect(uses, func(u push.NumberUse) string { return u.Series })},
			{"n", collect(uses, func(u push.NumberUse) int64 { return int64(u.N) })},
			{"document", collect(uses, func(u push.NumberUse) string { return u.Document })},
			{"at", collect(uses, func(push.NumberUse) int64 { return at })},
			{"op", collect(uses, func(u push.NumberUse) string { return u.Op })},
		}}, len(uses))
	}
	return slices.Concat(claims("numbers", "", b.Numbers), claims("number_doubles", "ON CONFLICT DO NOTHING", b.Doubles))
}

// queued queues work. A job that is waiting already is not doubled; one that is being done runs once more afterwards,
// because its cause may have come too late for the run under way.
func (t *tx) queued(b *push.Batch) []statement {
	at := micros(b.At)
	jobs := distinct(b.Jobs)
	return t.inserts(table{name: "jobs",
		then: "ON CONFLICT (kind, key) DO UPDATE SET id = excluded.id, due = excluded.due, attempts = 0, dead = excluded.dead",
		columns: []column{
			{"id", collect(jobs, func(record.Job) string { return uuid.Must(uuid.NewV7()).String() })},
			{"kind", collect(jobs, func(j record.Job) string { return j.Kind })},
			{"key", collect(jobs, func(j record.Job) string { return j.Key })},
			{"due", collect(jobs, func(j record.Job) int64 {
				if j.Due.IsZero() {
					return at
				}
				return micros(j.Due)
			})},
			{"lease_until", collect(jobs, func(record.Job) int64 { return 0 })},
			{"attempts", collect(jobs, func(record.Job) int64 { return 0 })},
			{"dead", collect(jobs, func(record.Job) bool { return false })},
			{"reason", collect(jobs, func(record.Job) string { return "" })},
			{"created_at", collect(jobs, func(record.Job) int64 { return at })},
		}}, len(jobs))
}

func distinct(jobs []record.Job) []record.Job {
	seen := map[record.Job]bool{}
	var out []record.Job
	for _, j := range jobs {
		if !seen[j] {
			seen[j] = true
			out = append(out, j)
		}
	}
	return out
}

// unleafed queues what gets a leaf in the ledger: the push, which stands for all ops of the device, and each op that is none of its.
func (t *tx) unleafed(b *push.Batch) []statement {
	var kinds, refs []string
	if b.Push != nil {
		kinds, refs = []string{ledger.Push}, []string{b.Push.ID}
	}
	for _, op := range b.Ops {
		if op.Push == "" {
			kinds, refs = append(kinds, ledger.Op), append(refs, op.ID)
		}
	}
	return t.inserts(table{name: "ledger_queue", columns: []column{{"kind", kinds}, {"ref", refs}}}, len(refs))
}

// heads moves the heads on. A feed that was made only to be locked, for an op that did not stand, goes again: else ops that name
// invented units would fill the table. Whoever waits for its lock finds it gone, and begins again.
func (t *tx) heads(b *push.Batch) (all []statement) {
	forget := "DELETE FROM feeds WHERE name = " + t.param(1) + " AND head = 0"
	move := "UPDATE feeds SET head = " + t.param(1) + " WHERE name = " + t.param(2) + " AND head < " + t.param(3)
	for feed, head := range b.Heads {
		if head == 0 {
			all = append(all, statement{query: forget, args: []any{feed}})
		} else {
			all = append(all, statement{query: move, args: []any{int64(head), feed, int64(head)}})
		}
	}
	return all
}

func (t *tx) devices(b *push.Batch) []statement {
	if b.Device == nil {
		return nil
	}
	return []statement{{query: "UPDATE devices SET last_seq = " + t.param(1) + ", head_hash = " + t.param(2) + " WHERE id = " + t.param(3),
		args: []any{int64(b.Device.LastSeq), b.Device.HeadHash, b.Device.ID}}}
}
