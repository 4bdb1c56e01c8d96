package upload_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/evidence/algorithm"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

func sm3Of(data []byte) string {
	sum := algorithm.SM3.New()
	_, _ = sum.Write(data) // never fails
	return sum.Text()
}

// TestASecondDigest: switched on, it is in the record and under the server's signature, whichever way the bytes come into custody; off, in
// neither.
func TestASecondDigest(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		data := random(300_000)
		for _, on := range []bool{false, true, true} { // the third finds its bytes in the store
			s, want := w.start(), ""
			if on {
				s.Second, want = algorithm.SM3, sm3Of(data)
			}
			id, up := w.begin(s, data)
			w.send(s, up, data, 0)
			w.must(s.Promote(ctx, up))
			w.wantHeld(s, id, data)
			said, _ := w.custody(id)["sm3"].(string)
			token, err := s.Receipt(ctx, w.caller, id)
			w.must(err)
			r, err := upload.OpenReceipt(token, w.keys.public)
			if err != nil || said != want || r.SM3 != want {
				t.Errorf("on %v: %q in the record, %q in the receipt: %v", on, said, r.SM3, err)
			}
		}
	})
}

// failing is a write path that fails once, after or before it has done what it was asked.
type failing struct {
	upload.Records
	done, failed bool
}

func (f *failing) ApplyOwn(ctx context.Context, ops []push.ServerOp) error {
	if f.failed {
		return f.Records.ApplyOwn(ctx, ops)
	}
	f.failed = true
	if f.done {
		if err := f.Records.ApplyOwn(ctx, ops); err != nil {
			return err
		}
	}
	return errors.New("unheard")
}

// TestTheSecondDigestSurvivesAStepUnheard: promotion repeated hashes all bytes again, though the store reads none of them.
func TestTheSecondDigestSurvivesAStepUnheard(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for _, done := range []bool{false, true} {
			s, data := w.start(), random(100_000)
			s.Second, s.Records = algorithm.SM3, &failing{Records: w.records, done: done}
			id, up := w.begin(s, data)
			w.send(s, up, data, 0)
			if s.Promote(ctx, up) == nil {
				t.Fatal("the first try did not fail")
			}
			w.must(s.Promote(ctx, up))
			if w.custody(id)["sm3"] != sm3Of(data) {
				t.Errorf("done %v: %v", done, w.custody(id))
			}
		}
	})
}

// announced is a store in which a device has announced everything.
type announced struct {
	upload.Store
	by string
}

func (a announced) AnnouncedBy(context.Context, string) (string, error) { return a.by, nil }

// TestWhoseKeySignsSegments: that of the device which recorded, by whatever algorithm, and only if somebody vouches for it.
func TestWhoseKeySignsSegments(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		dock, dockKey := w.caller.Device, crypto.Signer(w.enrol())
		w.caller.Device = newID()
		camera, cameraKey := w.caller.Device, crypto.Signer(w.enrol())
		sm2Key, sm2Public, err := algorithm.NewSM2()
		w.must(err)
		signer := record.Object{"algorithm": algorithm.SM2, "publicKey": base64.RawURLEncoding.EncodeToString(sm2Public)}
		for _, c := range []struct {
			name     string
			announce string
			signed   crypto.Signer
			more     record.Object
			says     string
		}{
			{"its own", camera, cameraKey, nil, ""},
			{"a dock brings it and says who recorded", dock, cameraKey, record.Object{"recorder": camera}, ""},
			{"a dock brings it and does not say so", dock, cameraKey, nil, "the signature is not the device's"},
			{"a dock signs for the camera", dock, dockKey, record.Object{"recorder": camera}, "the signature is not the device's"},
			{"a recorder that nobody knows", dock, cameraKey, record.Object{"recorder": newID()}, "is not enrolled"},
			{"SM2, vouched for by the device's own op", camera, sm2Key, record.Object{"signer": signer}, ""},
			{"SM2, and ES256 was said", camera, sm2Key, nil, "the signature is not the device's"},
			{"ES256, and SM2 was said", camera, cameraKey, record.Object{"signer": signer}, "the signature is not the device's"},
			{"SM2 for another device, which has not vouched", dock, sm2Key, record.Object{"recorder": camera, "signer": signer}, "the signature is not the device's"},
			{"a signer that is no key", camera, sm2Key, record.Object{"signer": record.Object{"publicKey": "AAAA"}}, "its key is none that is known"},
		} {
			s, data := w.start(), random(2500)
			s.Store = announced{s.Store, c.announce}
			id := w.segmented(data, c.signed, -1, nil, c.more)
			segments, words := w.bring(s, id, data)
			if (segments["flaws"] == 0.0) != (c.says == "") || !strings.Contains(words, c.says) {
				t.Errorf("%s: %v, %q", c.name, segments, words)
			}
		}
	})
}
