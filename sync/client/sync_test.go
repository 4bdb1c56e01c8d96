package client_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// An edit is there at once, without a network; with one it reaches the other handheld.
func TestAnEditTravels(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a, b := w.handheld(street), w.handheld(street)
	a.line.cut(true)
	id := a.create(street, "理发店")
	a.set(id, "phone", "022-1")
	if r := a.get(id); r.Body["phone"] != "022-1" || r.Unsent != 2 || r.Version != 0 {
		t.Errorf("offline: %+v", r)
	}
	want(t, a.Sync(ctx), fault.Unreachable)
	a.line.cut(false)
	a.sync()
	if r := a.get(id); r.Body["phone"] != "022-1" || r.Unsent != 0 || r.Version != 2 {
		t.Errorf("after the sync: %+v", r)
	}
	b.sync()
	if r := b.get(id); r.Body["name"] != "理发店" || r.Body["phone"] != "022-1" || r.Version != 2 {
		t.Errorf("the other handheld sees %+v", r)
	}
	b.must(b.Update(ctx, "subjects", id, func(body record.Object) { delete(body, "phone") }))
	b.sync()
	a.sync()
	if r := a.get(id); r.Body["phone"] != nil || r.Version != 3 {
		t.Errorf("what was taken away there is still here: %+v", r)
	}
	if all, err := a.List(ctx, "subjects"); err != nil || len(all) != 1 {
		t.Errorf("list: %v, %v", all, err)
	}
	_, err := a.Get(ctx, "tasks", id)
	want(t, err, fault.RecordUnknown)
}

// Without a change there is no op.
func TestNoChangeIsNoOp(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a := w.handheld(street)
	id := a.create(street, "理发店")
	a.set(id, "name", "理发店")
	a.must(a.Update(ctx, "subjects", id, func(body record.Object) { body["address"] = nil }))
	if unsent, err := a.Unsent(ctx); err != nil || len(unsent) != 1 {
		t.Errorf("%d unsent (%v), want the creation alone", len(unsent), err)
	}
}

// Two officers edit one record offline: both sides of a clash are kept, and the one who lost hears of it.
func TestConflict(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a, b := w.handheld(street), w.handheld(street)
	id := a.create(street, "理发店")
	a.sync()
	b.sync()
	a.set(id, "phone", "from a")
	b.must(b.Update(ctx, "subjects", id, func(body record.Object) { body["phone"], body["address"] = "from b", "某路" }))
	a.sync()
	b.sync()
	if r := b.get(id); r.Body["phone"] != "from a" || r.Body["address"] != "某路" {
		t.Errorf("b sees %v", r.Body)
	}
	lost, err := b.Conflicts(ctx)
	if err != nil || len(lost) != 1 {
		t.Fatalf("conflicts of b: %v, %v", lost, err)
	}
	c, err := b.Get(ctx, "conflicts", lost[0].Outcome.Conflict)
	b.must(err)
	sides := c.Body["fields"].(record.Object)["phone"].(record.Object)
	if sides["ours"] != "from b" || sides["theirs"] != "from a" {
		t.Errorf("the conflict holds %v", sides)
	}
	b.must(b.Update(ctx, "conflicts", c.ID, func(body record.Object) {
		body["state"], body["reason"] = "resolved", "以先到者为准"
		body["resolution"] = record.Object{"phone": record.Object{"take": record.TakeTheirs}}
	}))
	b.must(b.Dismiss(ctx, lost[0].ID))
	b.sync()
	a.sync()
	if c, err := a.Get(ctx, "conflicts", c.ID); err != nil || c.Body["state"] != "resolved" {
		t.Errorf("a sees the conflict as %v, %v", c.Body, err)
	}
	if lost, _ := b.Conflicts(ctx); len(lost) != 0 {
		t.Errorf("a dismissed conflict is still listed: %v", lost)
	}
}

// editAtPull makes an edit when the device's push is done and its pull begins: edits never wait for the network.
func (h *handheld) editAtPull(change func()) {
	done := false
	h.line.edit = func(r *http.Request) *http.Request {
		if strings.HasSuffix(r.URL.Path, "/pull") && !done {
			done = true
			change()
		}
		return r
	}
}

// News about a record with unsent edits waits: what the person sees is the version the edits name, with them on top, and
// nothing of what others did is lost when they are answered.
func TestNewsWaitsForUnsentEdits(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a, b := w.handheld(street), w.handheld(street)
	id := a.create(street, "理发店")
	a.sync()
	b.sync()
	b.set(id, "address", "b 路")
	b.sync()
	a.set(id, "representative", "甲") // goes out and is answered
	a.editAtPull(func() { a.set(id, "phone", "a") })
	a.sync()
	a.line.edit = nil
	r := a.get(id)
	if r.Version != 1 || r.Body["phone"] != "a" || r.Body["representative"] != "甲" || r.Body["address"] != nil || r.Unsent != 1 {
		t.Errorf("with an unsent edit on the old version the person sees %+v", r)
	}
	a.restart()
	a.sync()
	if r := a.get(id); r.Version != 4 || r.Body["phone"] != "a" || r.Body["representative"] != "甲" || r.Body["address"] != "b 路" {
		t.Errorf("after the answer the person sees %+v", r)
	}
}

