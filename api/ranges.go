package api

import (
	"math"
	"strconv"
	"strings"
)

// span is which octets of a file are meant: n from an offset.
type span struct{ from, n int64 }

// verdict is what a Range header asks for.
type verdict int

const (
	whole       verdict = iota // the whole file: no range, or one that may be ignored (RFC 9110 §14.2)
	part                       // one range
	unsatisfied                // a range beyond the file
)

// parseRange reads a Range header against a file's size. One range of bytes is honoured. What is malformed, of another unit or
// of several ranges is ignored, as RFC 9110 §14.2 allows: several ranges would need a body of parts, and no player asks for them.
func parseRange(header string, size int64) (span, verdict) {
	all := span{0, size}
	unit, set, found := strings.Cut(header, "=")
	if !found || !strings.EqualFold(unit, "bytes") {
		return all, whole
	}
	first, last, found := strings.Cut(strings.Trim(set, " \t"), "-")
	if !found {
		return all, whole
	}
	end, endOK := position(last)
	if first == "" {
		return suffix(end, endOK, size)
	}
	begin, ok := position(first)
	if !ok || last != "" && (!endOK || end < begin) {
		return all, whole
	}
	if begin >= size {
		return span{}, unsatisfied
	}
	if last == "" || end >= size {
		end = size - 1
	}
	return span{begin, end - begin + 1}, part
}

// suffix is the range of a file's last n octets.
func suffix(n int64, ok bool, size int64) (span, verdict) {
	if !ok {
		return span{0, size}, whole
	}
	if n == 0 || size == 0 {
		return span{}, unsatisfied
	}
	n = min(n, size)
	return span{size - n, n}, part
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

// matches reports whether one of the entity tags of an If-Match or If-None-Match list is the given strong one, or is "*".
// weak lets a weak tag count, as If-None-Match wants (RFC 9110 §13.1.2).
func matches(list, etag string, weak bool) bool {
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
