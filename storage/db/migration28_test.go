package db

import (
	"context"
	"fmt"
	"testing"
)

// The states that bodies tell stand beside those that are there already: texts at the top, and nothing else that is called so.
func TestStatesOfRecordsThatAreThere(t *testing.T) {
	bare(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		p, err := d.provider()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.UpTo(ctx, 27); err != nil {
			t.Fatal(err)
		}
		for id, body := range map[string]string{"a": `{"state":"open"}`, "b": `{"custody":{"state":"held"}}`, "c": `{"state":7}`, "d": `{"state":{"x":"open"}}`, "e": `{"state":"旧"}`, "f": `{}`} {
			err := d.transact(ctx, func(ctx context.Context, t *tx) error {
				return t.exec(ctx, "INSERT INTO records (id, collection, feed, seq, version, removed, op, body, updated_at) VALUES ("+d.marks(1, 9)+")",
					id, "findings", "unit/"+id, 1, 1, id == "e", "op", body, 1)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if _, err := p.UpTo(ctx, 28); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(texts(t, d, "SELECT id || '=' || state FROM records ORDER BY id")); got != "[a=open b= c= d= e=旧 f=]" {
				t.Error(got)
			}
			if _, err := p.DownTo(ctx, 27); err != nil {
				t.Fatal(err)
			}
		}
	})
}
