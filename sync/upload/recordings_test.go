package upload_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/domain/evidence/algorithm"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// recordingVectors are docs/protocol/vectors/recordings.json, which another program has made, with OpenSSL's SM2 and SM3.
type recordingVectors struct {
	Devices     []struct{ ID, PublicKey string }
	Pieces      []string
	SHA256, SM3 string
	Length      int
	Digests     []struct{ Text, SM3 string }
	Cases       []struct {
		Name, Evidence, AnnouncedBy, Expect string
		Manifest                            record.Object
		Segments                            []record.Object
	}
	Receipts struct {
		Issuer string
		JWKS   struct {
			Keys []struct {
				X, Y, Kid string
				For       string `json:"fieldwarden:use"`
			}
		}
		Vectors []struct{ Name, Receipt, Expect string }
	}
}

func readRecordings(t *testing.T) (v recordingVectors) {
	t.Helper()
	text, err := os.ReadFile("../../docs/protocol/vectors/recordings.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	return v
}

// What an expectation of the vectors is in the words of the finding.
var expectations = map[string]string{"good": "", "the signature is not the recorder's": "the signature is not the device's", "the recorder is not enrolled": "is not enrolled"}

// Each case is announced, brought and taken into custody; whose key signs its segments is what the vectors say, and so is the second digest.
func TestRecordingVectors(t *testing.T) {
	v := readRecordings(t)
	data := []byte(strings.Join(v.Pieces, ""))
	if sumOf(data) != v.SHA256 || sm3Of(data) != v.SM3 || len(data) != v.Length {
		t.Fatal("the octets are not what the vectors say of them")
	}
	for _, d := range v.Digests {
		if got := sm3Of([]byte(d.Text)); got != d.SM3 {
			t.Errorf("SM3 of %q is %s, want %s", d.Text, got, d.SM3)
		}
	}
	w := newWorld(t, databases.SQLite(t, time.Now))
	for _, d := range v.Devices {
		w.enrolAs(d.ID, octets(t, d.PublicKey))
	}
	seen := map[string]int{}
	for _, c := range v.Cases {
		says, known := expectations[c.Expect]
		if !known {
			t.Fatalf("%s: expects %q", c.Name, c.Expect)
		}
		body := manifest(data)
		maps.Copy(body, c.Manifest)
		segments := record.Object{}
		for n, s := range c.Segments {
			segments[strconv.Itoa(n)] = s
		}
		body["segments"] = segments
		w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "evidence", Record: c.Evidence, Action: record.Create, Patch: body}}))
		s := w.start()
		s.Store, s.Second, w.caller.Device = announced{s.Store, c.AnnouncedBy}, algorithm.SM3, c.AnnouncedBy
		told, words := w.bring(s, c.Evidence, data)
		if (told["flaws"] == 0.0) != (says == "") || !strings.Contains(words, says) {
			t.Errorf("%s: expected %q, got %v, %q", c.Name, c.Expect, told, words)
		}
		if w.custody(c.Evidence)["sm3"] != v.SM3 {
			t.Errorf("%s: the second digest is %v", c.Name, w.custody(c.Evidence)["sm3"])
		}
		seen[c.Expect]++
	}
	if seen["good"] < 6 || seen["the signature is not the recorder's"] < 6 || seen["the recorder is not enrolled"] == 0 {
		t.Errorf("the vectors are not what they were: %v", seen)
	}
}

// enrolAs makes a device with a key of the vectors one that the server knows.
func (w *world) enrolAs(id string, public []byte) {
	w.t.Helper()
	now := w.now()
	w.must(w.db.CreateCode(ctx, people.EnrolmentCode{Digest: id, Unit: street, ExpiresAt: now.Add(time.Hour)}))
	_, err := w.db.Enrol(ctx, id, people.Device{ID: id, PublicKey: public, Thumbprint: id, EnrolledAt: now}, now)
	w.must(err)
}

func TestReceiptVectorsWithSM3(t *testing.T) {
	v := readRecordings(t)
	keyOf := func(kid string) (*ecdsa.PublicKey, error) {
		i := slices.IndexFunc(v.Receipts.JWKS.Keys, func(k struct {
			X, Y, Kid string
			For       string `json:"fieldwarden:use"`
		}) bool {
			return k.Kid == kid && k.For == upload.ReceiptUse
		})
		if i < 0 {
			return nil, errors.New("no such key for receipts")
		}
		k := v.Receipts.JWKS.Keys[i]
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, octets(t, k.X), octets(t, k.Y)))
	}
	seen := map[string]bool{}
	for _, c := range v.Receipts.Vectors {
		r, err := upload.OpenReceipt(c.Receipt, keyOf)
		seen[c.Expect] = true
		switch c.Expect {
		case "valid", "valid without sm3", "wrong sm3":
			want := map[string]bool{"valid": r.SM3 == v.SM3, "valid without sm3": r.SM3 == "", "wrong sm3": r.SM3 != "" && r.SM3 != v.SM3}[c.Expect]
			if err != nil || !want || r.Digest.SHA256 != v.SHA256 || r.Digest.Length != int64(v.Length) || r.Issuer != v.Receipts.Issuer {
				t.Errorf("%s: expected %q, got %+v, %v", c.Name, c.Expect, r, err)
			}
		default:
			wantFault(t, err, fault.ReceiptUnverified)
		}
	}
	if len(seen) != 5 {
		t.Errorf("the vectors are not what they were: %v", seen)
	}
}

// The SM2 key of the vectors is the one that their cases sign with, and by no other identity than the standard's.
func TestTheKeyOfTheVectorsIsSM2(t *testing.T) {
	v := readRecordings(t)
	for _, c := range v.Cases {
		signer, ok := c.Manifest["signer"].(record.Object)
		if !ok {
			continue
		}
		public, _ := signer["publicKey"].(string)
		der, err := base64.RawURLEncoding.DecodeString(public)
		if key, bad := algorithm.ParseKey(der); err != nil || bad != nil || key.Algorithm != algorithm.SM2 {
			t.Errorf("%s: %v, %v, %v", c.Name, key.Algorithm, err, bad)
		}
		return
	}
	t.Error("no case has a key in its manifest")
}
