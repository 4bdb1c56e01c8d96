package push_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
)

// Whoever writes a client is told which member of which op cannot be read, and why.
func TestAnUnreadableOpNamesItsMember(t *testing.T) {
	f := newField(t, databases.SQLite(t, time.Now))
	h := f.handheld()
	first := h.op(record.Create, newID(), 0, object{"unit": street})
	p := h.sign(first, h.op(record.Update, first.Record, 0, object{"summary": "s"}))
	for _, c := range []struct{ from, to, field, said string }{
		{`"base":0`, `"base":"0"`, "ops/1/base", "another type"},
		{`"base":0`, `"base":1.0`, "ops/1/base", "another type"},
		{`"patch":{`, `"priority":1,"patch":{`, "ops/1/priority", "no such member"},
		{`"monotonicMs":0`, `"monotonicMs":0,"x":1`, "ops/1/clock/x", "no such member"},
		{`"summary":"s"`, `"summary":1e999`, "ops/1/patch/summary", "another type"},
		{`"summary":"s"`, `"summary":` + strings.Repeat("[", 31) + strings.Repeat("]", 31), "ops/1", "too deep"},
	} {
		q := p
		text := strings.Replace(string(p.Ops[1]), c.from, c.to, 1)
		if text == string(p.Ops[1]) {
			t.Fatalf("nothing is changed by %v in %s", c, text)
		}
		q.Ops = []jsontext.Value{p.Ops[0], jsontext.Value(text)}
		_, err := h.send(q)
		var why *fault.Error
		if !errors.As(err, &why) || why.Code != fault.OpInvalid || why.Field != c.field || !strings.Contains(why.En, c.said) {
			t.Errorf("%s: %v", c.to, err)
		}
	}
	if out := h.push(first); out[0].Status != "applied" {
		t.Errorf("what was refused has left something: %+v", out[0])
	}
}
