package api_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// matters is what the desk routes answer.
type matters struct {
	Matters []struct {
		ID, Collection string
		Version        int
		Body           map[string]any
	}
	Cursor string
}

// A conflict is on the desk with both sides, the record's past and the op that clashed; it is decided online, and leaves the desk.
func TestAConflictOnTheDesk(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		id := newID()
		w.own(push.ServerOp{Collection: "subjects", Record: id, Action: record.Create, Patch: record.Object{"kind": "company", "name": "某某超市", "unit": street}})
		w.own(push.ServerOp{Collection: "subjects", Record: id, Action: record.Update, Patch: record.Object{"phone": "1"}})
		edit := func(base int, patch map[string]any, collection, rec string) map[string]any {
			return map[string]any{"ops": []any{map[string]any{"id": newID(), "collection": collection, "record": rec, "action": "update",
				"base": base, "patch": patch}}}
		}
		var done struct {
			Outcomes []struct{ Status, Conflict, Op, Code string }
		}
		w.officer.send("POST", "/v1/ops", edit(1, map[string]any{"phone": "2"}, "subjects", id)).want(200).into(&done)
		conflict := done.Outcomes[0].Conflict
		if done.Outcomes[0].Status != "conflict" {
			t.Fatalf("%+v", done)
		}
		clashed := done.Outcomes[0].Op
		var desk matters
		w.leader.send("GET", "/v1/desk/conflicts?unit="+street+"&limit=1", nil).want(200).into(&desk)
		if len(desk.Matters) != 1 || desk.Matters[0].ID != conflict || desk.Cursor != conflict {
			t.Fatalf("the desk has %+v", desk)
		}
		sides := desk.Matters[0].Body["fields"].(map[string]any)["phone"].(map[string]any)
		if sides["ours"] != "2" || sides["theirs"] != "1" || sides["base"] != nil {
			t.Errorf("sides %v", sides)
		}
		var one struct {
			About   struct{ ID string }
			History []struct{ Author string }
			Op      struct{ ID string }
		}
		w.leader.send("GET", "/v1/desk/conflicts/"+conflict, nil).want(200).into(&one)
		if one.About.ID != id || len(one.History) != 2 || one.Op.ID != clashed {
			t.Errorf("the matter is %+v", one)
		}
		w.leader.send("POST", "/v1/ops", edit(1, map[string]any{"state": "resolved", "reason": "电话已核实",
			"resolution": map[string]any{"phone": map[string]any{"take": "ours"}}}, "conflicts", conflict)).want(200).into(&done)
		if done.Outcomes[0].Status != "applied" {
			t.Fatalf("%+v", done)
		}
		var left, decided matters
		w.leader.send("GET", "/v1/desk/conflicts", nil).want(200).into(&left)
		w.leader.send("GET", "/v1/desk/conflicts?state=resolved", nil).want(200).into(&decided)
		if len(left.Matters) != 0 || len(decided.Matters) != 1 || decided.Cursor != "" {
			t.Errorf("left %+v, decided %+v", left, decided)
		}
		var now struct{ Body map[string]any }
		w.officer.send("GET", "/v1/records/subjects/"+id, nil).want(200).into(&now)
		if now.Body["phone"] != "2" {
			t.Errorf("the record is %v", now.Body)
		}
	})
}

// What is foreign, unknown or malformed is answered as everywhere.
func TestTheDeskRefuses(t *testing.T) {
	w := newWorld(t)
	for path, code := range map[string]string{
		"/v1/desk/subjects":                     "request.not_found",
		"/v1/desk/conflicts?limit=0":            "request.field_invalid",
		"/v1/desk/conflicts?limit=x":            "request.field_invalid",
		"/v1/desk/conflicts?limit=201":          "request.field_invalid",
		"/v1/desk/conflicts?cursor=x":           "pull.cursor_invalid",
		"/v1/desk/conflicts?unit=120199001":     "request.not_found",
		"/v1/desk/conflicts/" + newID():         "request.not_found",
		"/v1/desk/conflicts/x":                  "request.not_found",
		"/v1/desk/subjects/" + newID():          "request.not_found",
		"/v1/desk/deadletters?state=%00":        "request.field_invalid",
		"/v1/desk/deadletters?unit=12010200%00": "request.not_found",
	} {
		status := 404
		if code != "request.not_found" {
			status = 400
		}
		w.officer.send("GET", path, nil).fails(status, code)
	}
}
