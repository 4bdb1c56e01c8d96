// Command bench turns the output of `go test -bench` into one table: each benchmark beside the floor that was measured in the
// same run, both by the medians of what `-count` repeats. BenchmarkX/sqlite stands beside BenchmarkXFloor/sqlite, or beside BenchmarkXFloor if there is one for all; and
// on lines of their own beside BenchmarkXRowsFloor, which stores the same rows, and BenchmarkXBareFloor, a server that does nothing else, if there are such.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

func main() {
	found, failed := read(os.Stdin, os.Stderr)
	if err := table(os.Stdout, medians(found)); err != nil || failed {
		os.Exit(1)
	}
}

// result is one line of a benchmark: its metrics by unit.
type result struct {
	name    string // e.g. Push/sqlite
	metrics map[string]float64
}

// read collects results and passes everything else on, so that failures are seen. It reports whether anything failed.
func read(in io.Reader, rest io.Writer) (found []result, failed bool) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		line := lines.Text()
		if r, ok := parse(line); ok {
			found = append(found, r)
			fmt.Fprintf(rest, "measured %s\n", r.name)
			continue
		}
		if strings.Contains(line, "FAIL") || strings.Contains(line, "panic:") {
			failed = true
		}
		fmt.Fprintln(rest, line)
	}
	return found, failed || len(found) == 0
}

// parse reads "BenchmarkPush/sqlite-2  100  12345 ns/op  610 records/s …".
func parse(line string) (result, bool) {
	fields := strings.Fields(line)
	name, ok := strings.CutPrefix(line, "Benchmark")
	if !ok || len(fields) < 4 || len(fields)%2 != 0 {
		return result{}, false
	}
	name, _, _ = strings.Cut(name, "\t")
	name = strings.TrimSpace(name)
	if i := strings.LastIndex(name, "-"); i > 0 {
		name = name[:i] // the number of cores
	}
	r := result{name: name, metrics: map[string]float64{}}
	for i := 2; i < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return result{}, false
		}
		r.metrics[fields[i+1]] = value
	}
	return r, true
}

// medians makes one result of those with the same name: metric by metric the middle one, the lower of two.
func medians(found []result) (out []result) {
	values := map[string]map[string][]float64{}
	for _, r := range found {
		if values[r.name] == nil {
			values[r.name] = map[string][]float64{}
			out = append(out, result{r.name, map[string]float64{}})
		}
		for unit, value := range r.metrics {
			values[r.name][unit] = append(values[r.name][unit], value)
		}
	}
	for _, r := range out {
		for unit, all := range values[r.name] {
			slices.Sort(all)
			r.metrics[unit] = all[(len(all)-1)/2]
		}
	}
	return out
}

// floors are the kinds of floors, by the end of a benchmark's name, with what the table adds to it.
var floors = []struct{ end, says string }{{"Floor", ""}, {"RowsFloor", ", same rows"}, {"BareFloor", ", bare server"}}

// floorOf finds the floor of a kind that was measured beside a benchmark.
func floorOf(found []result, name, end string) (result, bool) {
	what, where, _ := strings.Cut(name, "/")
	for _, want := range []string{what + end + "/" + where, what + end} {
		for _, r := range found {
			if r.name == want {
				return r, true
			}
		}
	}
	return result{}, false
}

// table prints a line per benchmark that has a floor. The ratio is of time: 1.00 is as fast as the floor.
func table(out io.Writer, found []result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "what\tdatabase\ttime\tfloor\tratio\trecords/s\tfloor\tMB/s\tallocs\tbytes allocated\t")
	for _, r := range found {
		what, where, _ := strings.Cut(r.name, "/")
		for _, kind := range floors {
			floor, ok := floorOf(found, r.name, kind.end)
			if !ok {
				continue // a floor itself, or a benchmark of something inside
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.2f\t%s\t%s\t%s\t%s\t%s\t\n", strings.ToLower(what)+kind.says, where, time(r), time(floor),
				floor.metrics["ns/op"]/r.metrics["ns/op"], count(r, "records/s"), count(floor, "records/s"), count(r, "MB/s"), count(r, "allocs/op"), count(r, "B/op"))
		}
	}
	return w.Flush()
}

func time(r result) string {
	ns, ok := r.metrics["ns/op"]
	switch {
	case !ok:
		return "-"
	case ns >= 1e9:
		return fmt.Sprintf("%.2f s", ns/1e9)
	case ns >= 1e6:
		return fmt.Sprintf("%.1f ms", ns/1e6)
	}
	return fmt.Sprintf("%.0f µs", ns/1e3)
}

// count writes a number with its thousands apart.
func count(r result, unit string) string {
	value, ok := r.metrics[unit]
	if !ok {
		return "-"
	}
	digits := strconv.FormatFloat(value, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return digits
}
