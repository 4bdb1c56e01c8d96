package papers_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/x509"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// slip is a kind of paper with a number and nothing else that a rule could ask for.
const slip = "slip"

// fleet is a street with many handhelds that issue papers without a network, and several replicas of the server over one database.
type fleet struct {
	testing.TB
	ctx      context.Context
	clock    atomic.Int64 // microseconds since 1970: everybody's, as far as they can see one
	replicas []replica
	template string
	officer  string
	series   string
	devices  []*carried
}

// replica is one instance of the service.
type replica struct {
	papers papers.Service
	push   *push.Service
	db     *db.DB
}

const fleetTTL = 3 * 24 * time.Hour // of a block

func (f *fleet) now() time.Time { return time.UnixMicro(f.clock.Load()).UTC() }

// newFleet makes the replicas, one on each of the databases given, which are one.
func newFleet(t testing.TB, numbers func(papers.Numbers) papers.Numbers, open func(now func() time.Time) []*db.DB) *fleet {
	f := &fleet{TB: t, ctx: context.Background(), officer: newID(), template: newID(), series: document.SeriesName(street, slip, 2026)}
	f.clock.Store(time.Date(2026, 3, 1, 1, 0, 0, 0, time.UTC).UnixMicro())
	for _, d := range open(f.now) {
		catalogue, err := collections.Catalogue()
		if err != nil {
			t.Fatal(err)
		}
		p := &push.Service{Store: d, Catalogue: catalogue, District: district, Now: f.now, NewID: newID}
		f.replicas = append(f.replicas, replica{push: p, db: d, papers: papers.Service{History: d, Records: p, Judged: p, Numbers: numbers(d), Devices: d, NumberTTL: fleetTTL,
			Now: f.now, NewID: newID, Log: slog.New(slog.DiscardHandler)}})
	}
	create := func(collection, id string, body record.Object) push.ServerOp {
		return push.ServerOp{Collection: collection, Record: id, Action: record.Create, Patch: body}
	}
	f.must(f.replicas[0].push.ApplyOwn(f.ctx, []push.ServerOp{
		create("units", newID(), record.Object{"code": street, "name": "天津市河东区人民政府东新街道办事处", "short": "东新", "kind": "street", "parent": district}),
		create("units", newID(), record.Object{"code": team, "name": "东新街道综合行政执法大队", "kind": "team", "parent": street}),
		create("units", newID(), record.Object{"code": street + "02", "name": "东新街道综合行政执法二中队", "kind": "team", "parent": street}),
		create("officers", f.officer, record.Object{"name": "赵翀", "unit": team, "state": people.Active,
			"grants": record.Object{"o": record.Object{"role": "officer", "unit": street}, "l": record.Object{"role": "leader", "unit": street}}}),
		create("templates", f.template, record.Object{"kind": slip, "name": "通知单", "version": 1.0, "validFrom": "2026-01-01", "officersNeeded": 0.0, "fields": record.Object{},
			"layout": record.Object{}, "number": record.Object{"token": "津河东{street}{word}〔{year}〕{n}号", "word": "通字"}})}))
	return f
}

func (f *fleet) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// used is what a device has done with a number, as only the device knows.
type used struct {
	paper string // record id; "" for a number that is void
	void  bool
	back  bool // given back
	told  bool // the server has heard of it
}

// run is a block as its device holds it.
type run struct {
	document.LeasedBlock
	next uint64
	lost bool // the device has heard, or will, that people take it for lost
}

// carried is a handheld in an officer's hands. Between rounds it is the leader's to change, within one it belongs to one worker.
type carried struct {
	*fleet
	id, unit string
	key      *ecdsa.PrivateKey
	rng      *rand.Rand
	seq      uint64
	head     string
	queue    []wire.Sealed
	tells    []uint64 // the number that each op of the queue speaks of; its telling makes it told
	runs     []*run
	uses     map[uint64]*used
	open     string // key of a request for numbers whose answer has not been kept
	dark     bool   // nobody knows where it is: it neither issues nor talks
	revoked  time.Time
	issues   int
}

