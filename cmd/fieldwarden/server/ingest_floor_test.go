package server_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/valyala/fasthttp"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// bare is an endpoint that takes the same pushes and stores what is in them, and does nothing else: no sign-in, no signature, no merge.
// What is edited comes to it whole.
type bare struct {
	pool  *pgxpool.Pool
	seq   atomic.Int64
	store func(*bare, []byte) error
}

func (s *bare) serve(rc *fasthttp.RequestCtx) {
	if err := s.store(s, rc.PostBody()); err != nil {
		rc.Error(err.Error(), 500)
		return
	}
	rc.SetContentType("application/json")
	rc.SetBodyString("{}")
}

// bareBody is what it reads of a push.
type bareBody struct {
	Device string           `json:"device"`
	Ops    []jsontext.Value `json:"ops"`
}

// bareOp is what it reads of an op.
type bareOp struct {
	ID         string         `json:"id"`
	Seq        int64          `json:"seq"`
	Record     string         `json:"record"`
	Collection string         `json:"collection"`
	Action     string         `json:"action"`
	Author     string         `json:"author"`
	Patch      jsontext.Value `json:"patch"`
}

const bareInsert = `INSERT INTO records (id, collection, feed, seq, version, removed, op, body, updated_at)
	SELECT id, collection, $5, seq, 1, false, op, body, $7 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $6::bigint[]) AS u(id, collection, op, body, seq)
	ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, version = records.version + 1, op = excluded.op, body = excluded.body, updated_at = excluded.updated_at`

// heads stores one row a record: no history.
func heads(s *bare, body []byte) error {
	var in struct {
		Device string   `json:"device"`
		Ops    []bareOp `json:"ops"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	var ids, collections, ops, bodies []string
	var seqs []int64
	for _, op := range in.Ops {
		ids, collections, ops = append(ids, op.Record), append(collections, op.Collection), append(ops, op.ID)
		bodies, seqs = append(bodies, string(op.Patch)), append(seqs, s.seq.Add(1))
	}
	_, err := s.pool.Exec(ctx, bareInsert, ids, collections, ops, bodies, "unit/"+in.Device, seqs, time.Now().UnixMicro())
	return err
}

// The rows that a push writes of each op, in the quickest way that is known: as parameters, many rows a statement, all in one trip.
const (
	bareOps = `INSERT INTO ops (id, device, seq, push, collection, record, action, author, occurred_at, earliest, latest, received_at, hash, status, outcome, text) VALUES `

	bareRevisions = `INSERT INTO revisions (record, version, collection, op, removed, body, at) VALUES `

	bareRecords = `INSERT INTO records (id, collection, feed, seq, version, removed, op, body, updated_at, closed, aside) VALUES `
	bareUpdate  = ` ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, version = excluded.version, op = excluded.op, body = excluded.body, updated_at = excluded.updated_at`
)

// rows stores the rows that the server stores: each op as it came, the version it makes, and the record.
func rows(s *bare, body []byte) error {
	var in bareBody
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	now := time.Now().UnixMicro()
	var ops, revisions, records []any
	for _, text := range in.Ops {
		var op bareOp
		if err := json.Unmarshal(text, &op); err != nil {
			return err
		}
		n := s.seq.Add(1)
		ops = append(ops, op.ID, in.Device, op.Seq, op.ID, op.Collection, op.Record, op.Action, op.Author, now, now, now, now, op.ID, "applied", "{}", []byte(text))
		revisions = append(revisions, op.Record, n, op.Collection, op.ID, false, []byte(op.Patch), now)
		records = append(records, op.Record, op.Collection, "unit/"+in.Device, n, n, false, op.ID, []byte(op.Patch), now, true, false)
	}
	var b pgx.Batch
	b.Queue(bareOps+bareMarks(len(in.Ops), 16), ops...)
	b.Queue(bareRevisions+bareMarks(len(in.Ops), 7), revisions...)
	b.Queue(bareRecords+bareMarks(len(in.Ops), 11)+bareUpdate, records...)
	return s.pool.SendBatch(ctx, &b).Close()
}

func bareMarks(rows, columns int) string {
	var b strings.Builder
	for i := range rows * columns {
		switch {
		case i%columns > 0:
			b.WriteByte(',')
		case i > 0:
			b.WriteString("),(")
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	return "(" + b.String() + ")"
}

// bareBench puts such an endpoint beside a server, whose devices and tables it has.
func bareBench(b *testing.B, store func(*bare, []byte) error, pushed func(*pusher) []byte) {
	b.Run("postgres", func(b *testing.B) {
		url := services.Postgres(b)
		w := newBench(b, url)
		pool, err := pgxpool.New(ctx, url+"?pool_max_conns=24&default_toast_compression=lz4&plan_cache_mode=force_generic_plan")
		w.must(err)
		b.Cleanup(pool.Close)
		s := &bare{pool: pool, store: store}
		s.seq.Store(1 << 40) // far from the numbers of the server's own
		address := bareServer(b, &fasthttp.Server{Handler: s.serve, MaxRequestBodySize: 8 << 20})
		all := w.pushers()
		for _, p := range all {
			w.must(store(s, p.create()))
		}
		w.rounds(all, address, pushed, func(*pusher, []byte) error { return nil })
	})
}

// BenchmarkIngestFloor is the same pushes at an endpoint that stores the records.
func BenchmarkIngestFloor(b *testing.B) { bareBench(b, heads, (*pusher).create) }

// BenchmarkIngestEditsFloor is as many edits at that endpoint.
func BenchmarkIngestEditsFloor(b *testing.B) { bareBench(b, heads, (*pusher).whole) }

// BenchmarkIngestRowsFloor is the same pushes at an endpoint that stores the same rows as the server: ops and versions too.
func BenchmarkIngestRowsFloor(b *testing.B) { bareBench(b, rows, (*pusher).create) }

// BenchmarkIngestEditsRowsFloor is as many edits at that endpoint.
func BenchmarkIngestEditsRowsFloor(b *testing.B) { bareBench(b, rows, (*pusher).whole) }

// whole makes the push of an edit of each record, with all of the record in it.
func (p *pusher) whole() []byte {
	p.rounds++
	var ops []wire.Op
	for _, id := range p.records {
		body := p.inspection()
		body["opinion"] = fmt.Sprint("责令三日内更换灭火器。", p.rounds)
		ops = append(ops, wire.Op{Collection: "inspections", Record: id, Action: string(record.Update), Base: 1, Patch: body})
	}
	return p.sign(ops)
}
