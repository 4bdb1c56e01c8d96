package adapt_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/adapt"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const (
	district = "120102"
	street   = "120102001"
	other    = "120102002"
)

var ctx = context.Background()

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func TestMain(m *testing.M) { services.Main(m) }

// onPostgres makes worlds on PostgreSQL; see TestOnPostgreSQLToo. No test here runs beside another.
var onPostgres bool

// TestOnPostgreSQLToo runs the tests that ask something of the database of their own.
func TestOnPostgreSQLToo(t *testing.T) {
	onPostgres = true
	defer func() { onPostgres = false }()
	t.Run("sent twice", TestSentTwiceIsDoneOnce)
	t.Run("changes his mind", TestWhoChangesHisMind)
	t.Run("takes over", TestWhoTakesOverADevice)
	t.Run("edits twice", TestWhoEditsTwiceIsNotInConflictWithHimself)
	t.Run("lost feed", TestALostFeedIsTaken)
	t.Run("stream", TestTheStreamTellsWhatHappens)
	t.Run("old pull", TestAnEditOnAnOldPull)
	t.Run("refused", TestWhatIsRefusedIsNamedAndSentAgain)
	t.Run("unknown number", TestAnUnknownNumberBeginsAnew)
	t.Run("marks", TestMarksAreFew)
	t.Run("rxdb in an older form", TestRxDBInAnOlderForm)
	t.Run("watermelon in an older form", TestWatermelonInAnOlderForm)
	t.Run("no role", TestWhoHasNoRoleLeftHoldsNothing)
	t.Run("away", TestWhoWasAwayForTooLongBeginsAnew)
}

// world is the real engine on a fresh database, with a clock that stands.
type world struct {
	testing.TB
	db    *db.DB
	now   time.Time
	push  *push.Service
	adapt *adapt.Service
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, now: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}
	now := func() time.Time { return w.now }
	if onPostgres {
		w.db = databases.Postgres(t, now)
	} else {
		w.db = databases.SQLite(t, now)
	}
	catalogue, err := collections.Catalogue()
	w.must(err)
	w.push = &push.Service{Store: w.db, Catalogue: catalogue, District: district, Now: now, NewID: newID}
	pulls := &pull.Service{Reader: w.db, Cursors: pull.Cursors{Key: bytes.Repeat([]byte{3}, 32)}, District: district, Now: now}
	w.adapt = &adapt.Service{Reader: w.db, Writer: w.push, Marks: w.db, Catalogue: catalogue, Cursors: pulls.Cursors, Feeds: pulls.Feeds,
		Trimmed: pulls.Trimmed, Now: now}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) put(collection string, body record.Object) string {
	w.Helper()
	id := newID()
	w.must(w.push.ApplyOwn(ctx, []push.ServerOp{{Collection: collection, Record: id, Action: record.Create, Patch: body}}))
	return id
}

func (w *world) change(collection, id string, patch record.Object) {
	w.Helper()
	w.must(w.push.ApplyOwn(ctx, []push.ServerOp{{Collection: collection, Record: id, Action: record.Update, Patch: patch}}))
}

// hire makes an officer with roles in a street, signed in on a device.
func (w *world) hire(roles ...string) people.Caller {
	w.Helper()
	set, caller := record.Object{}, people.Caller{Device: newID(), Unit: street}
	for _, role := range roles {
		set[role] = record.Object{"role": role, "unit": street}
		caller.Grants = append(caller.Grants, people.Grant{Role: people.Role(role), Unit: street})
	}
	caller.Officer = w.put("officers", record.Object{"name": "赵一", "unit": street, "state": "active", "grants": set})
	w.must(w.db.CreateCode(ctx, people.EnrolmentCode{Digest: caller.Device, Unit: street, CreatedBy: "server", ExpiresAt: w.now.Add(time.Hour)}))
	_, err := w.db.Enrol(ctx, caller.Device, people.Device{ID: caller.Device, Name: "d", PublicKey: []byte(caller.Device), Thumbprint: caller.Device,
		EnrolledAt: w.now}, w.now)
	w.must(err)
	return caller
}

func subject(name string) record.Object {
	return record.Object{"kind": "enterprise", "name": name, "unit": street}
}

// body is a record as it stands, nil if it is not there.
func (w *world) body(id string) record.Object {
	w.Helper()
	for _, collection := range []string{"subjects", "tasks"} {
		if r, err := w.db.Record(ctx, collection, id); err == nil && !r.Removed {
			body, err := wire.Object(r.Body)
			w.must(err)
			return body
		}
	}
	return nil
}

// ops counts the ops on a record.
func (w *world) ops(id string) int {
	w.Helper()
	n := 0
	past, err := w.db.Revisions(ctx, id)
	w.must(err)
	for range past {
		n++
	}
	return n
}

func (w *world) conflicts() int {
	w.Helper()
	page, _, err := w.db.Changes(ctx, "unit/"+street, 0, 1000)
	w.must(err)
	n := 0
	for _, c := range page {
		if c.Collection == "conflicts" {
			n++
		}
	}
	return n
}

func (w *world) pull(c people.Caller, collection, checkpoint string, limit int) wire.RxPage {
	w.Helper()
	page, err := w.adapt.RxPull(ctx, c, collection, 0, checkpoint, limit)
	w.must(err)
	return page
}

// rx pushes rows and returns the documents that come back, by id.
func (w *world) rx(c people.Caller, collection string, rows ...wire.RxRow) map[string]record.Object {
	w.Helper()
	docs, err := w.adapt.RxPush(ctx, c, collection, 0, rows)
	w.must(err)
	out := map[string]record.Object{}
	for _, doc := range docs {
		out[doc["id"].(string)] = doc
	}
	return out
}

// row is a row of RxDB: what is assumed may be nil.
func row(id string, assumed, wanted record.Object) wire.RxRow {
	with := func(doc record.Object) record.Object {
		if doc == nil {
			return nil
		}
		doc = maps.Clone(doc)
		doc["id"] = id
		if _, said := doc["_deleted"]; !said {
			doc["_deleted"] = false
		}
		return doc
	}
	return wire.RxRow{Assumed: with(assumed), New: with(wanted)}
}

func with(doc record.Object, pairs ...any) record.Object {
	doc = maps.Clone(doc)
	for i := 0; i < len(pairs); i += 2 {
		doc[pairs[i].(string)] = pairs[i+1]
	}
	return doc
}

func isCode(err error, code fault.Code) bool { return err != nil && fault.Of(err).Code == code }

func ids(docs []map[string]any) []string {
	var out []string
	for _, d := range docs {
		out = append(out, d["id"].(string))
	}
	slices.Sort(out)
	return out
}
