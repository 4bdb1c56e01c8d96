package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/go-json-experiment/json"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// bases are the databases that benchmarks run on.
var bases = []struct {
	name string
	url  func(b *testing.B) string
}{
	{"sqlite", func(b *testing.B) string { return "" }},
	{"postgres", func(b *testing.B) string { return services.Postgres(b) }},
}

// bench is a server with everything on, but passwords that cost nothing: nobody signs in while it is measured.
type bench struct {
	*server.Core
	b       *testing.B
	address string
}

func newBench(b *testing.B, url string) *bench {
	b.Helper()
	server.Tune()
	passwords, err := session.NewPasswords(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		b.Fatal(err)
	}
	w := &bench{b: b}
	// Every device of the benchmark has an address of its own, as seen through the proxy: limits by address are on.
	cfg := settings(b, url, map[string]string{"TRUSTED_PROXY": "127.0.0.1"})
	w.Core, err = server.OpenOn(ctx, cfg, slog.New(slog.DiscardHandler), server.Machine{Passwords: passwords})
	w.must(err)
	base, stop := context.WithCancel(ctx)
	app, err := w.App(base, prometheus.NewRegistry())
	w.must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.address = listener.Addr().String()
	served, heard := make(chan error, 1), make(chan struct{})
	go func() { served <- api.Serve(app, listener) }()
	go func() {
		w.Live.Run(base)
		close(heard)
	}()
	b.Cleanup(func() {
		stop()
		_ = app.ShutdownWithTimeout(time.Second)
		<-served
		<-heard
		w.must(w.Close())
	})
	for code, name := range map[string]string{district: "河东区", street: "大王庄街道"} {
		w.put("units", record.Object{"code": code, "name": name, "kind": "street"})
	}
	return w
}

func (w *bench) must(err error) {
	if err != nil {
		w.b.Helper()
		w.b.Fatal(err)
	}
}

func (w *bench) put(collection string, body record.Object) string {
	w.b.Helper()
	id := newID()
	w.must(w.Push.ApplyOwn(ctx, []push.ServerOp{{Collection: collection, Record: id, Action: record.Create, Patch: body}}))
	return id
}

// caller is a device as far as its requests go: bytes that are made as fast as can be.
type caller struct {
	w       *bench
	n       int
	key     *ecdsa.PrivateKey
	header  string // of its proofs, encoded
	access  string
	ath     string
	device  string
	officer string
	cursor  string
	count   int
	pulling []byte // the body of its idle pull
}

func (w *bench) caller(n int) *caller { return w.callerIn(n, street) }

// callerIn enrols a device in a unit and signs a new officer of it in.
func (w *bench) callerIn(n int, unit string) *caller {
	w.b.Helper()
	c := &caller{w: w, n: n}
	var err error
	c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	jwk, err := token.FromKey(&c.key.PublicKey)
	w.must(err)
	header, err := wire.Canonical(map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk})
	w.must(err)
	c.header = base64.RawURLEncoding.EncodeToString(header)
	officer := w.put("officers", record.Object{"name": "赵一", "unit": unit, "state": "active", "grants": record.Object{
		"o": record.Object{"role": "officer", "unit": unit}}})
	c.officer = officer
	account := "user-" + newID()
	_, err = w.Sessions.CreateAccountByServer(ctx, session.NewAccount{Name: account, Password: password, Officer: officer})
	w.must(err)
	code, err := w.Sessions.CreateCodeByServer(ctx, unit, 0)
	w.must(err)
	var enrolled struct {
		ID string `json:"id"`
	}
	c.ask("POST", "/v1/devices", map[string]any{"code": code.Code, "name": "d", "publicKey": jwk}, &enrolled)
	c.device = enrolled.ID
	var t struct {
		AccessToken string `json:"accessToken"`
	}
	c.ask("POST", "/v1/sessions", map[string]any{"account": account, "password": password, "device": c.device}, &t)
	c.access = t.AccessToken
	sum := sha256.Sum256([]byte(c.access))
	c.ath = base64.RawURLEncoding.EncodeToString(sum[:])
	return c
}

