package custody_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

const team = street + "01"

// put writes a record.
func (w *world) put(collection string, body record.Object) string {
	w.t.Helper()
	id := newID()
	w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: collection, Record: id, Action: record.Create, Patch: body}}))
	return id
}

// paper writes an issued paper, a minute after the one before.
func (w *world) paper(kind string, more record.Object) string {
	w.now = w.now.Add(time.Minute)
	return w.put("documents", record.Apply(record.Object{"unit": street, "kind": kind, "template": newID(), "templateVersion": 1.0, "state": "issued", "issuedAt": stamp(w.now)}, more))
}

func naming(pairs ...string) record.Object {
	data := record.Object{}
	for i := 0; i < len(pairs); i += 2 {
		data[pairs[i]] = record.Object{"document": pairs[i+1], "name": "某文书"}
	}
	return data
}

// caseOfTwoVisits is a case over two visits, with a hearing that belongs to none, corrected once; and what has nothing to do with it.
func (w *world) caseOfTwoVisits() (filing, notFiling string, visits []string, picture string) {
	w.put("units", record.Object{"code": street, "name": "某街道", "kind": "street"})
	w.put("units", record.Object{"code": team, "name": "某街道综合行政执法大队", "kind": "team", "parent": street})
	began := w.now.Add(-time.Hour)
	visit := func(unit string) string {
		return w.put("inspections", record.Object{"unit": unit, "state": "completed", "startedAt": stamp(began), "endedAt": stamp(began.Add(time.Hour))})
	}
	first, second, foreign := visit(street), visit(team), visit("120102002")
	held, coming := w.hold([]byte("held "+w.t.Name())), w.announce([]byte("coming "+w.t.Name()))
	for recording, of := range map[string]string{held: first, coming: second} {
		w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "evidence", Record: recording, Action: record.Update, Patch: record.Object{"inspection": of}}}))
	}
	picture = w.announce([]byte("picture " + w.t.Name()))
	w.announce([]byte("of no case " + w.t.Name()))
	w.paper("inspection-record", record.Object{"inspection": first})
	filing = w.paper("case-filing", record.Object{"inspection": first})
	other := w.paper("case-filing", record.Object{"inspection": first})
	w.paper("seizure-decision", record.Object{"inspection": second, "unit": team, "data": naming("approval", w.paper("seizure-approval", record.Object{"data": naming("filing", filing)}))})
	w.paper("evidence-extraction", record.Object{"inspection": foreign, "data": record.Apply(naming("original", filing), record.Object{"photos": record.Object{"p1": record.Object{"evidence": picture}}})})
	for i, of := range []string{filing, other} {
		notice := w.paper("hearing-notice", record.Object{"inspection": first})
		w.paper("penalty-approval", record.Object{"data": naming("filing", of, "notice", notice)})
		heard := w.now.Add(time.Minute)
		w.now = w.now.Add(10 * time.Minute)
		hearing := func(more record.Object) string {
			return w.paper("hearing-record", record.Apply(record.Object{"data": record.Apply(naming("notice", notice), record.Object{"heldAt": stamp(heard), "endedAt": stamp(heard.Add(5 * time.Minute))})}, more))
		}
		wrong := hearing(record.Object{"data": record.Object{"endedAt": stamp(heard.Add(2 * time.Minute))}})
		if i == 0 {
			notFiling = notice
			hearing(record.Object{"corrects": record.Object{"document": wrong, "name": "听证笔录", "reason": "时间有误"}})
			hearing(record.Object{"unit": "120102002"}) // of another organ, which names ours
		}
	}
	return filing, notFiling, []string{first, second, foreign}, picture
}

func stepsOf(c custody.CaseCompleteness) (steps []string) {
	for _, d := range c.Demands {
		steps = append(steps, fmt.Sprintf("%s:%s:%d", d.Step, d.Recorded, d.Span.Len()/60_000))
	}
	return steps
}

