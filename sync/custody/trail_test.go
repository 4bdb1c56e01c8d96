package custody_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Every act that a person does names him, his unit, his device, and when; and why, but for the announcement, which says it in no word.
func TestEveryActSaysWhoWhereWhenAndWhy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		data := []byte("of its life " + t.Name())
		id := newID()
		w.stands(w.leader, "evidence", id, "create", record.Object{"unit": street, "kind": "video", "officer": w.leader.Officer, "mime": "video/mp4",
			"startedAt": stamp(w.now), "endedAt": stamp(w.now), "length": float64(len(data)), "sha256": sum(data)})
		w.take(id, data)
		w.must(w.Record(ctx, []evidence.Entry{w.By(w.leader, evidence.ActShare, id, street, "查阅")}))
		w.release(w.lock(id))
		w.now = w.expired()
		w.confirm(w.propose(id))
		trail, err := w.Trail(ctx, w.supervisor, id)
		w.must(err)
		done := map[evidence.Act]bool{}
		for _, e := range trail.Acts {
			done[e.Act] = true
			if e.Act != evidence.ActReceive && (e.Actor == "" || e.ActorUnit == "" || e.Device == "" || e.At.IsZero() || e.Reason == "" && e.Act != evidence.ActCreate) {
				t.Errorf("%+v", e)
			}
		}
		for _, act := range []evidence.Act{evidence.ActCreate, evidence.ActReceive, evidence.ActShare, evidence.ActHold, evidence.ActRelease, evidence.ActPropose, evidence.ActConfirm} {
			if !done[act] {
				t.Errorf("%s is in no act: %+v", act, trail.Acts)
			}
		}
	})
}