// News that has waited for an edit is let in also when the edit is rejected, and when the news is that the record is gone.
func TestNewsThatWaitedIsLetIn(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a, b := w.handheld(street), w.handheld(street)
	kept := a.create(street, "理发店")
	removed, err := a.Create(ctx, "tasks", record.Object{"title": "检查", "unit": street, "kind": "routine", "state": "draft"})
	a.must(err)
	a.sync()
	b.sync()
	b.set(kept, "address", "b 路")
	b.must(b.Remove(ctx, "tasks", removed))
	b.sync()
	a.editAtPull(func() {
		a.set(kept, "phone", 7.0)
		a.must(a.Update(ctx, "tasks", removed, func(body record.Object) { body["title"] = 7.0 }))
	})
	a.sync()
	if _, err := a.Get(ctx, "tasks", removed); err != nil {
		t.Errorf("the record went while an edit was under way: %v", err)
	}
	a.sync()
	if r := a.get(kept); r.Version != 2 || r.Body["address"] != "b 路" || r.Body["phone"] != nil {
		t.Errorf("after the rejection the person sees %+v", r)
	}
	_, err = a.Get(ctx, "tasks", removed)
	want(t, err, fault.RecordUnknown)
	var waiting int
	a.must(a.file().QueryRow("SELECT count(*) FROM arrivals").Scan(&waiting))
	if waiting != 0 {
		t.Errorf("%d pieces of news still wait", waiting)
	}
}

// Between the pages of a pull, an own edit that a newer version holds already is not laid over it again: the other's later
// edit is seen.
func TestAnOwnEditIsNotLaidOverWhatHoldsIt(t *testing.T) {
	w := newWorld(t)
	street, later := w.street(), w.street()
	a, b := w.handheld(street), w.handheld(street)
	w.own(onOfficer(a.who.officer, record.Object{"grants": record.Object{"x": record.Object{"role": "officer", "unit": later}}}))
	a.must(a.SignIn(ctx, a.who.account, password))
	id := a.create(street, "店")
	a.sync()
	w.many(later, 600) // more than one page, in a feed that comes after
	a.set(id, "phone", "a")
	pulls := 0
	a.line.edit = func(r *http.Request) *http.Request {
		if !strings.HasSuffix(r.URL.Path, "/pull") {
			return r
		}
		if pulls++; pulls > 1 {
			return nil
		}
		b.sync()
		b.set(id, "phone", "b")
		b.sync()
		return r
	}
	want(t, a.Sync(ctx), fault.Unreachable)
	if r := a.get(id); r.Version != 3 || r.Body["phone"] != "b" {
		t.Errorf("between two pages: %+v", r)
	}
}

// A record that others remove while it has an unsent edit: both sides are kept in a conflict, and it goes from the view.
func TestRemovedMeanwhile(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a, b := w.handheld(street), w.handheld(street)
	id, err := a.Create(ctx, "tasks", record.Object{"title": "检查", "unit": street, "kind": "routine", "state": "draft"})
	a.must(err)
	a.sync()
	b.sync()
	a.must(a.Remove(ctx, "tasks", id))
	a.sync()
	b.must(b.Update(ctx, "tasks", id, func(body record.Object) { body["title"] = "改过" }))
	b.sync()
	if lost, err := b.Conflicts(ctx); err != nil || len(lost) != 1 {
		t.Errorf("conflicts: %v, %v", lost, err)
	}
	for _, h := range []*handheld{a, b} {
		_, err := h.Get(ctx, "tasks", id)
		want(t, err, fault.RecordUnknown)
	}
}