// proof makes the DPoP proof of one request.
func (c *caller) proof(method, path string) string {
	c.count++
	claims := fmt.Appendf(nil, `{"jti":"%d-%d","htm":"%s","htu":"%s%s","iat":%d`, c.n, c.count, method, public, path, time.Now().Unix())
	if c.ath != "" {
		claims = fmt.Appendf(claims, `,"ath":"%s"`, c.ath)
	}
	signed := c.header + "." + base64.RawURLEncoding.EncodeToString(append(claims, '}'))
	signature, err := wire.Sign(c.key, []byte(signed))
	c.w.must(err)
	return signed + "." + signature
}

// fill writes a request of the caller's.
func (c *caller) fill(req *fasthttp.Request, method, path string, body []byte) {
	proof := c.proof(method, path)
	req.Reset()
	req.Header.SetMethod(method)
	req.SetRequestURI("http://" + c.w.address + path)
	req.Header.SetContentType("application/json")
	req.Header.Set("DPoP", proof)
	req.Header.Set("X-Forwarded-For", fmt.Sprintf("10.0.%d.%d", c.n/250, c.n%250+1))
	if c.access != "" {
		req.Header.Set("Authorization", "DPoP "+c.access)
	}
	req.SetBody(body)
}

func (c *caller) ask(method, path string, in, out any) {
	c.w.b.Helper()
	body, err := wire.Canonical(in)
	c.w.must(err)
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	c.fill(req, method, path, body)
	c.w.must(fasthttp.Do(req, res))
	if res.StatusCode() >= 300 {
		c.w.b.Fatalf("%s %s: %d %s", method, path, res.StatusCode(), res.Body())
	}
	c.w.must(json.Unmarshal(res.Body(), out))
}

// pull takes in everything, so that the next pull is idle.
func (c *caller) pull() {
	c.w.b.Helper()
	for more := true; more; {
		var reply struct {
			Cursor string `json:"cursor"`
			More   bool   `json:"more"`
		}
		c.ask("POST", "/v1/sync/pull", map[string]any{"cursor": c.cursor, "acked": 0}, &reply)
		c.cursor, more = reply.Cursor, reply.More
	}
	c.pulling = fmt.Appendf(nil, `{"cursor":"%s","acked":0}`, c.cursor)
}

// callers are so many devices that everybody stays within the limits of one device.
const callers = 200

// BenchmarkIdlePull is a district that asks whether there is anything new: over HTTP, each request with its own proof. One round is 2,000
// pulls.
func BenchmarkIdlePull(b *testing.B) {
	for _, base := range bases {
		b.Run(base.name, func(b *testing.B) {
			w := newBench(b, base.url(b))
			all := make([]*caller, callers)
			for i := range all {
				all[i] = w.caller(i)
			}
			for _, c := range all {
				c.pull()
			}
			w.storm(all, w.address)
		})
	}
}

// bareServer serves a floor until the benchmark ends, and tells where.
func bareServer(b *testing.B, server *fasthttp.Server) (address string) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(func() { // a client may have opened a connection that it never used: fasthttp would wait for it for ever
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.ShutdownWithContext(ctx)
	})
	return listener.Addr().String()
}

// BenchmarkIdlePullFloor is the same client, with the same requests, before a bare server that answers the same bytes and looks at nothing.
func BenchmarkIdlePullFloor(b *testing.B) {
	w := newBench(b, "")
	c := w.caller(0)
	c.pull()
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	c.fill(req, "POST", "/v1/sync/pull", c.pulling)
	w.must(fasthttp.Do(req, res))
	answer := bytes.Clone(res.Body())
	address := bareServer(b, &fasthttp.Server{Handler: func(rc *fasthttp.RequestCtx) {
		rc.SetContentType("application/json")
		rc.SetBody(answer)
	}})
	all := make([]*caller, callers)
	for i := range all {
		copied := *c
		all[i] = &copied
	}
	w.storm(all, address)
}

// perRound is how often each device asks in one round.
const perRound = 10

