package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// planner stands between the stores and the database: it asks how each query would be carried out, then lets it pass. So the
// plans are those of the queries as they are written now, with nothing copied here.
type planner struct {
	gorm.ConnPool
	t     *testing.T
	d     *DB
	plans []string
}

func (p *planner) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	p.explain(ctx, query, args)
	return p.ConnPool.QueryContext(ctx, query, args...)
}

func (p *planner) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	p.explain(ctx, query, args)
	return p.ConnPool.QueryRowContext(ctx, query, args...)
}

// explain notes the plan. On PostgreSQL it is the generic one, which a prepared statement ends with.
func (p *planner) explain(ctx context.Context, query string, args []any) {
	p.t.Helper()
	var lines []string
	var err error
	if p.d.dialect == postgreSQL {
		lines, err = p.generic(ctx, query, len(args))
	} else {
		err = rows(ctx, p.ConnPool, func(r *sql.Rows) error {
			var detail string
			err := r.Scan(new(int), new(int), new(int), &detail)
			lines = append(lines, detail)
			return err
		}, "EXPLAIN QUERY PLAN "+query, args...)
	}
	if err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	p.plans = append(p.plans, query+"\n"+strings.Join(lines, "\n"))
}

// generic explains a query on a connection of its own, set up like those of the stores, as a prepared statement whose parameters are
// not known yet.
func (p *planner) generic(ctx context.Context, query string, n int) (lines []string, err error) {
	conn, err := pgx.Connect(ctx, p.d.url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	if err := byIndex(ctx, conn); err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "SET plan_cache_mode = force_generic_plan; PREPARE planned AS "+query, pgx.QueryExecModeSimpleProtocol); err != nil {
		return nil, err
	}
	nulls := ""
	if n > 0 {
		nulls = "(NULL" + strings.Repeat(", NULL", n-1) + ")"
	}
	found, err := conn.Query(ctx, "EXPLAIN EXECUTE planned"+nulls, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[string])
}

// whole are the words by which a plan says that it reads a whole table of those that grow without end, in its own order or in that
// of an index that it goes through from end to end.
var whole = map[dialect]*regexp.Regexp{
	postgreSQL: regexp.MustCompile(`(Seq Scan|Scan using \w+) on (records|copies|revisions|ops|departures|pushes|numbers|jobs)\b`),
	sqLite:     regexp.MustCompile(`SCAN (records|copies|revisions|ops|departures|pushes|numbers|jobs|r|o|v|d|c)\b( USING (COVERING )?INDEX)?$`),
}

// merges are the words by which a plan says that parts which are in order are merged as they are read.
var merges = map[dialect]*regexp.Regexp{postgreSQL: regexp.MustCompile(`Limit .*\n +->  Merge Append`), sqLite: regexp.MustCompile(`\nMERGE \(UNION ALL\)`)}

// narrow are indexes of few rows: going through one from end to end is no reading of a table.
var narrow = regexp.MustCompile(`records_(closing|evidence_missing|evidence_loose)`)

// The hot queries go by an index: on an empty database, whose plans live on in the sessions, on one that has just been filled and
// knows nothing of its own sizes, and on one that does.
func TestPlansOfHotQueries(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		blind := &planner{ConnPool: d.pool(), t: t, d: d}
		blind.explain(context.Background(), "SELECT count(*) FROM ops WHERE hash = 'no index leads here'", nil)
		if !readsWhole(whole[d.dialect], blind.plans[0]) {
			t.Errorf("not seen to read a whole table:\n%s", blind.plans[0])
		}
		for _, state := range []struct {
			name    string
			reached func()
		}{{"empty", func() {}}, {"filled", func() { fillForPlans(t, d) }}, {"analyzed", func() { must(t, d, "ANALYZE") }}} {
			state.reached()
			for _, plan := range plansOf(t, d, state.name != "empty") {
				if readsWhole(whole[d.dialect], plan) {
					t.Errorf("%s: reads a whole table\n%s", state.name, plan)
				}
			}
		}
	})
}

