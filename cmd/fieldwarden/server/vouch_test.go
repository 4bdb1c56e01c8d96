package server_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"golang.org/x/mod/sumdb/note"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

// tsa is a time-stamping authority with a certificate of its own.
func tsa(t *testing.T) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test TSA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(t, err)
	cert, err := x509.ParseCertificate(der)
	check(t, err)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked, err := timestamp.ParseRequest(body)
		if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer, _ := (&timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: asked.HashedMessage, Time: time.Now(), Nonce: asked.Nonce,
			Policy: []int{1, 2, 3}, AddTSACertificate: asked.Certificates}).CreateResponseWithOpts(cert, key, crypto.SHA256)
		_, _ = w.Write(answer)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// cosigning is a witness that goes by the letter of C2SP tlog-witness for one log, whose key it does not check.
type cosigning struct {
	mu    sync.Mutex
	key   ed25519.PrivateKey
	self  *merkle.Witness
	last  merkle.Checkpoint
	seen  []int64
	asked int
}

func (c *cosigning) Name() string                 { return c.self.Name() }
func (c *cosigning) KeyHash() uint32              { return c.self.KeyHash() }
func (c *cosigning) Verify(text, sig []byte) bool { return c.self.Verify(text, sig) }
func (c *cosigning) Sign(text []byte) ([]byte, error) {
	return merkle.Cosign(c.key, text, time.Now()), nil
}
func (c *cosigning) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	body, _ := io.ReadAll(r.Body)
	head, signed, _ := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	var old int64
	opened, err := merkle.Open([]byte(signed))
	if _, failed := fmt.Sscanf(lines[0], "old %d", &old); failed != nil || err != nil || r.URL.Path != "/add-checkpoint" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if old != c.last.Size {
		w.WriteHeader(http.StatusConflict)
		fmt.Fprintf(w, "%d\n", c.last.Size)
		return
	}
	var proof []merkle.Hash
	for _, line := range lines[1:] {
		h, err := merkle.ParseHash(line)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		proof = append(proof, h)
	}
	if c.last.Size > 0 && merkle.CheckConsistency(c.last, opened.Checkpoint, proof) != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	c.last = opened.Checkpoint
	c.seen = append(c.seen, opened.Size)
	answer, _ := note.Sign(&note.Note{Text: opened.Text()}, c)
	_, line, _ := strings.Cut(string(answer), "\n\n")
	_, _ = io.WriteString(w, line)
}

// A running server has its ledger stamped and cosigned, over and over; what others say is in the ledger too, and all of it is sound.
func TestOthersVouchForTheLedger(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	witness := &cosigning{key: private, self: merkle.NewWitness("witness.example", public)}
	line := httptest.NewServer(witness)
	t.Cleanup(line.Close)
	r := start(t, settings(t, "sqlite://"+filepath.Join(t.TempDir(), "test.db"), map[string]string{"TIMESTAMP_URLS": tsa(t), "VOUCH_EVERY": "1s",
		"WITNESSES": witness.self.Key() + "@" + line.URL}))
	reader := ledger.Log{Reader: r.DB}
	for round := range 2 {
		r.put("units", record.Object{"code": fmt.Sprint(street[:8], round+1), "name": "街道", "kind": "street"})
		eventually(t, "stamp and cosignature", func() bool {
			witness.mu.Lock()
			defer witness.mu.Unlock()
			last, err := r.DB.LastVouched(ctx)
			if err != nil || len(witness.seen) <= round {
				return false
			}
			stamps, err := r.DB.Stamps(ctx, last.N)
			return err == nil && len(stamps) == 2
		})
	}
	eventually(t, "the stamps have their leaves", func() bool {
		queue, err := r.DB.Queue(ctx, 9)
		return err == nil && len(queue) == 0
	})
	c, err := r.DB.LastVouched(ctx)
	check(t, err)
	cosigned, err := reader.WithCosignatures(ctx, c)
	check(t, err)
	if signed, err := merkle.Open(cosigned.Note, witness.self); err != nil || !signed.By(witness.self) {
		t.Errorf("%s: %v", cosigned.Note, err)
	}
	auditor, err := r.Auditor(ctx, nil)
	check(t, err)
	report, err := auditor.Run(ctx)
	if err != nil || !report.Sound() || report.Stamps < 4 {
		t.Errorf("%+v, %v", report, err)
	}
}

// Whoever cuts the ledger off, or puts an old one back, has the witness against him: people are told once for what it has seen, whatever the size of the ledger
// that it is shown.
func TestAWitnessOfAnotherLedgerIsTold(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	witness := &cosigning{key: private, self: merkle.NewWitness("witness.example", public)}
	line := httptest.NewServer(witness)
	t.Cleanup(line.Close)
	r := start(t, settings(t, "sqlite://"+filepath.Join(t.TempDir(), "test.db"), map[string]string{"VOUCH_EVERY": "1s", "WITNESSES": witness.self.Key() + "@" + line.URL}))
	told := func(says string) {
		t.Helper()
		eventually(t, "a finding that says "+says, func() bool {
			found, err := r.DB.Lookup(ctx, "findings", "record", "")
			check(t, err)
			matching := 0
			for _, f := range found {
				if text := string(f.Body); strings.Contains(text, server.LedgerDisputed) && strings.Contains(text, says) {
					matching++
				}
			}
			if matching > 1 {
				t.Fatalf("told %d times", matching)
			}
			return matching == 1
		})
	}
	grow := func(n int) {
		r.put("units", record.Object{"code": fmt.Sprint(street[:8], n), "name": "街道", "kind": "street"})
	}
	eventually(t, "a cosignature", func() bool {
		witness.mu.Lock()
		defer witness.mu.Unlock()
		return len(witness.seen) > 0
	})
	another := func(change func(*merkle.Checkpoint)) string {
		witness.mu.Lock()
		defer witness.mu.Unlock()
		change(&witness.last)
		return fmt.Sprintf(`"witness.example@%d"`, witness.last.Size)
	}
	longer := another(func(c *merkle.Checkpoint) { c.Size += 1_000_000 })
	grow(1)
	told(longer)
	other := another(func(c *merkle.Checkpoint) { c.Size, c.Root = 1, merkle.Hash{1} })
	grow(2)
	told(other)
	asked := func() int { witness.mu.Lock(); defer witness.mu.Unlock(); return witness.asked }
	before := asked()
	eventually(t, "being asked again, and again", func() bool { return asked() > before+4 })
	told(longer)
	told(other)
}
