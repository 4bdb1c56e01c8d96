package push_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// form makes a template of a kind with the fields named, of the kinds that law gives them, none required.
func (b *beat) form(kind string, fields object) string {
	id := newID()
	b.own(push.ServerOp{Collection: "templates", Record: id, Action: record.Create, Patch: object{"kind": kind, "name": kind, "version": 1.0,
		"validFrom": "2020-01-01", "officersNeeded": 0.0, "fields": fields, "layout": object{}}})
	return id
}

func issued(kind, template string, at time.Time, data object) object {
	return object{"unit": street, "kind": kind, "template": template, "templateVersion": 1.0, "state": document.Issued,
		"issuedAt": at.UTC().Format(time.RFC3339), "data": data}
}

// A decision, its notice and the receipt of the notice come in one push, in the order in which they happened. What law asks is judged by what the same
// push brings; without the receipt it is found that the notice was not served.
func TestDecisionAfterItsNoticeInOnePush(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		h := b.handheld()
		label := func(kind string) object { return object{"kind": kind, "label": kind} }
		told := b.form("penalty-notice", object{"party": label("party")})
		decides := b.form("penalty-decision", object{"party": label("party"), "notice": label("documentRef"), "correction": label("longtext"),
			"reviewGround": label("text"), "discussionGround": label("text")})
		served := b.form(document.ServiceReceipt, object{"addressee": label("text"), "paper": label("documentRef"), "mode": label("text"), "servedAt": label("time"), "slip": label("text"), "slipOn": label("date")})
		party := object{"kind": document.Citizen, "name": "李某"}
		at := time.Now().Add(-10 * time.Minute)
		day := at.In(record.Beijing).Format(time.DateOnly)
		for _, withReceipt := range []bool{true, false} {
			notice, decision := newID(), newID()
			ops := []wire.Op{h.act("documents", b.officer, record.Create, notice, 0, issued("penalty-notice", told, at, object{"party": party}), nil)}
			if withReceipt {
				ops = append(ops, h.act("documents", b.officer, record.Create, newID(), 0, issued(document.ServiceReceipt, served, at, object{"addressee": "李某",
					"paper": object{"document": notice, "name": "告知书"}, "mode": document.ServedByMail, "slip": "EMS1", "slipOn": day, "servedAt": at.UTC().Format(time.RFC3339)}), nil))
			}
			ops = append(ops, h.act("documents", b.officer, record.Create, decision, 0, issued("penalty-decision", decides, at.Add(time.Minute),
				object{"party": party, "notice": object{"document": notice, "name": "告知书"}, "correction": "当场改正",
					"reviewGround": "exempt", "discussionGround": "exempt"}), nil))
			outs := h.push(ops...)
			var found []string
			for _, o := range outs {
				if o.Status != "applied" {
					t.Fatalf("what was handed over was not taken: %+v", o)
				}
				for code, body := range b.findings(o) {
					found = append(found, code)
					if code == "G12.unserved" && body["basis"] != "行政处罚法第四十四条、第六十二条" {
						t.Errorf("basis %v", body["basis"])
					}
				}
			}
			want := map[bool]string{true: "", false: "G12.unserved"}[withReceipt]
			if got := strings.Join(found, " "); got != want {
				t.Errorf("with a receipt %v: %q, want %q", withReceipt, got, want)
			}
		}
	})
}

// Nothing that an issued paper holds can be changed: each declared field is refused, one that is new within the data too. A signature that comes
// later is kept and found.
func TestIssuedPaperIsFrozen(t *testing.T) {
	onBeat(t, func(t *testing.T, b *beat) {
		h := b.handheld()
		template := b.form("guidance-record", object{"facts": object{"kind": "text", "label": "事实"}})
		id := newID()
		want(t, h.push(h.act("documents", b.officer, record.Create, id, 0, issued("guidance-record", template, time.Now(), object{"facts": "甲"}), nil))[0], "applied", 1)
		for path, patch := range map[string]object{
			"data/facts": {"data": object{"facts": "乙"}}, "data/more": {"data": object{"more": "乙"}}, "kind": {"kind": "cessation-order"}, "template": {"template": newID()},
			"templateVersion": {"templateVersion": 2.0}, "inspection": {"inspection": newID()}, "subject": {"subject": newID()}, "number": {"number": object{"n": 1.0}},
			"officers": {"officers": object{newID(): object{"role": "officer"}}}, "issuedAt": {"issuedAt": "2026-01-01T00:00:00Z"}, "corrects": {"corrects": object{"document": newID()}},
			"service": {"service": object{"on": "2026-01-01"}}, "correctedBy": {"correctedBy": object{"document": newID()}}, "rendered": {"rendered": object{"sha256": "x"}},
		} {
			o := h.push(h.act("documents", b.officer, record.Update, id, 1, patch, nil))[0]
			if o.Status != "rejected" || o.Code != string(fault.FieldFrozen) && o.Code != string(fault.FieldServerOwned) {
				t.Errorf("%s: %+v", path, o)
			}
		}
		late := object{"signatures": object{newID(): object{"role": "party", "at": "2026-11-25T07:00:00Z", "name": "李某"}}}
		o := h.push(h.act("documents", b.officer, record.Update, id, 1, late, nil))[0]
		want(t, o, "applied", 2)
		wantCodes(t, b.findings(o), document.SignedLate)
	})
}
