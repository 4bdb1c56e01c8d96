package api_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Every role, over the case's own unit, over the whole district, and over another unit: who reads how complete an inspection is reads it of a case, and to others a case that is not theirs is one that is not there.
func TestWhoIsToldHowCompleteACaseIs(t *testing.T) {
	w := newWorld(t)
	paper := func(kind string) string {
		return w.put("documents", record.Object{"unit": street, "kind": kind, "template": newID(), "templateVersion": 1.0, "state": "issued", "issuedAt": "2026-11-25T01:00:00Z", "data": record.Object{}})
	}
	filing, notice := paper("case-filing"), paper("penalty-notice")
	reads := map[string]bool{"officer": true, "leader": true, "chief": true, "reviewer": true, "supervisor": true}
	for _, role := range []string{"officer", "auxiliary", "leader", "chief", "reviewer", "supervisor", "sysadmin", "secadmin", "auditadmin"} {
		for _, unit := range []string{street, district, foreign} {
			p := w.hire(role+unit, role, unit)
			for _, path := range []string{"/completeness", "/timeline.svg"} {
				path = "/v1/cases/" + filing + path
				switch {
				case !reads[role]:
					p.send("GET", path, nil).fails(403, "access.denied")
				case unit == foreign:
					there, absent := p.send("GET", path, nil).fails(404, "request.not_found"), p.send("GET", strings.Replace(path, filing, newID(), 1), nil).fails(404, "request.not_found")
					if there.Detail != absent.Detail || there.Field != absent.Field {
						t.Errorf("%s: foreign and absent differ: %+v, %+v", role, there, absent)
					}
					p.send("GET", strings.Replace(path, filing, notice, 1), nil).fails(404, "request.not_found")
				default:
					p.send("GET", path, nil).want(200)
					p.send("GET", strings.Replace(path, filing, notice, 1), nil).fails(404, "case.not_filing")
					p.send("GET", "/v1/cases/nonsense"+path[len("/v1/cases/")+len(filing):], nil).fails(404, "request.not_found")
				}
			}
		}
	}
}

func TestHowCompleteTheRecordOfACaseIs(t *testing.T) {
	eachDatabase(t, func(t *testing.T, w *world) {
		paper := func(kind string, more record.Object) string {
			return w.put("documents", record.Apply(record.Object{"unit": street, "kind": kind, "template": newID(), "templateVersion": 1.0, "state": "issued", "issuedAt": "2026-11-25T01:00:00Z"}, more))
		}
		inspection := w.put("inspections", record.Object{"unit": street, "state": "completed", "startedAt": "2026-11-25T01:00:00Z", "endedAt": "2026-11-25T01:02:00Z"})
		w.held(w.put("evidence", record.Object{"unit": street, "kind": "video", "officer": w.officer.officer, "mime": "video/mp4", "inspection": inspection,
			"startedAt": "2026-11-25T01:00:00Z", "endedAt": "2026-11-25T01:01:00Z", "length": 4.0, "sha256": "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"}), []byte("came"))
		filing := paper("case-filing", record.Object{"inspection": inspection, "number": record.Object{"series": "s", "n": 3.0, "text": "津河东大王庄执立字〔2026〕第3号"}})
		hearing := paper("hearing-record", record.Object{"data": record.Object{"heldAt": "2026-11-25T02:00:00Z", "endedAt": "2026-11-25T03:00:00Z", "filing": record.Object{"document": filing, "name": "立案审批表"}}})
		var c api.CaseCompleteness
		w.officer.send("GET", "/v1/cases/"+filing+"/completeness", nil).want(200).into(&c)
		if c.Case != filing || c.Unit != street || c.Number != "津河东大王庄执立字〔2026〕第3号" || c.Complete || c.Papers != 2 || len(c.Inspections) != 1 || c.Inspections[0].Inspection != inspection {
			t.Errorf("%+v", c)
		}
		if len(c.Demands) != 1 || c.Demands[0].Step != "hearing" || c.Demands[0].Document != hearing || c.Demands[0].Recorded != "unmet" || c.Demands[0].Span == nil ||
			c.Sums != (api.DemandSums{Met: 1, Unmet: 1, Unwritten: 1}) || c.Unseen == nil || c.Recordings == nil {
			t.Errorf("%+v", c)
		}
		image := w.officer.send("GET", "/v1/cases/"+filing+"/timeline.svg", nil).want(200)
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
	})
}