// enlist adds a device.
func (f *fleet) enlist(rng *rand.Rand) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
	f.must(err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	f.must(err)
	d := &carried{fleet: f, id: newID(), unit: fmt.Sprintf("%s%02d", street, 1+len(f.devices)%2), key: key, uses: map[uint64]*used{},
		rng: rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64()))}
	store := f.replicas[0].db
	f.must(store.CreateCode(f.ctx, people.EnrolmentCode{Digest: d.id, Unit: d.unit, ExpiresAt: f.now().Add(time.Hour)}))
	_, err = store.Enrol(f.ctx, d.id, people.Device{ID: d.id, PublicKey: public, Thumbprint: d.id, EnrolledAt: f.now()}, f.now())
	f.must(err)
	family := people.Family{ID: newID(), Officer: f.officer, Device: d.id, CreatedAt: f.now(), ExpiresAt: f.now().Add(1000 * time.Hour)}
	f.must(store.BeginFamily(f.ctx, family, people.RefreshToken{Digest: family.ID, Family: family.ID}))
	f.devices = append(f.devices, d)
}

func (d *carried) caller() people.Caller {
	return people.Caller{Officer: d.officer, Device: d.id, Unit: d.unit, Grants: []people.Grant{{Role: people.RoleOfficer, Unit: street}, {Role: people.RoleLeader, Unit: street}}}
}

// say queues an op that speaks of a number.
func (d *carried) say(n uint64, collection, id string, action record.Action, base uint64, patch record.Object) {
	d.seq++
	op, err := wire.Seal(wire.Op{ID: newID(), Seq: d.seq, Collection: collection, Record: id, Action: string(action), Base: base, Patch: patch, OccurredAt: d.now(),
		Author: d.officer, Schema: 1, Prev: d.head})
	d.must(err)
	d.head = op.Hash
	d.queue, d.tells = append(d.queue, op), append(d.tells, n)
}

// usable is the run that the device takes its next number from; nil if there is none.
func (d *carried) usable() *run {
	for _, r := range d.runs {
		if !r.lost && r.next <= r.To && d.now().Before(r.ExpiresAt) {
			return r
		}
	}
	return nil
}

// work issues a paper, or spoils a number, without a network. false: there are no numbers.
func (d *carried) work() bool {
	r := d.usable()
	if r == nil {
		return false
	}
	n := r.next
	r.next++
	at := d.now().Format(time.RFC3339Nano)
	if d.rng.IntN(100) == 0 {
		d.uses[n] = &used{void: true}
		d.say(n, document.Blocks.Name, r.ID, record.Update, 1, record.Object{"voids": record.Object{strconv.FormatUint(n, 10): record.Object{"reason": "打印作废", "at": at, "officer": d.officer}}})
		return true
	}
	u := &used{paper: newID()}
	d.uses[n] = u
	d.issues++
	d.say(n, document.Documents.Name, u.paper, record.Create, 0, record.Object{"unit": d.unit, "kind": slip, "template": d.template, "templateVersion": 1.0, "state": document.Issued,
		"issuedAt": at, "number": record.Object{"series": r.Series, "n": float64(n), "text": r.Text(n), "block": r.ID}})
	if d.rng.IntN(200) == 0 {
		u.void = true
		d.say(n, document.Documents.Name, u.paper, record.Update, 0, record.Object{"state": document.Voided, "voidReason": "当事人信息有误"})
	}
	return true
}

// giveBack returns what is unused of a run.
func (d *carried) giveBack(r *run) {
	if r.next > r.To {
		return
	}
	d.say(r.next, document.Blocks.Name, r.ID, record.Update, 1, record.Object{"returns": record.Object{strconv.FormatUint(r.next, 10): record.Object{"to": float64(r.To),
		"at": d.now().Format(time.RFC3339Nano), "officer": d.officer}}})
	for ; r.next <= r.To; r.next++ {
		d.uses[r.next] = &used{back: true}
	}
}

// left counts the numbers that the device can still use.
func (d *carried) left() (n uint64) {
	for _, r := range d.runs {
		if !r.lost && d.now().Before(r.ExpiresAt) {
			n += r.To + 1 - r.next
		}
	}
	return n
}

// contact is a sync: numbers are renewed, the queue goes out, and what people have done with the blocks comes in. Any answer may be lost unless sure.
func (d *carried) contact(sure bool) {
	if d.left() < 60 || d.open != "" {
		d.renew(sure)
	}
	for len(d.queue) > 0 {
		if !d.send(sure) {
			return
		}
	}
	d.hear()
}

