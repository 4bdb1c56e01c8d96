package evidence_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

const sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func announcement() record.Object {
	return record.Object{"unit": "120102001", "kind": "video", "officer": "01938f5e-0000-7000-8000-000000000001",
		"startedAt": "2026-11-25T09:00:00+08:00", "endedAt": "2026-11-25T01:00:00.5Z", "mime": "video/mp4; codecs=avc1",
		"length": float64(4), "sha256": sum}
}

func TestManifest(t *testing.T) {
	m, err := evidence.ManifestOf(announcement())
	if err != nil {
		t.Fatal(err)
	}
	want := evidence.Manifest{Unit: "120102001", Kind: "video", Officer: "01938f5e-0000-7000-8000-000000000001",
		StartedAt: m.StartedAt, EndedAt: m.EndedAt, MIME: "video/mp4; codecs=avc1", Digest: evidence.Digest{Length: 4, SHA256: sum}}
	if m != want || m.EndedAt.Sub(m.StartedAt) != 500*time.Millisecond {
		t.Errorf("%+v", m)
	}
}

func TestBadManifests(t *testing.T) {
	for field, values := range map[string][]any{
		"unit":      {nil, "", 5.0},
		"kind":      {nil, ""},
		"officer":   {nil, "", "server", "x"},
		"startedAt": {nil, "", "yesterday", "2026-11-25 09:00"},
		"endedAt":   {nil, "", "2026-11-25T00:59:59Z"},
		"mime":      {nil, "", "video", "video/", "text/html", "image/svg+xml", "IMAGE/SVG+XML; a=b", "application/javascript", "video/mp4;;"},
		"length":    {nil, "4", 0.0, -1.0, 4.5, math.NaN(), math.Inf(1), 1e300, float64(evidence.MaxLength) + 1},
		"sha256":    {nil, "", sum[1:], sum + "0", strings.ToUpper(sum), "g" + sum[1:], strings.Repeat("é", 32)},
	} {
		for _, value := range values {
			body := announcement()
			body[field] = value
			_, err := evidence.ManifestOf(body)
			if !errors.Is(err, fault.New(fault.ManifestInvalid)) || fault.Of(err).Field != field {
				t.Errorf("%s = %v: %v", field, value, err)
			}
		}
	}
}

func TestGoodManifests(t *testing.T) {
	for field, values := range map[string][]any{
		"mime":    {"image/jpeg", "audio/aac", "Video/MP4", "application/pdf", "application/octet-stream"},
		"length":  {1.0, float64(evidence.MaxLength)},
		"endedAt": {"2026-11-25T01:00:00Z"},
	} {
		for _, value := range values {
			body := announcement()
			body[field] = value
			if _, err := evidence.ManifestOf(body); err != nil {
				t.Errorf("%s = %v: %v", field, value, err)
			}
		}
	}
}

// TestGate: what could never be uploaded cannot be announced; later edits are not judged by it.
func TestGate(t *testing.T) {
	gate := evidence.Evidence.Gates[0]
	bad := announcement()
	bad["sha256"] = "x"
	for _, c := range []struct {
		before, after record.Object
		breaches      int
	}{{nil, announcement(), 0}, {nil, bad, 1}, {bad, bad, 0}, {announcement(), nil, 0}} {
		breaches, err := gate.Judge(context.Background(), record.Event{Before: c.before, After: c.after}, nil)
		if err != nil || len(breaches) != c.breaches || c.breaches == 1 && breaches[0].Field != "sha256" {
			t.Errorf("%v → %v: %v, %v", c.before, c.after, breaches, err)
		}
	}
	if gate.Effect != record.Refuse {
		t.Error("the gate does not refuse")
	}
}

func TestKey(t *testing.T) {
	if got := evidence.Key(evidence.Recordings, sum); got != "evidence/9f/86/"+sum {
		t.Error(got)
	}
	if evidence.Key(evidence.Papers, sum) == evidence.Key(evidence.Recordings, sum) {
		t.Error("rooms share keys")
	}
}
