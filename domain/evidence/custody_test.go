package evidence

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// An entry comes back out of its record as it went in, and the record is one that its collection takes.
func TestAnEntryIsReadAsItWasWritten(t *testing.T) {
	c := Custodies
	if err := c.Prepare(); err != nil {
		t.Fatal(err)
	}
	id := "0193f000-0000-7000-8000-00000000000"
	rapid.Check(t, func(t *rapid.T) {
		maybe := func(name, value string) string { return rapid.SampledFrom([]string{"", value}).Draw(t, name) }
		e := Entry{Evidence: id + "1", Unit: "120102001", Act: rapid.SampledFrom(Acts).Draw(t, "act"), Actor: maybe("actor", id+"2"),
			ActorUnit: maybe("actorUnit", "120102"), Device: maybe("device", id+"3"), Reason: maybe("reason", "听证调阅"), Related: maybe("related", id+"4"),
			At: time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at")).UTC()}
		if rapid.Bool().Draw(t, "lasts") {
			e.Until = e.At.Add(time.Minute)
		}
		if ranges := Unite(drawRanges(t)...); len(ranges) > 0 {
			e.Ranges = ranges
		}
		if rapid.Bool().Draw(t, "detailed") {
			e.Detail = record.Object{"sha256": "ab"}
		}
		body := e.Body()
		if flaws := c.Check(body); len(flaws) > 0 {
			t.Fatalf("%v: %v", body, flaws)
		}
		if got := ReadEntry(body); !reflect.DeepEqual(got, e) {
			t.Errorf("read %+v, was %+v", got, e)
		}
	})
}

func TestEveryActIsListedOnce(t *testing.T) {
	if sorted := slices.Sorted(slices.Values(Acts)); len(slices.Compact(sorted)) != len(Acts) {
		t.Error(Acts)
	}
}

func TestWhatIsNoEntryIsReadAsNothing(t *testing.T) {
	got := ReadEntry(record.Object{"ranges": []any{"x", []any{1.0}, []any{"a", "b"}}, "at": 5.0, "detail": "no"})
	if !got.At.IsZero() || got.Detail != nil || !reflect.DeepEqual(got.Ranges, []Range{{}}) {
		t.Errorf("%+v", got)
	}
}
