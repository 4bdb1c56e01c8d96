package live_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/sync/live"
)

// told delivers everything one replica has said to another.
func (w *wire) told(h *live.Hub) (notices int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, text := range w.notices {
		h.Hear(text)
	}
	n := len(w.notices)
	w.notices = nil
	return n
}

func TestWhatOneReplicaCommitsAnotherKnows(t *testing.T) {
	db, bus := newTable(), &wire{}
	here, _ := hubOf(t, db, bus)
	there, _ := hubOf(t, db, bus)
	for range 50 {
		here.Note(db.commit("d", 2, street))
		here.Note(db.commit("", 0, "ref/120102"))
	}
	if err := here.TellAll(ctx); err != nil {
		t.Fatal(err)
	}
	if n := bus.told(there); n != 1 {
		t.Errorf("a hundred commits went out in %d notices", n)
	}
	if acked, idle := there.Idle("d", "e1", map[string]uint64{street: 50, "ref/120102": 50}, 100); !idle || acked != 100 {
		t.Errorf("acked %d, idle %v", acked, idle)
	}
}

func TestALargeCommitGoesOutInParts(t *testing.T) {
	db, bus := newTable(), &wire{}
	here, _ := hubOf(t, db, bus)
	there, _ := hubOf(t, db, bus)
	var feeds []string
	for i := range 2000 {
		feeds = append(feeds, fmt.Sprintf("unit/%09d", 120102000+i))
	}
	here.Note(db.commit("d", 1, street))
	here.Note(db.commit("large", 1, feeds...))
	here.Note(db.commit("e", 1, other))
	if err := here.TellAll(ctx); err != nil {
		t.Fatal(err)
	}
	for _, text := range bus.notices {
		if len(text) > live.MaxNotice {
			t.Errorf("a notice of %d octets", len(text))
		}
	}
	if n := bus.told(there); n < 4 {
		t.Errorf("only %d notices", n)
	}
	for _, feed := range feeds {
		if head(there, feed) != 1 && feed != street && feed != other {
			t.Fatalf("%s is at %d", feed, head(there, feed))
		}
	}
	if _, idle := there.Idle("large", "e1", map[string]uint64{feeds[9]: 1}, 1); idle {
		t.Error("the ack came without the certainty that every part has")
	}
	for device, feed := range map[string]string{"d": street, "e": other} {
		if _, idle := there.Idle(device, "e1", map[string]uint64{feed: db.head(feed)}, 1); !idle {
			t.Errorf("the small commit of %s beside it is not known", device)
		}
	}
}

func TestNoticesThatMeanNothingChangeNothing(t *testing.T) {
	db, bus := newTable(), &wire{}
	h, _ := hubOf(t, db, bus)
	h.Note(db.commit("d", 1, street))
	for _, text := range []string{"", "{", "null", "[]", `{"e":"e1"}`, `{"e":"e2","n":[{"h":{"unit/120102001":7}}]}`, `{"e":"e1","n":[{"h":{"unit/120102001":-7}}]}`,
		`{"e":"e1","n":[{"h":{"unit/120102001":7},"new":1}]}`, `{"e":"e1","n":[{"h":{"unit/120102001":0},"d":"d","s":0,"a":0}]}`, strings.Repeat("[", 10000)} {
		h.Hear([]byte(text))
		if acked, idle := h.Idle("d", "e1", map[string]uint64{street: 1}, 1); !idle || acked != 1 {
			t.Errorf("%.60s has changed memory: %d, %v", text, acked, idle)
		}
	}
}

func TestAReplicaThatCannotTellDoesNotGatherForEver(t *testing.T) {
	db, bus := newTable(), &wire{err: errors.New("down")}
	here, _ := hubOf(t, db, bus)
	there, _ := hubOf(t, db, bus)
	for range 5000 {
		here.Note(db.commit("d", 1, street))
	}
	if n := here.Waiting(); n > 1001 {
		t.Errorf("%d commits wait", n)
	}
	if err := here.TellAll(ctx); err == nil {
		t.Error("telling nobody is no success")
	}
	if err := there.Compared(ctx); err != nil || head(there, street) != 5000 {
		t.Errorf("not mended by comparing: %d, %v", head(there, street), err)
	}
}
