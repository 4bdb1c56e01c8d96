package server_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/valyala/fasthttp"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// The load of the benchmarks of ingest: what a district sends when the network comes back.
const (
	pushers  = 20  // devices, two in each street
	streets  = 10  //
	perPush  = 100 // inspections
	clashing = 10  // of the edits in a push, those of a field that somebody else has changed meanwhile
)

// pusher is a device with what it has written down.
type pusher struct {
	*caller
	unit     string
	officers [2]string
	seq      uint64
	head     string
	records  []string
	versions []uint64 // of the records, as last heard
	rounds   int
}

// pushers enrols the devices of a district, with two certified officers each.
func (w *bench) pushers() []*pusher {
	w.b.Helper()
	var all []*pusher
	for i := range pushers {
		unit := fmt.Sprintf("1201020%02d", i%streets+1)
		if i < streets && unit != street {
			w.put("units", record.Object{"code": unit, "name": "街道", "kind": "street"})
		}
		p := &pusher{caller: w.callerIn(i, unit), unit: unit}
		p.officers = [2]string{p.officer, w.put("officers", record.Object{"name": "钱二", "unit": unit, "state": "active"})}
		for k, officer := range p.officers {
			w.put("certificates", record.Object{"number": fmt.Sprintf("02012308%03d%d", i, k), "officer": officer, "organ": "河东区综合执法",
				"area": []any{district}, "issuedBy": "区司法局", "issuedAt": "2024-01-01", "validFrom": "2024-01-01", "validTo": "2034-01-01"})
		}
		all = append(all, p)
	}
	return all
}

// summary makes an inspection one of 2 KB.
var summary = strings.Repeat("检查消防设施、疏散通道、用电情况，发现灭火器压力不足一处，当场指出。", 11)

// inspection is a whole visit with five answers.
func (p *pusher) inspection() record.Object {
	answers := record.Object{}
	for _, q := range []string{"q1", "q2", "q3", "q4", "q5"} {
		answers[q] = record.Object{"value": "符合", "note": "现场查看", "at": "2026-11-23T01:02:00Z"}
	}
	return record.Object{"unit": p.unit, "state": "open", "startedAt": "2026-11-23T01:00:00Z", "endedAt": "2026-11-23T01:40:00Z",
		"officers":          record.Object{p.officers[0]: record.Object{"role": "lead"}, p.officers[1]: record.Object{"role": "second"}},
		"certificatesShown": record.Object{"at": "2026-11-23T00:59:00Z"}, "place": record.Object{"lat": 39.12, "lon": 117.25},
		"present": record.Object{"name": "王某", "role": "店长"}, "answers": answers, "summary": summary}
}

// create makes the push of a day's new inspections.
func (p *pusher) create() []byte {
	p.records, p.versions = nil, nil
	var ops []wire.Op
	for range perPush {
		id := newID()
		p.records, p.versions = append(p.records, id), append(p.versions, 0)
		ops = append(ops, wire.Op{Collection: "inspections", Record: id, Action: string(record.Create), Patch: p.inspection()})
	}
	return p.sign(ops)
}

// edit makes the push of an edit of each of them. Somebody else has just edited the same field of some.
func (p *pusher) edit() []byte {
	p.rounds++
	var theirs []push.ServerOp
	var ops []wire.Op
	for i, id := range p.records {
		patch := record.Object{"opinion": fmt.Sprint("责令三日内更换灭火器。", p.rounds)}
		if i < clashing {
			theirs = append(theirs, push.ServerOp{Collection: "inspections", Record: id, Action: record.Update,
				Patch: record.Object{"opinion": fmt.Sprint("责令五日内更换灭火器。", p.rounds)}})
		}
		ops = append(ops, wire.Op{Collection: "inspections", Record: id, Action: string(record.Update), Base: p.versions[i], Patch: patch})
	}
	p.w.must(p.w.Push.ApplyOwn(ctx, theirs))
	return p.sign(ops)
}

