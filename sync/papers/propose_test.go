package papers_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

// inspection writes one with all that it names; more is put over it.
func (w *world) inspection(more record.Object) string {
	w.Helper()
	for _, kind := range []string{"rectification-order", "inspection-result"} {
		w.create(document.Templates.Name, seed(w.T, kind))
	}
	checklist := w.create("checklists", record.Object{"name": "市容检查", "field": "城管", "version": 1.0, "validFrom": "2026-01-01", "questions": record.Object{
		"q1": record.Object{"order": 1.0, "text": "是否店外经营", "answers": []any{"符合", "不符合"}}}})
	for from, to := range map[string]string{"2020-01-01": "2024-12-31", "2025-01-01": ""} {
		item := record.Object{"code": "120102CGWCF01003", "name": "对擅自占用城市道路的处罚", "kind": "penalty", "organ": district, "field": "城管", "state": "published", "validFrom": from,
			"basis": record.Object{"b1": record.Object{"law": "城市道路管理条例", "article": "第四十二条" + map[string]string{"": "第一款"}[to]}}}
		if to != "" {
			item["validTo"] = to
		}
		w.create("items", item)
	}
	return w.create("inspections", record.Apply(record.Object{"unit": street, "subject": w.subject, "checklist": checklist, "state": "completed",
		"items": []any{"120102CGWCF01003"}, "startedAt": "2026-11-25T06:00:00Z", "endedAt": "2026-11-25T06:30:00Z",
		"officers": record.Object{w.officers[0]: record.Object{"role": "lead"}, w.officers[1]: record.Object{"role": "second"}},
		"answers":  record.Object{"q1": record.Object{"value": "不符合"}}, "summary": "店外经营", "outcomes": []any{"correct"}}, more))
}

func drafted(all []document.Proposal, kind string) record.Object {
	i := slices.IndexFunc(all, func(p document.Proposal) bool { return p.Kind.Key == kind })
	if i < 0 {
		return nil
	}
	data, _ := all[i].Draft["data"].(record.Object)
	return data
}

// From the records to drafts that can be written as they are: officers by name and certificate, the item as it is in force, the outcome on record.
func TestProposalsFromRecords(t *testing.T) {
	each(t, func(w *world) {
		id := w.inspection(nil)
		w.create("evidence", record.Object{"unit": street, "inspection": id, "kind": "photo", "officer": w.officers[0], "mime": "image/jpeg", "length": 3.0,
			"startedAt": "2026-11-25T06:01:00Z", "endedAt": "2026-11-25T06:01:00Z", "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"})
		v, all, on, err := w.Propose(context.Background(), w.caller(), id, papers.Visited{})
		if err != nil || on != "2026-11-25" || !slices.Equal(v.Outcomes, []string{"correct"}) {
			w.Fatal(v.Outcomes, on, err)
		}
		order := drafted(all, "rectification-order")
		party, _ := order["party"].(record.Object)
		if party["name"] != "天津市河东区堃喆餐饮有限公司" || order["facts"] != "1.是否店外经营：不符合" || order["evidence"] != "照片1张" {
			w.Errorf("%v", order)
		}
		i := slices.IndexFunc(all, func(p document.Proposal) bool { return p.Kind.Key == document.InspectionRecord })
		officers, _ := all[i].Draft["officers"].(record.Object)
		first, _ := officers[w.officers[0]].(record.Object)
		if first["name"] != "赵翀" || first["certificate"] != "02010200011" {
			w.Errorf("officers %v", officers)
		}
		paper := w.create(document.Documents.Name, all[i].Draft) // as it is
		if _, all, _, _ = w.Propose(context.Background(), w.caller(), id, papers.Visited{}); all[i].Existing != paper {
			w.Errorf("the paper that was made is not known: %+v", all[i])
		}
		_, all, _, err = w.Propose(context.Background(), w.caller(), id, papers.Visited{Outcomes: []string{"penalize", "penalize"}, Given: record.Object{"penalty": "warning"}})
		penalty := drafted(all, document.SummaryPenalty)
		basis, _ := penalty["basis"].(record.Object)
		if err != nil || penalty["penalty"] != "warning" || basis["article"] != "第四十二条第一款" || penalty["item"] != "120102CGWCF01003" {
			w.Errorf("%v %v", err, penalty)
		}
	})
}

// What the caller may not see is not in a draft, and what he may not write for is not there.
func TestProposalsShowNothingForeign(t *testing.T) {
	each(t, func(w *world) {
		theirs := w.create("subjects", record.Object{"kind": document.Enterprise, "name": "别处的公司", "unit": "120102012"})
		id := w.inspection(record.Object{"subject": theirs})
		v, all, _, err := w.Propose(context.Background(), w.caller(), id, papers.Visited{})
		if err != nil || v.Subject != nil || drafted(all, "rectification-order")["party"] != nil {
			w.Errorf("%v %v", err, v.Subject)
		}
		foreign := w.inspection(record.Object{"unit": "120102012"})
		for _, absent := range []string{foreign, newID(), "nonsense", w.subject} {
			if _, _, _, err := w.Propose(context.Background(), w.caller(), absent, papers.Visited{}); !errors.Is(err, fault.New(fault.NotFound)) {
				w.Errorf("%s: %v", absent, err)
			}
		}
		for name, asked := range map[string]papers.Visited{"an outcome there is not": {Outcomes: []string{"dance"}}, "no day": {On: "someday"}} {
			if _, _, _, err := w.Propose(context.Background(), w.caller(), id, asked); !errors.Is(err, fault.New(fault.FieldInvalid)) {
				w.Errorf("%s: %v", name, err)
			}
		}
		none := w.inspection(record.Object{"outcomes": nil})
		if _, _, _, err := w.Propose(context.Background(), w.caller(), none, papers.Visited{}); !errors.Is(err, fault.New(fault.FieldInvalid)) {
			w.Errorf("no outcome: %v", err)
		}
	})
}