func readsWhole(re *regexp.Regexp, plan string) bool {
	lines := append(strings.Split(plan, "\n"), "")
	for i, line := range lines[:len(lines)-1] {
		if re.MatchString(strings.TrimSpace(line)) && !narrow.MatchString(line) && !strings.Contains(lines[i+1], "Index Cond") {
			return true
		}
	}
	return false
}

func must(t *testing.T, d *DB, statement string) {
	t.Helper()
	pool, err := d.write.DB()
	if err == nil {
		_, err = pool.ExecContext(context.Background(), statement)
	}
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// fillForPlans writes records of every kind that is looked up, with their history.
func fillForPlans(t *testing.T, d *DB) {
	t.Helper()
	collections := []string{"certificates", "items", "units", "officers", "documents", "evidence", "custody", "inspections", "holds", "disposals", "blocks", "deadletters", "tasks"}
	feeds := []string{"unit/a"}
	for i := range 13 { // the papers of thirteen streets
		feeds = append(feeds, fmt.Sprint("unit/street ", i))
	}
	slices.Sort(feeds)
	for n := range 8 {
		b := &push.Batch{Heads: map[string]uint64{}, At: time.Now()}
		for _, feed := range feeds {
			b.Heads[feed] = uint64(n+1) * 1000
		}
		for i := range 1000 {
			id, seq := fmt.Sprintf("%d-%d", n, i), uint64(n*1000+i+1)
			body := fmt.Appendf(nil, `{"officer":"%s","number":"%s","code":"%s","unit":"%s","inspection":"%s","device":"%s","kind":"%s","record":"%s","evidence":"%s","sha256":"%s","corrects":{"document":"%[1]s"},"data":{"paper":{"document":"%[1]s"}}}`, id, id, id, id, id, id, id, id, id, id)
			b.Ops = append(b.Ops, push.OpRow{Op: record.Op{ID: id, Seq: seq, Collection: "tasks", Record: id}, Device: fmt.Sprint("device ", i%50), Text: []byte("{}"),
				Outcome: record.Outcome{Status: record.Applied, Version: 1}})
			b.Revisions = append(b.Revisions, push.Revision{Version: push.Version{Record: id, Version: 1}, Op: id, Body: body})
			b.Records = append(b.Records, push.Row{ID: id, Collection: collections[i%len(collections)], Feed: "unit/a", Seq: seq, Version: 1, Op: id, Body: body,
				State: fmt.Sprint("state ", i%10)})
			b.Departures = append(b.Departures, push.Departure{Feed: "unit/b", Seq: seq, Record: id, Collection: "tasks", Reason: "moved"})
			if b.Records[i].Collection == "documents" {
				b.Records[i].Feed = fmt.Sprint("unit/street ", i/len(collections)%13)
			}
			b.Records[i].Copies = map[string]uint64{"unit/c": seq}
			b.Records[i].Closed = i%20 == 0
			b.Numbers = append(b.Numbers, push.NumberUse{Series: "s", N: seq, Document: id})
			b.Jobs = append(b.Jobs, record.Job{Kind: "k", Key: id})
		}
		err := d.InTx(context.Background(), func(ctx context.Context, tx push.Tx) error {
			if _, err := tx.LockFeeds(ctx, feeds, push.Wants{}); err != nil {
				return err
			}
			return tx.Write(ctx, b)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// plansOf runs every hot query once and gives their plans. On a filled database each must find what it asks for.
func plansOf(t *testing.T, d *DB, filled bool) []string {
	t.Helper()
	ctx := context.Background()
	p := &planner{ConnPool: d.pool(), t: t, d: d}
	x := &tx{DB: d, conn: p}
	reader := *d
	reader.read = &gorm.DB{Config: d.read.Config, Statement: &gorm.Statement{ConnPool: p}}
	check := func(err error) {
		t.Helper()
		if err != nil && (filled || !errors.Is(err, fault.New(fault.NotFound))) {
			t.Fatal(err)
		}
	}
	ids := []string{"1-1", "2-2"}
	_, err := x.Outcomes(ctx, "device 1", 1, 100)
	check(err)
	_, err = x.Ops(ctx, ids)
	check(err)
	_, err = x.FeedsOf(ctx, ids)
	check(err)
	_, err = x.Records(ctx, ids)
	check(err)
	_, err = x.Bodies(ctx, []push.Version{{Record: "1-1", Version: 1}})
	check(err)
	_, err = x.OwnSince(ctx, "device 1", []push.Version{{Record: "1-1"}})
	check(err)
	if plan := p.plans[len(p.plans)-1]; strings.Contains(plan, "ops_device_seq") {
		t.Errorf("all that the device ever sent is read for one record\n%s", plan)
	}
	_, err = x.Unmet(ctx, "device 1", ids)
	check(err)
	_, err = x.Closed(ctx, time.Now(), 10)
	check(err)
	_, err = x.NumberClaims(ctx, []push.NumberUse{{Series: "s", N: 1}})
	check(err)
	for _, field := range []string{"certificates.officer", "certificates.number", "items.code", "units.code", "officers.unit", "documents.inspection",
		"documents.data/paper/document", "documents.corrects/document",
		"evidence.inspection", "custody.evidence", "holds.evidence", "disposals.evidence", "evidence.sha256", "blocks.device", "deadletters.record"} {
		collection, name, _ := strings.Cut(field, ".")
		_, err = x.Match(ctx, collection, name, "1-1")
		check(err)
	}
	_, _, err = reader.Changes(ctx, "unit/a", 100, 500)
	check(err)
	check(reader.Each(ctx, "unit/a", 0, 10, func(pull.Change) error { return nil }))
	for _, plan := range p.plans[len(p.plans)-2:] {
		if !merges[d.dialect].MatchString(plan) || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "MATERIALIZE") {
			t.Errorf("the lines of a feed are gathered before the first is given out\n%s", plan)
		}
	}
	_, err = reader.Pick(ctx, "unit/a", ids)
	check(err)
	_, err = Uploads{&reader}.Missing(ctx, "1-1", 100)
	check(err)
	_, err = Uploads{&reader}.Announced(ctx, "ab")
	check(err)
	_, err = reader.HealthOf(ctx, []string{"device 1"}, 50)
	check(err)
	_, err = reader.Forks(ctx, "device 1", 0, "", 50)
	check(err)
	_, err = reader.Acked(ctx, "device 1")
	check(err)
	_, err = reader.Record(ctx, "tasks", "1-12")
	check(err)
	_, err = reader.Revisions(ctx, "1-1")
	check(err)
	for _, desk := range []string{"findings", "conflicts", "deadletters", "disposals", "inspections"} {
		_, err = reader.Waiting(ctx, pull.Waiting{Collection: desk, State: "open", Units: []string{"a", "b"}, Limit: 10})
		check(err)
	}
	_, err = reader.Loose(ctx, []string{"a", "b"}, "", 10)
	check(err)
	_, err = reader.OpText(ctx, "1-1")
	check(err)
	_, err = reader.Among(ctx, "documents", ids)
	check(err)
	_, err = reader.Began(ctx, ids)
	check(err)
	check(reader.Touched(ctx, pull.Touched{Collection: "documents", Feed: "unit/street 1", Since: time.Now().Add(-time.Hour)}, func(pull.Record) error { return nil }))
	if plan := p.plans[len(p.plans)-1]; filled && !strings.Contains(plan, "records_documents_touched") {
		t.Errorf("papers by their last change are not found by it\n%s", plan)
	}
	if len(p.plans) < 20 {
		t.Fatalf("only %d queries were seen", len(p.plans))
	}
	return p.plans
}