// renew asks for a hundred numbers. An answer that is lost is asked for again under the same key, at the next contact if not now; a server may break off
// between taking the numbers and writing the block.
func (d *carried) renew(sure bool) {
	if d.open == "" {
		d.open = newID()
	}
	at := d.replicas[d.rng.IntN(len(d.replicas))].papers
	if chance := d.rng.IntN(100); !sure && chance < 6 {
		at.Records = deaf{at.Records, chance < 3}
	}
	id, body, err := at.Lease(d.ctx, d.caller(), slip, 100, d.open)
	switch {
	case err != nil && !sure && strings.HasSuffix(err.Error(), "the answer is lost"):
		return
	case err != nil:
		d.Error(err)
		return
	case !sure && d.rng.IntN(10) == 0:
		return // done, and nobody hears so
	}
	d.open = ""
	d.hold(id, body)
}

// hold keeps a block.
func (d *carried) hold(id string, body record.Object) {
	b := document.ReadLeasedBlock(id, body)
	lost := !b.Lost.At.IsZero() // people took the device for lost before it had the block
	if b.MovedFrom > 0 {
		b.To = b.MovedFrom - 1
	}
	if !slices.ContainsFunc(d.runs, func(r *run) bool { return r.ID == id }) {
		d.runs = append(d.runs, &run{LeasedBlock: b, next: b.From, lost: lost})
	}
}

// send pushes the oldest ops, and again through another replica if the first answer was lost. Every op must be taken as it is.
func (d *carried) send(sure bool) bool {
	n := min(len(d.queue), 200)
	for again := range 2 {
		reply, err := d.push(n)
		if err != nil {
			d.Error(err)
			return false
		}
		for i, o := range reply.Outcomes {
			if o.Status != "applied" && o.Status != "merged" || len(o.Findings) > 0 || o.Replayed != (again > 0) {
				d.Errorf("number %d of %s: %+v", d.tells[i], d.queue[i].Collection, o)
				return false
			}
		}
		if sure || d.rng.IntN(10) > 0 {
			break
		}
	}
	for _, n := range d.tells[:n] {
		d.uses[n].told = true
	}
	d.queue, d.tells = d.queue[n:], d.tells[n:]
	return true
}

// push sends the oldest n ops through some replica.
func (d *carried) push(n int) (wire.PushReply, error) {
	p := wire.Push{Device: d.id, Head: d.queue[n-1].Hash}
	for _, op := range d.queue[:n] {
		p.Ops = append(p.Ops, jsontext.Value(op.Text).Clone())
	}
	var err error
	p.Signature, err = wire.Sign(d.key, wire.SigningInput(p.Device, p.Head))
	d.must(err)
	return d.replicas[d.rng.IntN(len(d.replicas))].push.Apply(d.ctx, d.caller(), p)
}

// spoken is what became of an op, with the number it speaks of.
type spoken struct {
	n                  uint64
	collection, action string
	outcome            wire.Outcome
}

// tell pushes the whole queue, whatever becomes of it.
func (d *carried) tell() (all []spoken) {
	reply, err := d.push(len(d.queue))
	d.must(err)
	for i, o := range reply.Outcomes {
		all = append(all, spoken{d.tells[i], d.queue[i].Collection, d.queue[i].Action, o})
	}
	return all
}

// codes are the codes of an op's findings, sorted.
func (f *fleet) codes(o wire.Outcome) string {
	codes := []string{}
	for _, id := range o.Findings {
		rec, err := f.replicas[0].db.Record(f.ctx, "findings", id)
		f.must(err)
		body, err := wire.Object(rec.Body)
		f.must(err)
		codes = append(codes, fmt.Sprint(body["code"]))
	}
	slices.Sort(codes)
	return fmt.Sprint(codes)
}

// hear takes in what the server says of the device's blocks: what was moved to it, and what is taken for lost, of which it gives back the rest.
func (d *carried) hear() {
	found, err := d.replicas[d.rng.IntN(len(d.replicas))].db.Lookup(d.ctx, document.Blocks.Name, "device", d.id)
	d.must(err)
	for _, rec := range found {
		body, err := wire.Object(rec.Body)
		d.must(err)
		if b := document.ReadLeasedBlock(rec.ID, body); b.MovedFrom == 0 && b.Lost.At.IsZero() {
			if _, moved := body["movedFrom"]; moved {
				d.hold(rec.ID, body)
			}
		}
	}
	for _, r := range d.runs {
		if r.lost {
			d.giveBack(r)
		}
	}
}

// told marks the whole run of a return: its op speaks of the first number only.
func (d *carried) told() {
	for _, r := range d.runs {
		for n, before := r.From, false; n <= r.To; n++ {
			u := d.uses[n]
			if u != nil && u.back {
				u.told = u.told || before
				before = u.told
			} else {
				before = false
			}
		}
	}
}
