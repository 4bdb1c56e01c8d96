// Package header reads the headers that have a grammar of their own: ranges, entity tags, encodings, and those of tus. Everything here is
// text in, values out, and fuzzed.
//
// It must not know Fiber, routes or services.
package header

import (
	"math"
	"strconv"
	"strings"
)

// Span is which octets of a file are meant: N from an offset.
type Span struct{ From, N int64 }

// Verdict is what a Range header asks for.
type Verdict int

// The verdicts.
const (
	Whole       Verdict = iota // the whole file: no range, or one that may be ignored (RFC 9110 §14.2)
	Part                       // one range
	Unsatisfied                // a range beyond the file
)

// Range reads a Range header against a file's size. One range of bytes is honoured. What is malformed, of another unit or
// of several ranges is ignored, as RFC 9110 §14.2 allows: several ranges would need a body of parts, and no player asks for them.
func Range(header string, size int64) (Span, Verdict) {
	all := Span{0, size}
	unit, set, found := strings.Cut(header, "=")
	if !found || !strings.EqualFold(unit, "bytes") {
		return all, Whole
	}
	first, last, found := strings.Cut(strings.Trim(set, " \t"), "-")
	if !found {
		return all, Whole
	}
	end, endOK := position(last)
	if first == "" {
		return suffix(end, endOK, size)
	}
	begin, ok := position(first)
	if !ok || last != "" && (!endOK || end < begin) {
		return all, Whole
	}
	if begin >= size {
		return Span{}, Unsatisfied
	}
	if last == "" || end >= size {
		end = size - 1
	}
	return Span{begin, end - begin + 1}, Part
}

// suffix is the range of a file's last n octets.
func suffix(n int64, ok bool, size int64) (Span, Verdict) {
	if !ok {
		return Span{0, size}, Whole
	}
	if n == 0 || size == 0 {
		return Span{}, Unsatisfied
	}
	n = min(n, size)
	return Span{size - n, n}, Part
}

// position reads a number of digits only. One too large to be counted is as good as the largest.
func position(text string) (int64, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return math.MaxInt64, true
	}
	return n, true
}

// Matches reports whether one of the entity tags of an If-Match or If-None-Match list is the given strong one, or is "*".
// weak lets a weak tag count, as If-None-Match wants (RFC 9110 §13.1.2).
func Matches(list, etag string, weak bool) bool {
	for tag := range strings.SplitSeq(list, ",") {
		tag = strings.Trim(tag, " \t")
		if weak {
			tag = strings.TrimPrefix(tag, "W/")
		}
		if tag == etag || tag == "*" {
			return true
		}
	}
	return false
}

// AcceptEncoding picks the encoding of a reply by an Accept-Encoding header: the one of the greatest weight; of equal ones zstd before
// gzip before none. What has the weight 0 is not taken, nor what has a weight that cannot be read.
func AcceptEncoding(value string) string {
	weights := map[string]float64{}
	for offer := range strings.SplitSeq(value, ",") {
		name, params, _ := strings.Cut(offer, ";")
		q := 1.0
		if weight, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(params, " ", "")), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(weight, 64); err != nil || !(q >= 0 && q <= 1) {
				q = 0
			}
		}
		weights[strings.ToLower(strings.TrimSpace(name))] = q
	}
	best, most := "", weights["identity"]
	for _, name := range []string{"gzip", "zstd"} {
		if q := weights[name]; q > 0 && q >= most {
			best, most = name, q
		}
	}
	return best
}
