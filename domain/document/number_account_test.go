package document_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// told writes an account as short lines.
func told(entries []document.NumberEntry) string {
	var out []string
	for _, e := range entries {
		line := fmt.Sprintf("%d-%d %s", e.From, e.To, e.State)
		for _, word := range []string{e.Paper, e.Block, e.Device, e.Officer, e.Reason} {
			if word != "" {
				line += " " + word
			}
		}
		if len(e.Doubles) > 0 {
			line += fmt.Sprintf(" x%d", len(e.Doubles))
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func day(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }

// series64 is a series in which everything has happened that can.
func series64() document.NumberFacts {
	block := func(device string, from, to float64, expires string, more record.Object) record.Object {
		b := record.Object{"device": device, "series": "s", "pattern": "第{n}号", "from": from, "to": to, "leasedAt": "2026-11-01T00:00:00Z", "expiresAt": expires}
		for k, v := range more {
			b[k] = v
		}
		return b
	}
	const live, over = "2026-12-25T00:00:00Z", "2026-11-20T00:00:00Z"
	void := record.Object{"reason": "卡纸", "at": "2026-11-10T00:00:00Z", "officer": "o1"}
	back := func(to float64, officer string) record.Object {
		return record.Object{"to": to, "at": "2026-11-11T00:00:00Z", "officer": officer}
	}
	lost := record.Object{"at": "2026-11-12T00:00:00Z", "officer": "o2", "reason": "遗失"}
	return document.NumberFacts{Last: 64,
		Leases: []document.NumberLease{{ID: "b1", First: 1, Count: 10}, {ID: "b2", First: 11, Count: 10}, {ID: document.RestoredLease + "e/s", First: 21, Count: 10},
			{ID: "b4", First: 31, Count: 5}, {ID: "b5", First: 36, Count: 5}, {ID: "b6", First: 43, Count: 5}, {ID: "b7", First: 48, Count: 5}, {ID: "b8", First: 53, Count: 10}},
		Blocks: map[string]record.Object{
			"b1": block("d1", 1, 10, live, record.Object{"voids": record.Object{"2": void, "3": void}, "returns": record.Object{"6": back(8, "o1")}}),
			"b2": block("d1", 11, 20, over, nil),
			"b5": block("d5", 36, 40, live, nil), // its device was revoked in time
			"b6": block("d5", 43, 47, over, nil), // … and here after the block was over
			"b7": block("d6", 48, 52, live, nil), // set aside
			"b8": block("d7", 53, 62, over, record.Object{"lost": lost, "moved": record.Object{"from": 56.0, "block": "m1", "device": "d8"}}),
			"m1": block("d8", 56, 62, live, record.Object{"returns": record.Object{"60": back(62, "o3")}, "lost": lost,
				"moved": record.Object{"from": 59.0, "block": "m2", "device": "d9"}}),
			"m2": block("d9", 59, 62, live, nil),
		},
		Uses: map[uint64]document.NumberUse{1: {Record: "p1", Paper: true, State: document.Issued, Device: "d1", Officer: "o1", IssuedAt: day(9)}, 2: {Record: "b1"}, 3: {Record: "b1"},
			4: {Record: "p4", Paper: true, State: document.Voided, Reason: "写错", Officer: "o2", Device: "d1"}, 11: {Record: "p11", Paper: true, State: document.Issued, Device: "d1"},
			54: {Record: "late", Paper: true, State: document.Issued, Device: "d7"}, 57: {Record: "p57", Paper: true, State: document.Issued, Device: "d8"}},
		Doubles: map[uint64][]document.NumberUse{57: {{Record: "late2", Paper: true}}},
		Absent:  map[string]document.Absence{"d5": {Since: day(22), Why: "revoked"}, "d6": {Since: day(22), Why: "aside"}},
	}
}

const account64 = `1-1 issued p1 b1 d1 o1
2-2 void b1 d1 o1 卡纸
3-3 void b1 d1 o1 卡纸
4-4 void p4 b1 d1 o2 写错
5-5 leased b1 d1
6-8 returned b1 d1 o1
9-10 leased b1 d1
11-11 issued p11 b2 d1
12-20 expired b2 d1
21-30 skipped
31-35 open b4
36-40 doubt b5 d5 revoked
41-42 unexplained
43-47 expired b6 d5
48-52 doubt b7 d6 aside
53-53 doubt b8 d7 o2 lost
54-54 issued late b8 d7
55-55 doubt b8 d7 o2 lost
56-56 doubt m1 d8 o2 lost
57-57 issued p57 m1 d8 x1
58-58 doubt m1 d8 o2 lost
59-62 leased m2 d9
63-64 unexplained`

func TestAccount(t *testing.T) {
	facts, now := series64(), day(25)
	got := facts.Account(0, now)
	if told(got) != account64 {
		t.Errorf("account\n%s\nwant\n%s", told(got), account64)
	}
	var totals document.NumberTotals
	for _, e := range got {
		totals.Add(&e)
	}
	sum := uint64(0)
	for _, n := range totals.By {
		sum += n
	}
	if sum != facts.Last || totals.Last != facts.Last || totals.Doubles != 1 || totals.By[document.StateDoubt] != 14 || totals.By[document.StateUnexplained] != 4 {
		t.Errorf("totals %+v", totals)
	}
	if got[4].Text != "第5号" || !got[0].At.Equal(day(9)) || !got[8].At.Equal(day(20)) || got[4].Until.IsZero() {
		t.Errorf("details %+v", got[:9])
	}
}

// From the middle of a lease on an account says the same; what lies behind the last lease of a page is the next page's.
func TestAccountByPages(t *testing.T) {
	facts, now := series64(), day(25)
	_, rest, _ := strings.Cut(account64, "6-8 returned b1 d1 o1\n")
	if got := told(facts.Account(7, now)); got != "8-8 returned b1 d1 o1\n"+rest {
		t.Errorf("after 7\n%s", got)
	}
	facts.More = true
	if got := facts.Account(0, now); got[len(got)-1].To != 62 {
		t.Errorf("the page ends with %+v", got[len(got)-1])
	}
	if got := (&document.NumberFacts{Last: 3}).Account(0, now); told(got) != "1-3 unexplained" {
		t.Errorf("without a lease: %s", told(got))
	}
}
