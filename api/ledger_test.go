package api_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/ledger/bundle"
)

// integrate lets the ledger catch up.
func (w *world) integrate() {
	w.t.Helper()
	keys, err := keyring.New(w.db, bytes.Repeat([]byte{1}, 32), time.Now)
	w.must(err)
	s := ledger.Sequencer{Store: w.db, Keys: ledger.Ring{Keyring: keys}, Pseudonyms: ledger.Pseudonyms{Key: []byte("k")}, Name: "warden.example/ledger",
		Now: func() time.Time { w.later += 2 * time.Second; return time.Now().Add(w.later) }, Log: slog.New(slog.DiscardHandler), Batch: 200}
	for {
		n, err := s.Round(context.Background())
		w.must(err)
		if n == 0 {
			return
		}
	}
}

// Whoever knows the published format can rebuild the log from what is public, and nothing else is given out.
func TestTheLedgerIsPublic(t *testing.T) {
	w := newWorld(t)
	w.send("GET", "/ledger/checkpoint", nil, nil).fails(404, "request.not_found")
	for range 300 {
		w.put("subjects", record.Object{"unit": street, "kind": "business", "name": "甲"})
	}
	w.integrate()
	res := w.send("GET", "/ledger/checkpoint", nil, nil)
	signed, err := merkle.Open(res.body)
	w.must(err)
	if res.status != 200 || res.header.Get("Content-Type") != "text/plain; charset=utf-8" || signed.Size < 300 {
		t.Fatalf("%d %s", res.status, res.body)
	}
	keys := w.send("GET", "/ledger/keys", nil, nil)
	if !strings.HasPrefix(string(keys.body), "warden.example/ledger+") {
		t.Errorf("keys: %s", keys.body)
	}
	reader := tlog.TileHashReader(tlog.Tree{N: signed.Size, Hash: signed.Root}, overHTTP{w})
	for _, index := range []int64{0, 255, 256, signed.Size - 1} {
		_, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		w.must(err)
	}
	res = w.send("GET", "/ledger/tile/entries/000", nil, nil)
	entries, err := merkle.ParseEntryBundle(res.body)
	if err != nil || len(entries) != 256 || res.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
		t.Errorf("%d entries, %v, kept %s", len(entries), err, res.header.Get("Cache-Control"))
	}
	if res := w.send("HEAD", "/ledger/tile/0/000", nil, nil); res.status != 200 || res.header.Get("Content-Length") != "8192" {
		t.Errorf("HEAD: %d, %s", res.status, res.header.Get("Content-Length"))
	}
	for _, path := range []string{"0/001", "0/001.p/255", "entries/001", "1/000", "0/000.p/0", "x", "0/000/..%2f000", "../checkpoint", "0/x999/x999/x999/x999/x999/999", "data/000", "64/000"} {
		w.send("GET", "/ledger/tile/"+path, nil, nil).fails(404, "request.not_found")
	}
}

// What others have said last can be had by anybody, though the newest checkpoint is one about which nobody has said anything yet.
func TestWhatOthersHaveVouchedForIsPublic(t *testing.T) {
	w := newWorld(t)
	w.put("subjects", record.Object{"unit": street, "kind": "business", "name": "甲"})
	w.integrate()
	w.send("GET", "/ledger/vouched", nil, nil).fails(404, "request.not_found")
	c, err := w.db.Latest(context.Background())
	w.must(err)
	public, key, err := ed25519.GenerateKey(rand.Reader)
	w.must(err)
	witness := merkle.NewWitness("witness.example", public)
	text, _, _ := strings.Cut(string(c.Note), "\n\n")
	signed, err := note.Sign(&note.Note{Text: text + "\n"}, cosigner{witness, key})
	w.must(err)
	_, line, _ := strings.Cut(string(signed), "\n\n")
	w.must(w.db.KeepStamp(context.Background(), ledger.Stamp{Checkpoint: c.N, Kind: ledger.Cosigned, Signer: witness.Key(), At: time.Now(), Data: []byte(line)}))
	w.integrate()
	newest, vouched := w.send("GET", "/ledger/checkpoint", nil, nil).want(200), w.send("GET", "/ledger/vouched", nil, nil).want(200)
	opened, err := merkle.Open(vouched.body, witness)
	if err != nil || !opened.By(witness) || opened.Size != c.Size {
		t.Errorf("%s: %v", vouched.body, err)
	}
	if last, err := merkle.Open(newest.body, witness); err != nil || last.Size <= opened.Size || last.By(witness) {
		t.Errorf("the newest: %s: %v", newest.body, err)
	}
}

// cosigner signs as a witness.
type cosigner struct {
	*merkle.Witness
	key ed25519.PrivateKey
}

func (c cosigner) Sign(text []byte) ([]byte, error) {
	return merkle.Cosign(c.key, text, time.Now()), nil
}

// overHTTP reads tiles as a client of the published format does.
type overHTTP struct{ w *world }

func (r overHTTP) Height() int                         { return 8 }
func (r overHTTP) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (r overHTTP) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range wanted {
		path := merkle.Tile{Level: tile.L, N: tile.N, Width: tile.W}.Path()
		res := r.w.send("GET", "/ledger/"+path, nil, nil)
		if res.status != http.StatusOK {
			return nil, fmt.Errorf("%s: %d", path, res.status)
		}
		out = append(out, res.body)
	}
	return out, nil
}

// A bundle that was downloaded is sound; who may only play gets none, and foreign and absent answer alike.
func TestBundlesAreGivenOut(t *testing.T) {
	w := newWorld(t)
	content := noise(100_000)
	id := w.hold(street, content)
	path := "/v1/evidence/" + id + "/bundle"
	w.leader.send("GET", path, nil).fails(400, "custody.reason_needed")
	path += "?reason=court"
	w.leader.send("GET", path, nil).fails(503, "service.unavailable")
	w.integrate()
	res := w.leader.send("GET", path, nil)
	if res.status != 200 || res.header.Get("Content-Type") != "application/zip" {
		t.Fatalf("%d %s", res.status, res.body)
	}
	report, err := bundle.Verify(bytes.NewReader(res.body), int64(len(res.body)), bundle.Trust{Keys: strings.Fields(string(w.send("GET", "/ledger/keys", nil, nil).body))})
	if err != nil || !report.Sound || report.Evidence != id {
		t.Errorf("%+v, %v", report, err)
	}
	w.officer.send("GET", path, nil).fails(403, "access.denied")
	abroad := w.hire("外街道负责人", "leader", foreign)
	abroad.send("GET", path, nil).fails(404, "request.not_found")
	w.leader.send("GET", "/v1/evidence/"+newID()+"/bundle?reason=court", nil).fails(404, "request.not_found")
}
