package client_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// altering is a line that changes what a snapshot of the unit's feed says, without breaking the encoding.
type altering struct {
	next   http.RoundTripper
	t      testing.TB
	times  int // how many replies are still changed
	change func(lines []string) []string
	after  []uint64 // what was asked for
}

func (l *altering) RoundTrip(r *http.Request) (*http.Response, error) {
	reply, err := l.next.RoundTrip(r)
	if err != nil || !strings.Contains(r.URL.Path, "/snapshot/unit/") {
		return reply, err
	}
	after, err := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		l.t.Error(err)
	}
	l.after = append(l.after, after)
	if l.times--; l.times < 0 {
		return reply, nil
	}
	if reply.Header.Get("Content-Encoding") != "zstd" {
		l.t.Errorf("encoding %q", reply.Header.Get("Content-Encoding"))
	}
	plain, err := zstd.NewReader(reply.Body)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	text, err := io.ReadAll(plain)
	if err != nil {
		return nil, err
	}
	reply.Body.Close()
	reply.Header.Del("Content-Encoding")
	reply.Body = io.NopCloser(bytes.NewReader([]byte(strings.Join(l.change(strings.SplitAfter(string(text), "\n")), ""))))
	return reply, nil
}

// Of what comes otherwise than it was sent, nothing is kept: the chunk is asked for again, and the second time a person has to know.
// Line 600 is of the second chunk.
func TestAlteredChunk(t *testing.T) {
	const line = 600
	w := newWorld(t)
	street := w.street()
	ids := w.many(street, 1800)
	for name, change := range map[string]func([]string) []string{
		"an octet":          func(l []string) []string { l[line] = strings.Replace(l[line], "店", "站", 1); return l },
		"a line less":       func(l []string) []string { return slices.Delete(l, line, line+1) },
		"a line twice":      func(l []string) []string { return slices.Insert(l, line, l[line]) },
		"two lines swapped": func(l []string) []string { l[line], l[line+1] = l[line+1], l[line]; return l },
		"a chunk less":      func(l []string) []string { return slices.Delete(l, 501, 1002) },
		"a seal less":       func(l []string) []string { return slices.Delete(l, 1001, 1002) },
		"not JSON":          func(l []string) []string { l[line] = l[line][1:]; return l },
		"only the end":      func(l []string) []string { return slices.Delete(l, 501, len(l)-2) },
	} {
		t.Run(name, func(t *testing.T) {
			a := w.handheld(street)
			bad := &altering{next: a.line.next, t: t, times: 1, change: change}
			a.line.next = bad
			a.sync()
			if len(bad.after) != 2 || bad.after[1] != bad.after[0]+500 {
				t.Errorf("asked for what is behind %d", bad.after)
			}
			if all, err := a.List(ctx, "subjects"); err != nil || len(all) != len(ids) {
				t.Errorf("%d subjects (%v), want %d", len(all), err, len(ids))
			}

			b := w.handheld(street)
			b.line.next = &altering{next: b.line.next, t: t, times: 2, change: func(l []string) []string {
				if len(l) > 1200 {
					return change(l)
				}
				l[1] = strings.Replace(l[1], "店", "站", 1)
				return l
			}}
			want(t, b.Sync(ctx), fault.SnapshotDamaged)
			var n int
			b.must(b.file().QueryRow("SELECT count(*) FROM records WHERE feed = ? AND body LIKE '%站%'", "unit/"+street).Scan(&n))
			if n != 0 {
				t.Errorf("%d altered records were kept", n)
			}
			b.sync()
			if all, err := b.List(ctx, "subjects"); err != nil || len(all) != len(ids) {
				t.Errorf("%d subjects (%v), want %d", len(all), err, len(ids))
			}
		})
	}
}
