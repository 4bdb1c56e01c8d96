// Package hostile holds the proof that bad input does no harm: whatever arrives at the routes of reconciliation, the answer is no
// 5xx, nothing panics, and what is refused has written nothing. Fuzz targets drive the real server, put together as `serve` does it, in
// this process; their corpora lie under testdata/fuzz and are played by every `go test`, on PostgreSQL too.
//
// docs/operations/proof.md says what is tried; `make fuzz` looks further.
package hostile

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/go-json-experiment/json"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

var ctx = context.Background()

func TestMain(m *testing.M) { services.Main(m) }

const public = "http://fw.test"

// start is the time at which every world begins and stays: nothing that is written by the minute disturbs the witness.
var start = time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)

// world is a server with a small town in it, as founded; what fuzzing writes into it is thrown away from time to time.
type world struct {
	testing.TB
	*town
	root string // folder of everything
	data string // folder of the server's files
	url  string // of PostgreSQL; "" on SQLite

	core    *server.Core
	client  *fasthttp.HostClient
	stop    func()
	witness witness

	asked, wrote int
	seq          uint64 // of the device's last op
	head         string
	past         [][]byte // accepted bodies since the world was as founded, for whoever reads a failure
}

// founded builds the town and makes a world of it.
func founded(t testing.TB, lite bool) *world {
	t.Helper()
	w := &world{TB: t, town: &town{}}
	root, err := services.MemoryFolder()
	w.must(err)
	w.root, err = os.MkdirTemp(root, "hostile-")
	w.must(err)
	t.Cleanup(func() { _ = os.RemoveAll(w.root) })
	if w.town.data = filepath.Join(w.root, "town"); !lite {
		w.town.url = services.Postgres(t)
	}
	core := w.open(w.town.data, w.town.url)
	w.begin(core)
	w.found()
	w.end()
	w.renew()
	t.Cleanup(func() { w.end() })
	return w
}

// open puts a server together on a machine whose clock stands and whose ids follow one another.
func (w *world) open(data, database string) *server.Core {
	w.Helper()
	passwords, err := session.NewPasswords(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	w.must(err)
	cfg, err := config.From(map[string]string{"FIELDWARDEN_DATA": data, "FIELDWARDEN_DATABASE_URL": database, "FIELDWARDEN_PUBLIC_URL": public,
		"FIELDWARDEN_SECRET": base64.StdEncoding.EncodeToString(make([]byte, 32))})
	w.must(err)
	core, err := server.OpenOn(ctx, cfg, slog.New(slog.DiscardHandler), server.Machine{Now: func() time.Time { return start },
		NewID: w.town.newID, Passwords: passwords})
	w.must(err)
	return core
}

// begin serves a server in memory.
func (w *world) begin(core *server.Core) {
	w.Helper()
	base, cancel := context.WithCancel(ctx)
	app, err := core.App(base, prometheus.NewRegistry())
	w.must(err)
	line := fasthttputil.NewInmemoryListener()
	served := make(chan error, 1)
	go func() { served <- api.Serve(app, line) }()
	w.core, w.client = core, &fasthttp.HostClient{Addr: "fw.test:80", Dial: func(string) (net.Conn, error) { return line.Dial() }, ReadTimeout: time.Minute}
	w.stop = func() {
		cancel()
		_ = line.Close()
		<-served
		w.must(core.Close())
	}
}

// end stops the server and lets go of everything.
func (w *world) end() {
	w.witness.close()
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// renew makes the world as it was founded.
func (w *world) renew() {
	w.Helper()
	w.end()
	w.data = filepath.Join(w.root, "server")
	w.must(os.RemoveAll(w.data))
	w.must(os.CopyFS(w.data, os.DirFS(w.town.data)))
	if w.town.url != "" {
		w.url = services.CopyPostgres(w, w.town.url)
	}
	w.begin(w.open(w.data, w.url))
	w.seq, w.head, w.asked, w.wrote, w.past = 0, "", 0, 0, nil
	w.mustAsk(w.officer, "POST", "/v1/sync/pull", "{}") // that the devices are there is noted once
	w.mustAsk(w.stranger, "POST", "/v1/sync/pull", "{}")
	w.witness = w.watch()
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// reply is an answer.
type reply struct {
	status int
	body   []byte
}

// ask sends a request of somebody's, with proof.
func (w *world) ask(p *person, method, path string, body []byte) reply {
	w.Helper()
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.Header.SetMethod(method)
	req.SetRequestURI(public + path)
	req.Header.Set("DPoP", p.proof(w, method, string(req.URI().Path())))
	if p.access != "" {
		req.Header.Set("Authorization", "DPoP "+p.access)
	}
	if method != "GET" {
		req.Header.SetContentType("application/json")
		req.SetBodyRaw(body)
	}
	err := w.client.Do(req, res)
	// The server closes what is idle; and who is refused before all was read may find the line closed before he hears why.
	for tries := 0; err != nil && tries < 20; tries++ {
		req.Header.Set("DPoP", p.proof(w, method, string(req.URI().Path())))
		err = w.client.Do(req, res)
	}
	w.must(err)
	return reply{res.StatusCode(), append([]byte(nil), res.Body()...)}
}

// mustAsk is ask for what must succeed.
func (w *world) mustAsk(p *person, method, path, body string) []byte {
	w.Helper()
	r := w.ask(p, method, path, []byte(body))
	if r.status >= 300 {
		w.Fatalf("%s %s %s: %d %s", method, path, body, r.status, r.body)
	}
	return r.body
}

// into reads JSON.
func (w *world) into(text []byte, out any) {
	w.Helper()
	w.must(json.Unmarshal(text, out, json.MatchCaseInsensitiveNames(true)))
}

// ids are UUIDv7s that follow one another, the same in every process.
type ids struct{ n atomic.Uint64 }

func (i *ids) newID() string { return fmt.Sprintf("01938f70-0000-7000-8000-%012x", i.n.Add(1)) }

// keyOf reads a private key as vectors have it.
func keyOf(w *world, d string) *ecdsa.PrivateKey {
	w.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(d)
	w.must(err)
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	w.must(err)
	return key
}