func (p *pusher) sign(ops []wire.Op) []byte {
	now := time.Now().UTC().Truncate(time.Microsecond)
	send := wire.Push{Device: p.device}
	for _, op := range ops {
		p.seq++
		op.ID, op.Seq, op.OccurredAt, op.Author, op.Schema, op.Prev = newID(), p.seq, now, p.officers[0], 1, p.head
		op.Clock = wire.Clock{Boot: "b", MonotonicMs: int64(p.seq)}
		sealed, err := wire.Seal(op)
		p.w.must(err)
		send.Ops, p.head = append(send.Ops, sealed.Text), sealed.Hash
	}
	var err error
	send.Head = p.head
	send.Signature, err = wire.Sign(p.key, wire.SigningInput(p.device, p.head))
	p.w.must(err)
	body, err := json.Marshal(send)
	p.w.must(err)
	return body
}

// heard reads the reply to a push.
func (p *pusher) heard(body []byte) (conflicts int, err error) {
	var reply wire.PushReply
	if err := json.Unmarshal(body, &reply); err != nil {
		return 0, err
	}
	for i, o := range reply.Outcomes {
		switch {
		case o.Status == "conflict":
			conflicts++
		case o.Status != "applied" && o.Status != "merged" || len(o.Findings) > 0:
			return 0, fmt.Errorf("outcome %+v", o)
		}
		p.versions[i] = o.Version
	}
	return conflicts, nil
}

// rounds lets all devices push at once, again and again. What they push is made beforehand: in the field that is done on their own
// processors.
func (w *bench) rounds(all []*pusher, address string, pushed func(*pusher) []byte, heard func(*pusher, []byte) error) {
	b := w.b
	client := &fasthttp.HostClient{Addr: address, MaxConns: 64, MaxIdleConnDuration: time.Minute}
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		b.StopTimer()
		requests := make([]*fasthttp.Request, len(all))
		for i, p := range all {
			requests[i] = fasthttp.AcquireRequest()
			p.fill(requests[i], "POST", "/v1/sync/push", pushed(p))
		}
		b.StartTimer()
		var done sync.WaitGroup
		for i, p := range all {
			done.Go(func() {
				res := fasthttp.AcquireResponse()
				defer fasthttp.ReleaseResponse(res)
				err := client.Do(requests[i], res)
				if err == nil && res.StatusCode() != 200 {
					err = fmt.Errorf("status %d: %s", res.StatusCode(), res.Body())
				}
				if err == nil {
					err = heard(p, res.Body())
				}
				if err != nil {
					b.Error(err)
				}
			})
		}
		done.Wait()
	}
	b.ReportMetric(float64(b.N*len(all)*perPush)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkIngest is 20 devices that push 100 inspections of 2 KB each, all at once, over HTTP, signed and judged.
func BenchmarkIngest(b *testing.B) {
	for _, base := range bases {
		b.Run(base.name, func(b *testing.B) {
			w := newBench(b, base.url(b))
			w.rounds(w.pushers(), w.address, (*pusher).create, func(p *pusher, body []byte) error {
				_, err := p.heard(body)
				return err
			})
		})
	}
}

// BenchmarkIngestEdits is the same devices editing what they have pushed; a tenth of the edits are in conflict.
func BenchmarkIngestEdits(b *testing.B) {
	for _, base := range bases {
		b.Run(base.name, func(b *testing.B) {
			w := newBench(b, base.url(b))
			all := w.pushers()
			for _, p := range all {
				var reply wire.PushReply
				p.ask("POST", "/v1/sync/push", jsontext.Value(p.create()), &reply)
				for i, o := range reply.Outcomes {
					p.versions[i] = o.Version
				}
			}
			w.rounds(all, w.address, (*pusher).edit, func(p *pusher, body []byte) error {
				conflicts, err := p.heard(body)
				if err == nil && conflicts != clashing {
					err = fmt.Errorf("%d conflicts, want %d", conflicts, clashing)
				}
				return err
			})
		})
	}
}
