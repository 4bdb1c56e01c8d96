package evidence

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

func day(text string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, text, record.Beijing)
	if err != nil {
		panic(err)
	}
	return t
}

const (
	tableHead = "class,from,to,years,months,days,forever,confirmed,name,basis"
	undoRow   = "undo,,,,,7,no,no,n,b"
)

func table(t testing.TB, rows ...string) Terms {
	t.Helper()
	terms, err := ReadTerms([]byte(strings.Join(append([]string{tableHead, undoRow}, rows...), "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return terms
}

func TestTheLongestRuleThatWasEverInForceWins(t *testing.T) {
	terms := table(t, "general,,2024-12-31,,3,,no,no,n,a", "general,2025-01-01,2025-12-31,,6,,no,no,n,b", "general,2026-01-01,,,1,,no,no,n,c",
		"file,,,30,,,no,yes,n,d", "ever,,,,,,yes,no,n,e")
	for _, c := range []struct {
		classes map[Class]time.Time
		now     string
		until   string // "": not over at all
	}{
		{map[Class]time.Time{General: day("2024-12-01")}, "2024-12-02", "2025-03-01"},
		{map[Class]time.Time{General: day("2024-12-01")}, "2025-01-02", "2025-06-01"}, // a longer rule extends what is there
		{map[Class]time.Time{General: day("2025-12-01")}, "2026-05-01", "2026-06-01"}, // a shorter one shortens nothing
		{map[Class]time.Time{General: day("2026-02-01")}, "2026-02-02", "2026-03-01"},
		{map[Class]time.Time{General: day("2026-02-01"), "file": day("2026-03-01")}, "2026-04-01", "2056-03-01"},
		{map[Class]time.Time{General: day("2026-02-01"), "ever": day("2026-03-01")}, "2100-01-01", ""},
		{map[Class]time.Time{General: day("2026-02-01"), "never heard of": day("2026-03-01")}, "2100-01-01", ""},
	} {
		k := terms.Keep(c.classes, day(c.now))
		if k.Forever != (c.until == "") || c.until != "" && !k.Until.Equal(day(c.until)) {
			t.Errorf("%v as of %s: until %v, forever %v; want %s", c.classes, c.now, k.Until, k.Forever, c.until)
		}
		if c.until != "" && (k.Over(day(c.until).Add(-time.Second)) || !k.Over(day(c.until))) {
			t.Errorf("%v: over at another moment than %s", c.classes, c.until)
		}
	}
}

// Whatever is added, whenever it is looked at: nothing is ever kept for less long than before.
func TestNothingShortensARetention(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		received := day("2026-01-01").AddDate(0, 0, rapid.IntRange(0, 2000).Draw(t, "received"))
		body := record.Object{"custody": record.Object{"state": "held", "receivedAt": stamp(received)}}
		now := received.AddDate(0, 0, rapid.IntRange(0, 3000).Draw(t, "now"))
		before := KeepingOf(body, now)
		added := record.Object{}
		for _, class := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"case_file", "case_file_permanent", "general", "no such"}), rapid.ID[string]).Draw(t, "classes") {
			at := received.AddDate(0, 0, rapid.IntRange(-4000, 3000).Draw(t, "at"))
			added[class] = record.Object{"at": rapid.SampledFrom([]any{stamp(at), "no time", nil, 5.0}).Draw(t, "as")}
		}
		body["retention"] = added
		after := KeepingOf(body, now.AddDate(0, 0, rapid.IntRange(0, 3000).Draw(t, "later")))
		if after.Until.Before(before.Until) || before.Forever && !after.Forever {
			t.Errorf("%v: until %v was %v", added, after.Until, before.Until)
		}
		if before.Until.Before(received.In(record.Beijing).AddDate(0, 6, 0)) {
			t.Errorf("kept until %v only", before.Until)
		}
	})
}

func TestTablesThatAreNoneAreRefused(t *testing.T) {
	good := "general,,,,3,,no,no,n,b"
	if _, err := ReadTerms([]byte(strings.Join([]string{tableHead, undoRow, good}, "\n"))); err != nil {
		t.Fatal(err)
	}
	for _, rows := range [][]string{{}, {undoRow}, {good}, {undoRow, "general,,,,,,no,no,n,b"}, {undoRow, "general,,,,3,,no,no,n,"}, {undoRow, ",,,,3,,no,no,n,b"},
		{undoRow, "general,,,,-3,,no,no,n,b"}, {undoRow, "general,,,,x,,no,no,n,b"}, {undoRow, "general,,,,3,,yes,no,n,b"}, {undoRow, good + ",more"},
		{undoRow, "general,2026-02-30,,,3,,no,no,n,b"}, {undoRow, "general,2026-02-03,2026-02-01,,3,,no,no,n,b"}, {undoRow, "general,,x,,3,,no,no,n,b"},
		{undoRow, `"`}, {"undo,,,,,0,no,no,n,b", good}} {
		if _, err := ReadTerms([]byte(strings.Join(append([]string{tableHead}, rows...), "\n"))); err == nil {
			t.Errorf("taken: %v", rows)
		}
	}
}
