package upload_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/evidence/algorithm"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// enrol makes the caller's device one that the server knows, and returns its key.
func (w *world) enrol() *ecdsa.PrivateKey {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	w.must(err)
	now := w.now()
	w.must(w.db.CreateCode(ctx, people.EnrolmentCode{Digest: w.caller.Device, Unit: street, ExpiresAt: now.Add(time.Hour)}))
	_, err = w.db.Enrol(ctx, w.caller.Device, people.Device{ID: w.caller.Device, PublicKey: public, Thumbprint: w.caller.Device, EnrolledAt: now}, now)
	w.must(err)
	return key
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// segmented announces bytes as a recording of segments of a thousand octets, the last of them signed by the key; without one of them, if
// there is such a one.
func (w *world) segmented(data []byte, key crypto.Signer, without int, spoil func(all []evidence.Segment), more ...record.Object) string {
	w.t.Helper()
	id, before := newID(), ""
	var all []evidence.Segment
	for from := 0; from < len(data); from += 1000 {
		to := min(from+1000, len(data))
		all = append(all, evidence.Segment{N: len(all), SHA256: sumOf(data[from:to]), Offset: int64(from), Length: int64(to - from),
			At: "2026-11-25T01:00:00Z", Boot: "b", MonotonicMs: int64(from), DurationMs: 1000})
	}
	if spoil != nil {
		spoil(all)
	}
	before = evidence.ChainStart(id)
	entries := record.Object{}
	for n, s := range all {
		s.Hash = s.HashAfter(before)
		before = s.Hash
		if n == len(all)-1 {
			var err error
			s.Signature, err = algorithm.Sign(key, evidence.SegmentInput(id, s))
			w.must(err)
		}
		if n != without {
			entries[strconv.Itoa(n)] = s.Entry()
		}
	}
	body := manifest(data)
	body["segments"] = entries
	for _, said := range more {
		maps.Copy(body, said)
	}
	w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "evidence", Record: id, Action: record.Create, Patch: body}}))
	return id
}

// bring uploads and promotes, and returns what custody says of the segments, with the finding's words.
func (w *world) bring(s *upload.Service, id string, data []byte) (segments record.Object, words string) {
	w.t.Helper()
	st, _, err := s.Create(ctx, w.caller, upload.New{Evidence: id, Length: int64(len(data))})
	w.must(err)
	w.send(s, st.ID, data, 0)
	for range 2 { // the second time its end was not heard of
		w.must(s.Promote(ctx, st.ID))
	}
	w.wantHeld(s, id, data)
	found, err := w.db.Lookup(ctx, "findings", "record", id)
	w.must(err)
	if len(found) > 1 {
		w.t.Errorf("%d findings", len(found))
	}
	for _, f := range found {
		body, err := wire.Object(f.Body)
		w.must(err)
		words, _ = body["en"].(string)
		if body["code"] != evidence.SegmentsFinding || body["unit"] != street || body["zh"] == "" {
			w.t.Errorf("finding %v", body)
		}
	}
	segments, _ = w.custody(id)["segments"].(record.Object)
	return segments, words
}

// A recording is taken into custody whatever is wrong with its segments, and what is wrong is said once, where it is.
func TestSegmentsAreVerified(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s, key := w.start(), w.enrol()
		stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		w.must(err)
		data := random(4500)
		for _, c := range []struct {
			name    string
			key     *ecdsa.PrivateKey
			without int
			spoil   func(all []evidence.Segment)
			says    []string
		}{
			{"whole", key, -1, nil, nil},
			{"the same bytes again, which the store has and does not read", key, -1, nil, nil},
			{"one was never told", key, 2, nil, []string{"segment 2: missing", "octets 2000 to 2999"}},
			{"the second announced otherwise", key, -1, func(all []evidence.Segment) { all[1].SHA256 = sumOf([]byte("other")) }, []string{"segment 1:"}},
			{"signed by another", stranger, -1, nil, []string{"segment 4: the signature", "segments 0 to 4: no signature"}},
		} {
			id, told := w.segmented(data, c.key, c.without, c.spoil), 5.0
			if c.without >= 0 {
				told--
			}
			segments, words := w.bring(s, id, data)
			if segments["count"] != told || segments["flaws"] != float64(len(c.says)) || (words == "") != (len(c.says) == 0) {
				t.Errorf("%s: segments %v, finding %q", c.name, segments, words)
			}
			for _, part := range c.says {
				if !strings.Contains(words, part) {
					t.Errorf("%s: %q does not say %q", c.name, words, part)
				}
			}
		}
		if segments, words := w.bring(s, w.announce(data), data); segments != nil || words != "" {
			t.Errorf("a recording without segments: %v, %q", segments, words)
		}
	})
}

// The published chain, which another program has made.
func TestSegmentVectors(t *testing.T) {
	text, err := os.ReadFile("../../docs/protocol/vectors/segments.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Evidence, Start string
		Segments        []struct {
			N                             int
			Offset, Length                int64
			MonotonicMs, DurationMs       int64
			SHA256, At, Boot, Place, Hash string
			Signed, Octets                string
		}
	}
	if err := json.Unmarshal(text, &v, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	var all []evidence.Segment
	var octets string
	for _, s := range v.Segments {
		all = append(all, evidence.Segment{N: s.N, SHA256: s.SHA256, Offset: s.Offset, Length: s.Length, At: s.At, Boot: s.Boot,
			MonotonicMs: s.MonotonicMs, DurationMs: s.DurationMs, Place: s.Place, Hash: s.Hash})
		octets += s.Octets
		if got := string(evidence.SegmentInput(v.Evidence, all[s.N])); got != s.Signed {
			t.Errorf("signed text %q, want %q", got, s.Signed)
		}
	}
	if len(all) != 3 || evidence.ChainStart(v.Evidence) != v.Start {
		t.Fatalf("%d segments, start %s", len(all), evidence.ChainStart(v.Evidence))
	}
	p := evidence.NewPieces(all)
	_, _ = p.Write([]byte(octets))
	if flaws := append(evidence.CheckChain(v.Evidence, int64(len(octets)), all), p.Flaws()...); len(flaws) > 0 {
		t.Errorf("flaws %+v", flaws)
	}
}
