package papers_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"image/png"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) { services.Main(m) }

const (
	street   = "120102011"
	team     = street + "01"
	district = "120102"
)

var now = time.Date(2026, 11, 25, 7, 30, 0, 0, time.UTC)

// world is a small district: a street with a team, two officers with certificates, the templates, a database, a folder.
type world struct {
	*testing.T
	papers.Service
	db       *db.DB
	push     *push.Service
	template string
	record   string // template of the record of inspection
	officers [2]string
	subject  string
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// each runs a test in a fresh world on both databases.
func each(t *testing.T, test func(*world)) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		catalogue, err := collections.Catalogue()
		if err != nil {
			t.Fatal(err)
		}
		folder, err := blob.OpenFolder(t.TempDir(), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{T: t, db: d, push: &push.Service{Store: d, Catalogue: catalogue, District: district, Now: func() time.Time { return now }, NewID: newID}}
		w.Service = papers.Service{History: d, Records: w.push, Blobs: blob.Verified(folder), Watch: d, Numbers: d, Devices: d, Judged: w.push, PublicURL: "https://fieldwarden.example.cn",
			NumberTTL: 30 * 24 * time.Hour, Now: func() time.Time { return now }, NewID: newID, Log: slog.New(slog.DiscardHandler)}
		w.furnish()
		test(w)
	})
}

// furnish writes what papers speak of.
func (w *world) furnish() {
	w.create("units", record.Object{"code": street, "name": "天津市河东区人民政府东新街道办事处", "short": "东新", "kind": "street", "parent": district})
	w.create("units", record.Object{"code": team, "name": "东新街道综合行政执法大队", "kind": "team", "parent": street})
	w.template = w.create("templates", seed(w.T, document.SummaryPenalty))
	w.record = w.create("templates", seed(w.T, document.InspectionRecord))
	w.subject = w.create("subjects", record.Object{"kind": document.Enterprise, "name": "天津市河东区堃喆餐饮有限公司", "unit": street, "address": "津塘路"})
	for i, name := range []string{"赵翀", "钱珺"} {
		w.officers[i] = w.create("officers", record.Object{"name": name, "unit": team, "state": "active",
			"grants": record.Object{"g": record.Object{"role": "officer", "unit": street}}})
		for _, term := range [][3]string{{"0201020000" + string(rune('1'+i)), "2019-01-01", "2023-12-31"}, {"0201020001" + string(rune('1'+i)), "2024-01-01", "2028-12-31"}} {
			w.create("certificates", record.Object{"number": term[0], "officer": w.officers[i], "organ": street, "validFrom": term[1], "validTo": term[2]})
		}
	}
}

func seed(t testing.TB, kind string) record.Object {
	t.Helper()
	text, err := templates.Files.ReadFile(kind + ".json")
	if err != nil {
		t.Fatal(err)
	}
	body, err := wire.Object(text)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func (w *world) create(collection string, body record.Object) string {
	w.Helper()
	id := newID()
	w.apply(collection, id, record.Create, body)
	return id
}

func (w *world) apply(collection, id string, action record.Action, patch record.Object) {
	w.Helper()
	err := w.push.ApplyOwn(context.Background(), []push.ServerOp{{Collection: collection, Record: id, Action: action, Patch: patch}})
	if err != nil {
		w.Fatal(err)
	}
}

// body reads a record, with its version.
func (w *world) body(collection, id string) (record.Object, uint64) {
	w.Helper()
	r, err := w.db.Record(context.Background(), collection, id)
	if err != nil {
		w.Fatal(err)
	}
	body, err := wire.Object(r.Body)
	if err != nil {
		w.Fatal(err)
	}
	return body, r.Version
}

// rendered is what the server says of a paper's PDF.
func (w *world) rendered(id string) record.Object {
	w.Helper()
	body, _ := w.body(document.Documents.Name, id)
	rendered, _ := body["rendered"].(record.Object)
	return rendered
}

func (w *world) render(id string) {
	w.Helper()
	if err := w.Render(context.Background(), id); err != nil {
		w.Fatal(err)
	}
}

// stored reads the bytes that a "rendered" names.
func (w *world) stored(rendered record.Object) []byte {
	w.Helper()
	key, _ := rendered["key"].(string)
	file, err := w.Blobs.OpenRange(context.Background(), key, 0, -1)
	if err != nil {
		w.Fatal(err)
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		w.Fatal(err)
	}
	return text
}

func picture() string {
	var out bytes.Buffer
	_ = png.Encode(&out, image.NewGray(image.Rect(0, 0, 60, 20)))
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// penalty is the body of a decision on the spot; its party is the subject on record, and its officers are named by id alone.
func (w *world) penalty(state string) record.Object {
	sign := func(role, officer string) record.Object {
		s := record.Object{"role": role, "at": "2026-11-25T07:00:00Z", "image": picture()}
		if officer != "" {
			s["officer"] = officer
		}
		return s
	}
	return record.Object{"unit": street, "kind": document.SummaryPenalty, "template": w.template, "templateVersion": 1.0, "state": state,
		"issuedAt": "2026-11-25T07:05:00Z", "subject": w.subject,
		"officers": record.Object{w.officers[0]: record.Object{"role": "officer"}, w.officers[1]: record.Object{"role": "officer"}},
		"data": record.Object{"occurredAt": "2026-11-25T06:50:00Z", "place": record.Object{"address": "成林道"}, "facts": "占道经营", "evidence": "照片",
			"violated": record.Object{"law": "某条例", "article": "第一条"}, "basis": record.Object{"law": "某条例", "article": "第二条"},
			"discretion": "轻微", "penalty": "fine", "fine": 500.0, "correction": "当场改正", "defence": "不陈述、不申辩", "collection": "bank"},
		"signatures": record.Object{"a": sign("officer", w.officers[0]), "b": sign("officer", w.officers[1]), "p": sign("party", "")}}
}

func (w *world) caller() people.Caller {
	return people.Caller{Officer: w.officers[0], Device: "01890000-0000-7000-8000-0000000000d1", Unit: team,
		Grants: []people.Grant{{Role: people.RoleOfficer, Unit: street}}}
}

var _ evidence.Blobs = (*trouble)(nil)