// storm lets all devices ask at once, over 16 connections, in rounds. What they ask is made and signed beforehand: in the field that is done
// on their own processors. The client's side of HTTP is still on the cores that are measured.
func (w *bench) storm(all []*caller, address string) {
	b := w.b
	client := &fasthttp.HostClient{Addr: address, MaxConns: 64}
	var spent time.Duration
	rounds := 0
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		var requests []*fasthttp.Request
		for range perRound {
			for _, c := range all {
				req := fasthttp.AcquireRequest()
				c.fill(req, "POST", "/v1/sync/pull", c.pulling)
				requests = append(requests, req)
			}
		}
		before := used(b)
		b.StartTimer()
		w.all(client, requests)
		b.StopTimer()
		spent += used(b) - before
		rounds++
		for _, req := range requests {
			fasthttp.ReleaseRequest(req)
		}
		b.StartTimer()
	}
	pulls := float64(rounds * perRound * len(all))
	b.ReportMetric(pulls/b.Elapsed().Seconds(), "records/s") // pulls
	b.ReportMetric(float64(spent.Microseconds())/pulls, "cpu-µs/pull")
}

// all makes requests over 16 connections.
func (w *bench) all(client *fasthttp.HostClient, requests []*fasthttp.Request) {
	var next atomic.Int64
	var done sync.WaitGroup
	for range 16 {
		done.Go(func() {
			res := fasthttp.AcquireResponse()
			defer fasthttp.ReleaseResponse(res)
			for i := next.Add(1); i <= int64(len(requests)); i = next.Add(1) {
				if err := client.Do(requests[i-1], res); err != nil || res.StatusCode() != 200 {
					w.b.Errorf("status %d, %v: %s", res.StatusCode(), err, res.Body())
					return
				}
			}
		})
	}
	done.Wait()
}

// used is the time that this process has had of the cores: what counts on a machine that others use too.
func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPoke is how long after a commit at one replica a device at the other hears of it.
func BenchmarkPoke(b *testing.B) {
	url := services.Postgres(b)
	one, two := newBench(b, url), newBench(b, url)
	c := two.caller(0)
	conn, err := net.Dial("tcp", two.address)
	two.must(err)
	defer conn.Close()
	req := fasthttp.AcquireRequest()
	c.fill(req, "GET", "/v1/sync/events", nil)
	_, err = req.WriteTo(conn)
	two.must(err)
	heard := make(chan time.Time, 1000)
	go listen(conn, heard)
	<-heard // the first event
	waits := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for range b.N {
		one.put("subjects", record.Object{"kind": "household", "name": "户", "unit": street})
		committed := time.Now()
		waits = append(waits, max(0, (<-heard).Sub(committed)))
	}
	b.StopTimer()
	slices.Sort(waits)
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "ms-p99")
}

// listen tells when each event that names data comes.
func listen(conn net.Conn, heard chan<- time.Time) {
	buf := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		for range bytes.Count(buf[:n], []byte("\ndata: ")) {
			heard <- time.Now()
		}
	}
}

// BenchmarkIdleStream is what a device costs that listens and hears nothing: memory of the process, buffers and stack included. The
// other ends of the connections are in the same process, and cost little beside.
func BenchmarkIdleStream(b *testing.B) {
	const streams = 300
	w := newBench(b, "")
	all := make([]*caller, streams)
	for i := range all {
		all[i] = w.caller(i)
	}
	for range b.N {
		before := held()
		conns := make([]net.Conn, streams)
		heard := make(chan time.Time, streams)
		for i, c := range all {
			conn, err := net.Dial("tcp", w.address)
			w.must(err)
			conns[i] = conn
			req := fasthttp.AcquireRequest()
			c.fill(req, "GET", "/v1/sync/events", nil)
			_, err = req.WriteTo(conn)
			w.must(err)
			fasthttp.ReleaseRequest(req)
			first := make([]byte, 8<<10)
			for n := 0; !bytes.Contains(first[:n], []byte("\ndata: ")); {
				more, err := conn.Read(first[n:])
				w.must(err)
				n += more
			}
			heard <- time.Now()
		}
		b.ReportMetric(float64(held()-before)/streams, "B/stream")
		for _, conn := range conns {
			conn.Close()
		}
	}
}

// held is the memory that is in use after a collection, with the stacks.
func held() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
