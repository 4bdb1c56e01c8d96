package push_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// asking counts what is read one by one, past what was foreseen.
type asking struct {
	push.Tx
	asked *[]string
}

func (a asking) Records(ctx context.Context, ids []string) (map[string]push.Row, error) {
	*a.asked = append(*a.asked, fmt.Sprint("records ", ids))
	return a.Tx.Records(ctx, ids)
}

func (a asking) Match(ctx context.Context, collection, field, value string) ([]push.Row, error) {
	*a.asked = append(*a.asked, fmt.Sprint(collection, ".", field, " = ", value))
	return a.Tx.Match(ctx, collection, field, value)
}

// A day's inspections need nothing read beyond what is read with the locks: a gate that asks for more than it foresees costs every
// push a trip, and nobody would notice. What was not foreseen is asked for all the same.
func TestWhatGatesAskIsReadWithTheLocks(t *testing.T) {
	f, officers := newBenchField(t, services.Postgres(t))
	var asked []string
	f.service.Store = spoilt{f.db, func(tx push.Tx) push.Tx { return asking{tx, &asked} }}
	h := f.handheld()
	for _, o := range h.push(unsigned(h.day(officers))...) {
		if o.Status != "applied" || len(o.Findings) > 0 {
			t.Fatalf("outcome %+v", o)
		}
	}
	if len(asked) > 0 {
		t.Errorf("read one by one: %q", asked)
	}
	visit := newID()
	h.push(h.op("create", visit, 0, object{"unit": street, "state": "open", "startedAt": "2026-11-23T01:00:00Z", "officers": object{officers[0]: object{"role": "lead"}}}))
	h.push(h.op("update", visit, 1, object{"answers": object{"q1": object{"value": "符合"}}}))
	if len(asked) == 0 {
		t.Error("an officer whom the patch does not name was judged by nothing")
	}
}
