package client_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Who leads a street has what its team wrote; the team has not what the street wrote, and nobody what a neighbour did.
func TestFeedsReachTheUnitsBelow(t *testing.T) {
	w := newWorld(t)
	street := w.street()
	team, neighbour := street+"01", w.street()
	w.put("units", record.Object{"code": team, "name": "大队", "kind": "team", "parent": street, "short": "队"})
	leader, member, stranger := w.handheld(street), w.handheld(team), w.handheld(neighbour)
	below, above := member.create(team, "早点摊"), leader.create(street, "菜市场")
	for range 2 {
		leader.sync()
		member.sync()
		stranger.sync()
	}
	leader.get(below)
	member.get(below)
	_, err := member.Get(ctx, "subjects", above)
	want(t, err, fault.RecordUnknown)
	for _, id := range []string{below, above} {
		_, err := stranger.Get(ctx, "subjects", id)
		want(t, err, fault.RecordUnknown)
	}
	// What is seen can be worked on, and is told on.
	leader.set(below, "phone", "022-24120000")
	leader.sync()
	member.sync()
	if phone := member.get(below).Body["phone"]; phone != "022-24120000" {
		t.Errorf("the team sees %v", phone)
	}
	// A leader whose grant ends at the street loses what is below with it.
	w.own(push.ServerOp{Collection: "officers", Record: leader.who.officer, Action: record.Update, Patch: record.Object{"grants": record.Object{"l": nil, "o": record.Object{"unit": neighbour}}}})
	w.restart()
	leader.sync()
	for _, id := range []string{below, above} {
		_, err := leader.Get(ctx, "subjects", id)
		want(t, err, fault.RecordUnknown)
	}
}

// restart serves the same database anew, by a server that remembers nothing of who may do what.
func (w *world) restart() {
	w.t.Helper()
	w.start()
	for _, l := range w.lines {
		l.CloseIdleConnections()
	}
}
