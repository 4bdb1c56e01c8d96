package wire_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// one is a record of a vector.
type one struct {
	ID, Collection string
	Version        uint64
	Body           string
}

// digestOf is a record's digest by the letter of the protocol.
func (o one) digestOf() []byte {
	var text []byte
	for _, s := range []string{o.ID, o.Collection} {
		text = append(binary.BigEndian.AppendUint64(text, uint64(len(s))), s...)
	}
	text = binary.BigEndian.AppendUint64(text, o.Version)
	text = append(binary.BigEndian.AppendUint64(text, uint64(len(o.Body))), o.Body...)
	sum := sha256.Sum256(text)
	return sum[:]
}

// bucketsOf adds records up with whole numbers.
func bucketsOf(records []one) map[string]string {
	sums := map[string]*big.Int{}
	for _, o := range records {
		id := sha256.Sum256([]byte(o.ID))
		name := hex.EncodeToString(id[:1])
		if sums[name] == nil {
			sums[name] = new(big.Int)
		}
		sums[name].Add(sums[name], new(big.Int).SetBytes(o.digestOf()))
	}
	out := map[string]string{}
	for name, sum := range sums {
		if sum.Mod(sum, new(big.Int).Lsh(big.NewInt(1), 256)); sum.Sign() != 0 {
			out[name] = fmt.Sprintf("%064x", sum)
		}
	}
	return out
}

func add(records []one) *wire.Sums {
	s, digester := &wire.Sums{}, wire.NewDigester()
	for _, o := range records {
		s.Add(wire.BucketOf(o.ID), digester.Record(o.ID, o.Collection, o.Version, []byte(o.Body)))
	}
	return s
}

func TestDigestVectors(t *testing.T) {
	file := vectors[struct {
		Records []struct {
			Name string
			one
			Expect struct{ Digest, Bucket string }
		}
		Feeds []struct {
			Name    string
			Records []one
			Expect  struct {
				Count   uint64
				Buckets map[string]string
			}
		}
	}](t, "digests")
	if len(file.Records) == 0 || len(file.Feeds) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range file.Records {
		got := wire.NewDigester().Record(v.ID, v.Collection, v.Version, []byte(v.Body))
		if hex.EncodeToString(got[:]) != v.Expect.Digest || hex.EncodeToString(v.digestOf()) != v.Expect.Digest || wire.BucketOf(v.ID).String() != v.Expect.Bucket {
			t.Errorf("%s: %x in %s, want %+v", v.Name, got, wire.BucketOf(v.ID), v.Expect)
		}
		if form, err := wire.Canonicalize([]byte(v.Body)); err != nil || string(form) != v.Body {
			t.Errorf("%s: the body is not in canonical form", v.Name)
		}
	}
	for _, v := range file.Feeds {
		if got := bucketsOf(v.Records); !reflect.DeepEqual(got, v.Expect.Buckets) {
			t.Errorf("%s: by the letter %v", v.Name, got)
		}
		told := wire.NewFeedDigest("ref/120102", 7, add(v.Records))
		if told.Count != v.Expect.Count || !reflect.DeepEqual(texts256(told.Buckets), v.Expect.Buckets) {
			t.Errorf("%s: %+v", v.Name, told)
		}
	}
}

func texts256(buckets map[string]wire.Digest) map[string]string {
	out := map[string]string{}
	for name, sum := range buckets {
		out[name] = hex.EncodeToString(sum[:])
	}
	return out
}

// Sums are those of whole numbers, in whatever order records come; a record that is otherwise in any way changes its bucket and no other;
// and what is told over the wire is what was added up.
func TestSumsTellRecordsApart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		record := rapid.Custom(func(rt *rapid.T) one {
			return one{rapid.StringN(0, 4, 12).Draw(rt, "id"), rapid.SampledFrom([]string{"", "tasks", "units"}).Draw(rt, "collection"),
				rapid.Uint64().Draw(rt, "version"), rapid.StringN(0, 8, 30).Draw(rt, "body")}
		})
		records := rapid.SliceOfN(record, 1, 30).Draw(rt, "records")
		sums := add(records)
		told := wire.NewFeedDigest("f", 1, sums)
		if got, want := texts256(told.Buckets), bucketsOf(records); !reflect.DeepEqual(got, want) {
			rt.Fatalf("%v, want %v", got, want)
		}
		if n := len(sums.Differ(add(rapid.Permutation(records).Draw(rt, "order")))); n != 0 {
			rt.Fatalf("%d buckets depend on the order", n)
		}
		text, err := wire.Canonical(told)
		var back wire.FeedDigest
		if err == nil {
			err = wire.Decode(text, &back)
		}
		again, sumErr := back.Sums()
		if err != nil || sumErr != nil || *again != *sums {
			rt.Fatalf("told as %s: %v, %v", text, err, sumErr)
		}
		i := rapid.IntRange(0, len(records)-1).Draw(rt, "which")
		changed := records[i]
		switch rapid.IntRange(0, 3).Draw(rt, "how") {
		case 0:
			changed.Version++
		case 1:
			changed.Body += "x"
		case 2:
			changed.Collection += "x"
		case 3:
			records = append(records, changed) // twice
		}
		records[i] = changed
		if b := sums.Differ(add(records)); len(b) != 1 || b[0] != wire.BucketOf(changed.ID) {
			rt.Fatalf("buckets %v differ", b)
		}
	})
}

func TestDigestsHaveOneText(t *testing.T) {
	for _, text := range []string{`"00"`, `""`, `"` + fmt.Sprintf("%064X", 10) + `"`, `7`, `null`, `"` + fmt.Sprintf("%066x", 10) + `"`} {
		var d wire.Digest
		if err := wire.Decode([]byte(text), &d); err == nil && text != "null" {
			t.Errorf("%s is taken for a digest", text)
		}
	}
	for _, name := range []string{"", "0", "AF", "000", "g0", "a f"} {
		if b, err := wire.ParseBucket(name); err == nil {
			t.Errorf("%q is taken for bucket %s", name, b)
		}
		f := wire.FeedDigest{Buckets: map[string]wire.Digest{name: {}}}
		if _, err := f.Sums(); err == nil {
			t.Errorf("%q is taken for a bucket", name)
		}
	}
}