// A rejected edit goes from the view, stays on the list until somebody deals with it, and can be made anew.
func TestRejectedAndRetried(t *testing.T) {
	w := newWorld(t)
	street, other := w.street(), w.street()
	a := w.handheld(street)
	id := a.create(other, "别处的店") // not this officer's unit
	a.set(id, "phone", "1")
	good := a.create(street, "本处的店")
	a.sync()
	failed, err := a.Rejected(ctx)
	if err != nil || len(failed) != 2 || failed[0].Outcome.Code != string(fault.OutOfScope) || failed[1].Outcome.HeldBy != failed[0].ID {
		t.Fatalf("rejected: %+v, %v", failed, err)
	}
	_, err = a.Get(ctx, "subjects", id)
	want(t, err, fault.RecordUnknown)
	a.get(good)
	// the officer is given the other unit too, and tries again
	w.own(onOfficer(a.who.officer, record.Object{"grants": record.Object{"x": record.Object{"role": "officer", "unit": other}}}))
	a.must(a.SignIn(ctx, a.who.account, password))
	a.must(a.Retry(ctx, failed[0].ID))
	a.must(a.Retry(ctx, failed[1].ID))
	a.sync()
	if r := a.get(id); r.Body["phone"] != "1" || r.Version != 2 {
		t.Errorf("after the retry: %+v", r)
	}
	if failed, _ := a.Rejected(ctx); len(failed) != 0 {
		t.Errorf("still rejected: %+v", failed)
	}
	want(t, a.Retry(ctx, newID()), fault.EditUnknown)
	want(t, a.Dismiss(ctx, newID()), fault.EditUnknown)
}

// A group stands or falls together, here and there; and however many edits are unsent, no push tears it.
func TestGroupsAreNeverTorn(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a := w.handheld(street)
	for i := range 90 {
		a.create(street, fmt.Sprint("店", i))
	}
	group := func(n int, last record.Object) (ids []string, err error) {
		err = a.Group(ctx, func(e *client.Edit) error {
			for i := range n {
				body := record.Object{"kind": "household", "name": fmt.Sprint("组", i), "unit": street}
				if i == n-1 && last != nil {
					body = last
				}
				id, err := e.Create("subjects", body)
				if err != nil {
					return err
				}
				ids = append(ids, id)
			}
			return nil
		})
		return ids, err
	}
	bad, err := group(20, record.Object{"kind": "household", "unit": street}) // the last has no name
	a.must(err)
	good, err := group(100, nil)
	a.must(err)
	_, err = group(101, nil)
	want(t, err, fault.EditTooLarge)
	a.sync()
	failed, err := a.Rejected(ctx)
	if err != nil || len(failed) != 20 || failed[0].Outcome.Code != string(fault.TxnFailed) || failed[19].Outcome.Code != string(fault.FieldRequired) {
		t.Fatalf("%d rejected (%v), want the whole group of 20", len(failed), err)
	}
	for _, id := range bad {
		if _, err := a.Get(ctx, "subjects", id); err == nil {
			t.Errorf("%s of the failed group is shown", id)
		}
	}
	for _, id := range good {
		a.get(id)
	}
	if n := a.line.count("POST", "/v1/sync/push"); n != 3 {
		t.Errorf("%d pushes, want three: 90, 20 and 100", n)
	}
	a.must(a.Retry(ctx, failed[3].ID))
	if unsent, err := a.Unsent(ctx); err != nil || len(unsent) != 20 || unsent[0].Txn == "" || unsent[0].Txn != unsent[19].Txn {
		t.Errorf("%d ops of the retried group (%v), want 20 of one group", len(unsent), err)
	}
}

// What could never be sent is refused at once, with nothing left behind.
func TestEditsThatCouldNeverTravel(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a := w.handheld(street)
	_, err := a.Create(ctx, "subjects", record.Object{"kind": "household", "name": strings.Repeat("长", 1<<20), "unit": street})
	want(t, err, fault.EditTooLarge)
	deep := record.Object{}
	for range 40 {
		deep = record.Object{"a": deep}
	}
	if _, err = a.Create(ctx, "subjects", record.Object{"kind": "household", "name": "深", "unit": street, "place": deep}); err == nil {
		t.Error("a body that nobody could read was taken")
	}
	err = a.Group(ctx, func(e *client.Edit) error {
		if _, err := e.Create("subjects", record.Object{"kind": "household", "name": "一", "unit": street}); err != nil {
			return err
		}
		return fault.New(fault.FieldInvalid)
	})
	want(t, err, fault.FieldInvalid)
	a.create(street, "好")
	a.sync()
	if all, err := a.List(ctx, "subjects"); err != nil || len(all) != 1 {
		t.Errorf("%d subjects (%v), want the one that can travel", len(all), err)
	}
}

// secadmin is who may disable accounts.
var secadmin = people.Caller{Grants: []people.Grant{{Role: people.RoleSecAdmin, Unit: district}}}

