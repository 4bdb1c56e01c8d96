package push_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// benchOps is how many ops a push of the benchmarks carries: 20 inspections, each begun and edited four times.
const benchOps = 100

// bases are the databases that benchmarks run on: where each is, for our stores and for the floor alike.
var bases = []struct {
	name string
	url  func(b *testing.B) string
}{
	{"sqlite", func(b *testing.B) string { return "sqlite://" + filepath.Join(b.TempDir(), "bench.db") }},
	{"postgres", func(b *testing.B) string { return services.Postgres(b) }},
}

// newBenchField is a street with the whole catalogue and two certified officers, so that every gate has its work.
func newBenchField(b testing.TB, url string) (f *field, officers []string) {
	b.Helper()
	ctx := context.Background()
	d, err := db.Open(ctx, db.Config{URL: url, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	if _, err := d.MigrateUp(ctx); err != nil {
		b.Fatal(err)
	}
	catalogue, err := collections.Catalogue()
	if err != nil {
		b.Fatal(err)
	}
	f = &field{t: b, db: d, service: &push.Service{Store: d, Catalogue: catalogue, District: "120102", Now: time.Now, NewID: newID}}
	f.own(push.ServerOp{Collection: "units", Record: newID(), Action: record.Create, Patch: object{"code": street, "name": "街道", "kind": "street"}})
	for i := range 2 {
		officer := newID()
		officers = append(officers, officer)
		f.own(push.ServerOp{Collection: "officers", Record: officer, Action: record.Create, Patch: object{"name": "甲", "unit": street,
			"state": "active", "grants": object{"g": object{"role": "officer", "unit": street}}}},
			push.ServerOp{Collection: "certificates", Record: newID(), Action: record.Create, Patch: object{"number": fmt.Sprint("0201230800", i),
				"officer": officer, "organ": "河东区综合执法", "area": []any{"120102"}, "issuedBy": "区司法局", "issuedAt": "2024-01-01",
				"validFrom": "2024-01-01", "validTo": "2034-01-01"}})
	}
	f.officer = officers[0]
	return f, officers
}

// day is what one push carries: inspections as they are written down in the street.
func (h *handheld) day(officers []string) wire.Push {
	var ops []wire.Op
	for range benchOps / 5 {
		id := newID()
		edits := []object{
			{"unit": street, "state": "open", "startedAt": "2026-11-23T01:00:00Z", "officers": object{officers[0]: object{"role": "lead"},
				officers[1]: object{"role": "second"}}, "certificatesShown": object{"at": "2026-11-23T00:59:00Z"},
				"place": object{"lat": 39.12, "lon": 117.25}, "present": object{"name": "王某", "role": "店长"}},
			{"answers": object{"q1": object{"value": "符合", "at": "2026-11-23T01:02:00Z"}, "q2": object{"value": "不符合", "note": "灭火器压力不足"}}},
			{"answers": object{"q3": object{"value": "符合"}, "q4": object{"value": "不适用", "note": "无燃气设施"}}},
			{"summary": "检查消防设施、疏散通道、用电情况，发现灭火器压力不足一处，当场指出。"},
			{"opinion": "责令三日内更换灭火器。", "endedAt": "2026-11-23T01:40:00Z"},
		}
		for i, patch := range edits {
			action := record.Update
			if i == 0 {
				action = record.Create
			}
			ops = append(ops, h.op(action, id, 0, patch))
		}
	}
	return h.sign(ops...)
}

// BenchmarkPush takes pushes of 100 ops in, one after the other: decoded, verified, merged, judged, written, durable.
func BenchmarkPush(b *testing.B) {
	for _, base := range bases {
		b.Run(base.name, func(b *testing.B) {
			f, officers := newBenchField(b, base.url(b))
			h := f.handheld()
			caller := people.Caller{Device: h.id, Officer: h.officer, Unit: street}
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				b.StopTimer()
				p := h.day(officers)
				b.StartTimer()
				reply, err := f.service.Apply(context.Background(), caller, p)
				if err != nil {
					b.Fatal(err)
				}
				for _, o := range reply.Outcomes {
					if o.Status != "applied" || len(o.Findings) > 0 {
						b.Fatalf("outcome %+v", o)
					}
				}
			}
			b.ReportMetric(float64(benchOps*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkPushFloor writes the rows of such a push, made beforehand, in one transaction of plain batched INSERTs, with the
// same durability: what no push can be faster than.
func BenchmarkPushFloor(b *testing.B) {
	for _, base := range bases {
		b.Run(base.name, func(b *testing.B) {
			url := base.url(b)
			f, officers := newBenchField(b, url)
			var captured *push.Batch
			f.service.Store = spoilt{f.db, func(tx push.Tx) push.Tx {
				return writing{tx, func(batch *push.Batch) { captured = batch }}
			}}
			h := f.handheld()
			h.push(unsigned(h.day(officers))...)
			raw := openRaw(b, url)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				b.StopTimer()
				rows := rawRows(captured)
				b.StartTimer()
				if err := raw.write(rows); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(benchOps*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// unsigned gives the ops of a push back.
func unsigned(p wire.Push) []wire.Op {
	var ops []wire.Op
	for _, text := range p.Ops {
		var o wire.Op
		if err := wire.Decode(text, &o); err != nil {
			panic(err)
		}
		ops = append(ops, o)
	}
	return ops
}
