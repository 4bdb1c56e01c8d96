package main

import (
	"strings"
	"testing"
)

const output = `goos: linux
BenchmarkPush/sqlite-2         	      13	 163828809 ns/op	       610.4 records/s	 2175143 B/op	   30529 allocs/op
BenchmarkPushFloor/sqlite-2    	      67	  81914404 ns/op	      2004 records/s	  266575 B/op	    2539 allocs/op
BenchmarkPushRowsFloor/sqlite-2	      20	 122871606 ns/op	      1000 records/s
BenchmarkUpload/postgres-2 	       3	1500000000 ns/op	 178.96 MB/s	 1000 B/op	 10 allocs/op
BenchmarkUploadFloor-2 	       3	1200000000 ns/op	 223.70 MB/s
PASS
`

func TestTable(t *testing.T) {
	var rest, out strings.Builder
	found, failed := read(strings.NewReader(output), &rest)
	if len(found) != 5 || failed || !strings.Contains(rest.String(), "PASS") {
		t.Fatalf("%v, failed %v, rest %q", found, failed, rest.String())
	}
	if err := table(&out, found); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 {
		t.Fatalf("table\n%s", out.String())
	}
	for i, want := range []string{
		"push sqlite 163.8 ms 81.9 ms 0.50 610 2 004 - 30 529 2 175 143",
		"push, same rows sqlite 163.8 ms 122.9 ms 0.75 610 1 000 - 30 529 2 175 143",
		"upload postgres 1.50 s 1.20 s 0.80 - - 179 10 1 000",
	} {
		if got := strings.Join(strings.Fields(lines[i+1]), " "); got != want {
			t.Errorf("line %q, want %q", got, want)
		}
	}
}

// One run in which something else had the machine moves nothing.
func TestRepeatedRunsCountByTheirMedian(t *testing.T) {
	var all []result
	for _, ns := range []float64{10, 900, 12} {
		all = append(all, result{"Push/sqlite", map[string]float64{"ns/op": ns}}, result{"PushFloor/sqlite", map[string]float64{"ns/op": ns / 2}})
	}
	got := medians(all)
	if len(got) != 2 || got[0].name != "Push/sqlite" || got[0].metrics["ns/op"] != 12 || got[1].metrics["ns/op"] != 6 {
		t.Errorf("%+v", got)
	}
}

func TestFailuresAreNotHidden(t *testing.T) {
	for _, text := range []string{"", "--- FAIL: BenchmarkPush\n" + output, "FAIL\tpackage [build failed]\n"} {
		if _, failed := read(strings.NewReader(text), &strings.Builder{}); !failed {
			t.Errorf("%q passes", text)
		}
	}
}