// Of a case is told what is told of each of its inspections, what its papers ask for that belong to none, and the sums of both; nothing of another case's, and nothing of another organ's.
func TestHowCompleteTheRecordOfACaseIs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		filing, notFiling, visits, picture := w.caseOfTwoVisits()
		c, err := w.CompletenessOfCase(ctx, w.leader, filing)
		w.must(err)
		if len(c.Inspections) != 2 || c.Inspections[0].Inspection != visits[0] || c.Inspections[1].Inspection != visits[1] || !slices.Equal(c.Unseen, []string{visits[2]}) {
			t.Fatalf("inspections %+v, unseen %v", c.Inspections, c.Unseen)
		}
		for _, one := range c.Inspections {
			alone, err := w.Completeness(ctx, w.leader, one.Inspection)
			w.must(err)
			if !reflect.DeepEqual(alone, one) {
				t.Errorf("%+v, by itself %+v", one, alone)
			}
		}
		if got := stepsOf(c); !slices.Equal(got, []string{"hearing:unmet:5"}) {
			t.Errorf("asked for by what belongs to no inspection: %v", got)
		}
		if n, octets := c.Missing(); len(c.Recordings) != 1 || c.Recordings[0].Evidence != picture || n != 2 || octets != int64(len("coming "+t.Name())+len("picture "+t.Name())) {
			t.Errorf("%+v, missing %d, %d octets", c.Recordings, n, octets)
		}
		// on site met and written of the first, and open and not written of the second; a seizure without its record, unmet; the hearing
		if s := c.Sums(); s != (custody.Sums{Met: 1, Unmet: 2, Open: 1, Unwritten: 2}) || c.Complete() || c.Papers != 9 {
			t.Errorf("%+v, %d papers", s, c.Papers)
		}
		image := string(custody.CaseTimeline(c))
		if strings.Count(image, "<svg") != 5 || strings.Count(image, "</svg>") != 5 || image != string(custody.CaseTimeline(c)) {
			t.Error(image)
		}
		for id, code := range map[string]fault.Code{notFiling: fault.CaseNotFiling, newID(): fault.NotFound, "x": fault.NotFound, visits[0]: fault.NotFound} {
			if _, err := w.CompletenessOfCase(ctx, w.leader, id); !errors.Is(err, fault.New(code)) {
				t.Errorf("%v, want %s", err, code)
			}
		}
		if _, err := w.CompletenessOfCase(ctx, w.hire(people.RoleLeader, "120102002"), filing); !errors.Is(err, fault.New(fault.NotFound)) {
			t.Errorf("foreign: %v", err)
		}
		if c, err = w.CompletenessOfCase(ctx, w.supervisor, filing); err != nil || len(c.Inspections) != 3 || len(c.Unseen) != 0 {
			t.Errorf("a supervisor sees %+v: %v", c.Inspections, err)
		}
	})
}

// Who may see the papers of one team is told of what those say, and not of the others.
func TestACaseIsToldAsFarAsOneMaySeeIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.put("units", record.Object{"code": street, "name": "某街道", "kind": "street"})
		w.put("units", record.Object{"code": team, "name": "某街道综合行政执法大队", "kind": "team", "parent": street})
		filing := w.paper("case-filing", record.Object{"unit": team})
		w.paper("investigation-report", record.Object{"inspection": newID(), "data": naming("filing", filing)})
		for _, c := range []struct {
			unit           string
			papers, unseen int
		}{{street, 2, 1}, {team, 1, 0}} {
			got, err := w.CompletenessOfCase(ctx, w.hire(people.RoleOfficer, c.unit), filing)
			if err != nil || got.Papers != c.papers || len(got.Unseen) != c.unseen || got.Complete() != (c.unseen == 0) {
				t.Errorf("%s: %+v %v", c.unit, got, err)
			}
		}
	})
}

// A recording that belongs to no inspection counts for a case once a paper of it names it, and not before.
func TestARecordingThatAPaperOfTheCaseNames(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		recording := w.hold([]byte("hearing " + t.Name())) // of the hour before now
		filing := w.paper("case-filing", nil)
		told := func() string {
			t.Helper()
			c, err := w.CompletenessOfCase(ctx, w.leader, filing)
			w.must(err)
			return fmt.Sprint(stepsOf(c), len(c.Recordings))
		}
		heard := w.now.Add(-30 * time.Minute)
		hearing := w.paper("hearing-record", record.Object{"data": record.Apply(naming("filing", filing), record.Object{"heldAt": stamp(heard), "endedAt": stamp(heard.Add(10 * time.Minute))})})
		if got := told(); got != "[hearing:unmet:10] 0" {
			t.Error(got)
		}
		w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "documents", Record: hearing, Action: record.Update, Patch: record.Object{"signatures": record.Object{
			"p": record.Object{"role": "party", "at": stamp(w.now), "refused": true, "reason": "拒绝签名", "recording": recording}}}}}))
		if got := told(); got != "[hearing:met:10] 1" {
			t.Error(got)
		}
	})
}
