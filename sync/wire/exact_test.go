package wire

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"
)

// slowly opens an op the general way.
func slowly(text []byte) (o Op, canonical []byte, err error) {
	if err = checkDepth(text, maxOpDepth); err == nil {
		err = json.Unmarshal(text, &o, json.RejectUnknownMembers(true))
	}
	if err == nil {
		canonical, err = Canonicalize(bytes.Clone(text))
	}
	return o, canonical, err
}

// What is read in one go is what the general way reads, and is canonical.
func checkExact(t interface{ Fatalf(string, ...any) }, text []byte) (op, value bool) {
	o, said, op := exactOp(text)
	if op {
		want, canonical, err := slowly(text)
		if err != nil || !bytes.Equal(canonical, text) || !reflect.DeepEqual(o, want) {
			t.Fatalf("%q is read as %+v; the general way reads %+v of %q (%v)", text, o, want, canonical, err)
		}
		if patch, ok := exactValue(said, maxOpDepth); o.Patch != nil && (!ok || !reflect.DeepEqual(patch, o.Patch)) {
			t.Fatalf("the patch of %q is said to be %q", text, said)
		}
	}
	v, value := exactValue(text, MaxDepth)
	if value {
		var want any
		err := Decode(bytes.Clone(text), &want)
		canonical, bad := Canonicalize(bytes.Clone(text))
		if err != nil || bad != nil || !bytes.Equal(canonical, text) || !reflect.DeepEqual(v, want) {
			t.Fatalf("%q is read as %v; the general way reads %v (%v, %v)", text, v, want, err, bad)
		}
	}
	return op, value
}

func FuzzExact(f *testing.F) {
	for _, text := range oddTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkExact(t, text) })
}

// oddTexts are canonical or nearly so.
var oddTexts = []string{
	`{"a":1,"b":-0}`, `{"b":1,"a":2}`, `{"a":1,"a":2}`, `[1e21,1e+21,100000000000000000000]`, `[1.0,1.5,0.1,01,-1]`, `{"a":"\u001f\u000a\n"}`, `{"a":"\/"}`,
	`"\ud83d\ude00"`, `"😀"`, `{"😀":1}`, "{\"\uffff\":1}", "\"\x7f\u2028\"", "\"\xff\"", "\"\xed\xa0\x80\"", ` 1`, `1 `, `{"a":}`, `{"a":1,}`, `[1,]`, `nul`, `nullx`, `-`, `1-`, `1e`, `--1`,
	`123456789012345`, `1234567890123456`, `9007199254740993`, `-9007199254740993`, `5e-324`, `1e400`, `{"":{"":[]}}`, `"\`, `"`, `{`, `[`, ``,
	`{"action":"create","author":"a","base":0,"clock":{"anchor":{"monotonicMs":1,"server":"2026-01-02T03:04:05Z"},"boot":"b","monotonicMs":-1},"collection":"tasks","id":"i","occurredAt":"2026-01-02T03:04:05.000001Z","patch":{"a":null},"prev":"","record":"r","schema":1,"seq":1}`,
	`{"occurredAt":"2026-01-02T03:04:05+08:00"}`, `{"occurredAt":"2026-1-02T03:04:05Z"}`, `{"occurredAt":"2026-01-02T24:04:05Z"}`, `{"occurredAt":"2026-01-02T03:04:05.Z"}`,
	`{"occurredAt":"2026-01-02t03:04:05Z"}`, `{"occurredAt":"2026-01-02T03:04:05,5Z"}`, `{"seq":-1}`, `{"seq":1.5}`, `{"patch":null}`, `{"patch":[]}`, `{"clock":null}`, `{"unknown":1}`,
	strings.Repeat("[", 40) + strings.Repeat("]", 40), strings.Repeat(`{"a":`, 31) + "1" + strings.Repeat("}", 31),
}

func TestExactIsTheGeneralWay(t *testing.T) {
	for _, text := range oddTexts {
		checkExact(t, []byte(text))
	}
	rapid.Check(t, func(t *rapid.T) {
		value := decoded().Draw(t, "value")
		text, err := Canonical(value)
		if err != nil {
			t.Fatal(err)
		}
		checkExact(t, text)
		sealed, err := Seal(Op{ID: "i", Seq: 7, Txn: rapid.SampledFrom([]string{"", "t"}).Draw(t, "txn"), Author: rapid.String().Draw(t, "author"), Collection: "tasks", Action: "create", Patch: map[string]any{"v": value}, Schema: 1,
			OccurredAt: time.Unix(0, rapid.Int64Range(0, 1<<60).Draw(t, "at")).UTC().Truncate(time.Microsecond)})
		if err != nil {
			t.Fatal(err)
		}
		checkExact(t, sealed.Text)
		if long, err := Canonical(sealed.Op); err != nil || !bytes.Equal(long, sealed.Text) {
			t.Fatalf("sealed as %q; the general way writes %q (%v)", sealed.Text, long, err)
		}
		at := rapid.IntRange(0, len(sealed.Text)-1).Draw(t, "at octet")
		broken := bytes.Clone(sealed.Text)
		broken[at] = byte(rapid.SampledFrom([]rune(`"\{}[],:0 -e`)).Draw(t, "octet"))
		checkExact(t, broken)
	})
}

// Ordinary ops and bodies are read in one go: else all is right, and slow.
func TestOrdinaryTextsAreExact(t *testing.T) {
	anchor := &Anchor{Server: time.Date(2026, 11, 23, 1, 0, 0, 5000, time.UTC), MonotonicMs: 12}
	sealed, err := Seal(Op{ID: "i", Seq: 1 << 40, Txn: "t", Collection: "inspections", Record: "r", Action: "update", Base: 3, Author: "a", Schema: 2, Prev: "p",
		OccurredAt: time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC), Clock: Clock{Boot: "b", MonotonicMs: -5, Anchor: anchor},
		Patch: map[string]any{"姓名": "王\n\"堃\"😀", "none": nil, "place": map[string]any{"lat": 39.12, "lon": -117.25}, "list": []any{1.0, true, false}, "empty": []any{}}})
	if err != nil {
		t.Fatal(err)
	}
	if short, ok := appendOp(nil, &sealed.Op); !ok || !bytes.Equal(short, sealed.Text) {
		t.Errorf("an ordinary op is sealed the long way: %q", short)
	}
	if long, err := Canonical(sealed.Op); err != nil || !bytes.Equal(long, sealed.Text) {
		t.Errorf("sealed as %q; the general way writes %q (%v)", sealed.Text, long, err)
	}
	if op, value := checkExact(t, sealed.Text); !op || !value {
		t.Errorf("an ordinary op goes the long way: %s", sealed.Text)
	}
}

func BenchmarkOpen(b *testing.B) {
	sealed, err := Seal(Op{ID: "0198a1", Seq: 1, Collection: "inspections", Record: "0198a2", Action: "create", OccurredAt: time.Unix(1e9, 0).UTC(), Patch: map[string]any{
		"summary": strings.Repeat("检查消防设施、疏散通道、用电情况。", 40), "place": map[string]any{"lat": 39.12, "lon": 117.25}, "state": "open"}})
	if err != nil {
		b.Fatal(err)
	}
	for name, open := range map[string]func([]byte) error{
		"exact":   func(text []byte) error { _, err := Open(text); return err },
		"general": func(text []byte) error { _, _, err := slowly(text); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := open(bytes.Clone(sealed.Text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