// Who has signed in goes on working offline when the tokens have run out, also after a restart; nobody works before.
func TestSessions(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a := w.handheld(street)
	who, err := a.Officer(ctx)
	if err != nil || who.ID != a.who.officer || who.Name != "赵一" {
		t.Fatalf("officer %+v, %v", who, err)
	}
	a.must(a.Refresh(ctx))
	a.line.cut(true)
	a.restart()
	id := a.create(street, "离线")
	a.line.cut(false)
	want(t, a.SignIn(ctx, a.who.account, "wrong password"), fault.SignInFailed)
	a.sync()
	a.get(id)
	// the account is disabled: the sign-in ends, the work stays
	a.create(street, "之后")
	account, err := w.db.AccountByName(ctx, a.who.account)
	w.must(err)
	w.must(w.deps.Sessions.DisableAccount(ctx, secadmin, account.ID))
	err = a.Sync(ctx)
	want(t, err, fault.AccountDisabled)
	want(t, a.Sync(ctx), fault.SignedOut)
	if unsent, _ := a.Unsent(ctx); len(unsent) != 1 {
		t.Errorf("%d unsent after the sign-in ended, want 1", len(unsent))
	}
	a.must(a.SignOut(ctx))
	_, err = a.Create(ctx, "subjects", record.Object{"kind": "household", "name": "无人", "unit": street})
	want(t, err, fault.SignedOut)
	_, err = a.Officer(ctx)
	want(t, err, fault.SignedOut)
}

// An access token that the server takes no longer is exchanged on the way, also where the refusal comes without a word.
func TestTokensAreRenewedOnTheWay(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a := w.handheld(street, func(cfg *client.Config) { cfg.Chunk = 1000 })
	spoil := func() {
		_, err := writable(t, a).Exec("UPDATE session SET access = 'spoilt'")
		a.must(err)
	}
	id := a.create(street, "店")
	film := a.record(film(t, 5000))
	spoil()
	a.sync()
	a.get(id)
	a.line.next = &scissors{next: a.line.next, n: []int64{-1, 1, 1, 1, 1, 1, 1}}
	want(t, a.Upload(ctx), fault.Unreachable)
	spoil()
	a.must(a.Upload(ctx)) // begins with a HEAD, whose answer has no body
	if u := a.upload(film); u.State != client.UploadSent {
		t.Errorf("%+v", u)
	}
	_, err := writable(t, a).Exec("UPDATE session SET access = 'spoilt', refresh = 'spoilt'")
	a.must(err)
	want(t, a.Sync(ctx), fault.RefreshInvalid)
	want(t, a.Sync(ctx), fault.SignedOut)
}

// heavy is a line on which a page with many changes weighs more than a client takes.
type heavy struct{ next http.RoundTripper }

func (l heavy) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/pull") {
		return l.next.RoundTrip(r)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var p wire.Pull
	if err := wire.Decode(bytes.Clone(text), &p); err != nil {
		return nil, err
	}
	c := r.Clone(r.Context())
	c.Body = io.NopCloser(bytes.NewReader(text))
	c.Header.Set("Accept-Encoding", "identity")
	reply, err := l.next.RoundTrip(c)
	if err == nil && p.Limit > 10 {
		reply.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(strings.NewReader(strings.Repeat(" ", 65<<20)), reply.Body), reply.Body}
	}
	return reply, err
}

// A page that is too large is asked for in smaller ones.
func TestPagesThatAreTooLarge(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	ids := w.many(street, 30)
	a := w.handheld(street)
	a.line.next = heavy{a.line.next}
	a.sync()
	if all, err := a.List(ctx, "subjects"); err != nil || len(all) != len(ids) {
		t.Errorf("%d subjects (%v), want %d", len(all), err, len(ids))
	}
}

// Two officers share a handheld: each op keeps its author, whoever brings it.
func TestTwoOfficersShareAHandheld(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	a := w.handheld(street)
	first := a.create(street, "甲的")
	second := w.hire(street)
	a.must(a.SignIn(ctx, second.account, password))
	later := a.create(street, "乙的")
	a.sync()
	for id, author := range map[string]string{first: a.who.officer, later: second.officer} {
		revisions, err := w.db.Revisions(ctx, id)
		if err != nil || len(revisions) != 1 || revisions[0].Author != author {
			t.Errorf("%s has %+v (%v), want it by %s", id, revisions, err, author)
		}
	}
}

// A device whose clock is years off signs in and works: it asks for the time. Its ops carry both what its clock claims and
// what bounds the truth.
func TestAWrongClock(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	wrong := func() time.Time { return time.Now().Add(-30 * 365 * 24 * time.Hour) }
	a := w.handheld(street, func(cfg *client.Config) { cfg.Now = wrong })
	id := a.create(street, "旧钟")
	a.sync()
	revisions, err := w.db.Revisions(ctx, id)
	w.must(err)
	if claimed := revisions[0].OccurredAt; time.Since(claimed) < 29*365*24*time.Hour {
		t.Errorf("claimed %s: the device's own clock is what it claims", claimed)
	}
	var earliest, latest int64
	w.must(look(t, w.path).QueryRow("SELECT earliest, latest FROM ops WHERE id = ?", revisions[0].Op).Scan(&earliest, &latest))
	now := time.Now().UnixMicro()
	if earliest > latest || latest > now || now-earliest > time.Minute.Microseconds() {
		t.Errorf("bounded by %d and %d at %d", earliest, latest, now)
	}
}
