package api_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

func TestHowCompleteTheRecordOfAnInspectionIs(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		inspection := w.put("inspections", record.Object{"unit": street, "state": "open", "startedAt": "2026-11-25T01:00:00Z"})
		w.own(push.ServerOp{Collection: "inspections", Record: inspection, Action: record.Update, Patch: record.Object{"state": "completed", "endedAt": "2026-11-25T01:02:00Z"}})
		came, comes := w.hold(street, []byte("came")), w.announce(street, []byte("comes"))
		loose := w.hold(street, []byte("loose"))
		for _, id := range []string{came, comes} {
			w.own(push.ServerOp{Collection: "evidence", Record: id, Action: record.Update, Patch: record.Object{"inspection": inspection}})
		}
		var c api.Completeness
		w.officer.send("GET", "/v1/inspections/"+inspection+"/completeness", nil).want(200).into(&c)
		if c.Complete || len(c.Demands) != 1 || c.Missing.Recordings != 1 || c.Missing.Octets != 5 || len(c.Recordings) != 2 {
			t.Fatalf("%+v", c)
		}
		if d := c.Demands[0]; d.Step != "onsite" || d.Recorded != "met" || len(d.Covered) != 1 || len(d.Uncovered) != 1 || d.Uncovered[0].To.Sub(d.Uncovered[0].From).Seconds() != 60 ||
			d.Written == nil || *d.Written || d.Confirmed {
			t.Errorf("%+v", d)
		}
		var board api.CompletenessBoard
		w.leader.send("GET", "/v1/completeness?limit=1", nil).want(200).into(&board)
		if len(board.Inspections) != 1 || board.Next != inspection {
			t.Errorf("%+v", board)
		}
		w.leader.send("GET", "/v1/completeness?limit=1&after="+board.Next, nil).want(200).into(&board)
		var rest api.LooseBoard
		w.supervisor.send("GET", "/v1/completeness/loose?unit="+district, nil).want(200).into(&rest)
		if len(rest.Recordings) != 1 || rest.Recordings[0].Evidence != loose || rest.Recordings[0].Since == nil {
			t.Errorf("%+v", rest)
		}
		image := w.officer.send("GET", "/v1/inspections/"+inspection+"/timeline.svg", nil).want(200)
		if image.header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(image.header.Get("Content-Security-Policy"), "sandbox") {
			t.Error(image.header)
		}
		for decoder := xml.NewDecoder(strings.NewReader(string(image.body))); ; {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		for _, path := range []string{"/v1/completeness?unit=" + street, "/v1/completeness/loose?unit=" + street, "/v1/inspections/" + inspection + "/completeness", "/v1/inspections/" + inspection + "/timeline.svg"} {
			w.stranger.send("GET", path, nil).fails(404, "request.not_found")
			w.sysadmin.send("GET", path, nil).fails(403, "access.denied")
		}
		w.officer.send("GET", "/v1/completeness?state=nonsense", nil).fails(400, "request.field_invalid")
		w.officer.send("GET", "/v1/completeness?after=x", nil).fails(400, "request.field_invalid")
		w.officer.send("GET", "/v1/completeness?limit=0", nil).fails(400, "request.field_invalid")
		w.officer.send("GET", "/v1/completeness?unit=%00", nil).fails(404, "request.not_found")
	})
}
