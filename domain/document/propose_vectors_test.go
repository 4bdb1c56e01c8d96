package document_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

var update = flag.Bool("update", false, "write docs/protocol/vectors/proposals.json anew")

const proposalVectors = "../../docs/protocol/vectors/proposals.json"

// small are templates with few fields, so that the vectors stay when the district's templates change.
func small() []document.Edition {
	field := func(order float64, kind, zh string, more record.Object) record.Object {
		return record.Apply(record.Object{"order": order, "kind": kind, "label": record.Object{"zh": zh, "en": zh}, "required": true}, more)
	}
	options := func(keys ...string) record.Object {
		all := record.Object{}
		for i, key := range keys {
			all[key] = record.Object{"order": float64(i + 1), "label": record.Object{"zh": key}}
		}
		return record.Object{"options": all}
	}
	bodies := []record.Object{
		{"kind": "inspection-record", "version": 1.0, "validFrom": "2024-01-01", "fields": record.Object{
			"party": field(1, "party", "被检查人", nil), "startedAt": field(2, "time", "开始时间", nil), "place": field(3, "place", "检查地点", nil),
			"certificateShown": field(4, "enum", "出示执法证件", options("shown", "unconfirmed")), "recusal": field(5, "enum", "是否申请回避", options("none", "asked")),
			"answers": field(6, "checklist", "检查事项", nil), "findings": field(7, "longtext", "现场情况", record.Object{"maxLength": 20.0}), "evidence": field(8, "longtext", "照片音像", record.Object{"required": false}),
			"unrecorded": field(9, "text", "未摄录的原因", record.Object{"required": false, "requiredWhen": record.Object{"evidence": false}})}},
		{"kind": "inspection-record", "version": 2.0, "validFrom": "2027-01-01", "fields": record.Object{"party": field(1, "party", "被检查人", nil)}},
		{"kind": "rectification-order", "version": 1.0, "validFrom": "2024-01-01", "fields": record.Object{
			"party": field(1, "party", "当事人", nil), "facts": field(2, "longtext", "违法事实", nil), "violated": field(3, "provision", "违反条款", nil), "basis": field(4, "provision", "责令改正依据", nil),
			"requirements": field(5, "longtext", "改正要求", nil), "deadline": field(6, "date", "改正期限", nil)}},
		{"kind": "inspection-result", "version": 1.0, "validFrom": "2024-01-01", "fields": record.Object{
			"conclusion": field(1, "enum", "检查结论", options("passed", "correct", "filed")), "requirements": field(2, "longtext", "改正要求", record.Object{"required": false, "requiredWhen": record.Object{"conclusion": []any{"correct"}}}),
			"deadline": field(3, "date", "改正期限", record.Object{"required": false, "requiredWhen": record.Object{"conclusion": []any{"correct"}}}), "contact": field(4, "text", "联系方式", nil)}},
		{"kind": "summary-penalty", "version": 1.0, "validFrom": "2024-01-01", "fields": record.Object{
			"facts": field(1, "longtext", "违法事实", nil), "basis": field(2, "provision", "处罚依据", nil), "penalty": field(3, "enum", "处罚种类", options("warning", "fine")),
			"fine": field(4, "money", "罚款数额", record.Object{"required": false, "requiredWhen": record.Object{"penalty": []any{"fine"}}})}},
		{"kind": "summary-penalty-filing", "version": 1.0, "validFrom": "2024-01-01", "fields": record.Object{
			"decision": field(1, "documentRef", "当场行政处罚决定书", nil), "officerOpinion": field(2, "longtext", "执法人员说明", nil), "headOpinion": field(3, "longtext", "负责人意见", nil)},
			"signers": record.Object{"officers": record.Object{"order": 10.0, "role": "officer", "count": 1.0, "fields": []any{"officerOpinion"}, "label": record.Object{"zh": "执法人员", "en": "officers"}},
				"head": record.Object{"order": 20.0, "role": "head", "count": 1.0, "fields": []any{"headOpinion"}, "label": record.Object{"zh": "负责人", "en": "head"}}}},
		{"kind": "evidence-extraction", "version": 1.0, "validFrom": "2024-01-01", "fields": record.Object{
			"party": field(1, "party", "当事人", nil), "photos": field(2, "pictures", "照片", record.Object{"required": false, "maxRows": 4.0})}},
	}
	var all []document.Edition
	for i, body := range bodies {
		all = append(all, document.Edition{ID: visitID[:len(visitID)-2] + "d" + string(rune('1'+i)), Template: document.ReadTemplate(body), Body: body})
	}
	return all
}

// vectorCases are visits whose proposals are published.
func vectorCases() map[string]document.Visit {
	refused := visit("normal")
	refused.Inspection["summary"] = "这是一份长达二十个字以上的检查小结，模板不接受这么长的文字"
	refused.Inspection["answers"] = record.Object{"q01": record.Object{"value": true}}
	answered := visit("correct", "penalize")
	answered.Given = record.Object{"requirements": "立即清理", "deadline": "2026-11-28", "penalty": "fine", "recusal": "none", "contact": "022-00000002"}
	answered.Items = append(answered.Items, record.Object{"code": "120102XFJCF03001", "kind": "penalty", "name": "对占用疏散通道的处罚",
		"basis": record.Object{"b1": record.Object{"law": "中华人民共和国消防法", "article": "第六十条第一款第三项", "since": "2021-04-29"}}})
	issued := visit("correct")
	issued.Papers = map[string]record.Object{"01890000-0000-7000-8000-00000000e002": {"kind": "rectification-order", "state": "issued",
		"number": record.Object{"text": "津河东东新执责改字〔2026〕第3号"}, "data": record.Object{"deadline": "2026-11-28", "requirements": "立即清理"}}}
	filed := visit("penalize")
	filed.Papers = map[string]record.Object{"01890000-0000-7000-8000-00000000e003": {"kind": "summary-penalty", "state": "issued",
		"number": record.Object{"text": "津河东东新执当罚决字〔2026〕第7号"}, "data": record.Object{"penalty": "warning"}}}
	filed.Given = record.Object{"summary-penalty-filing.headOpinion": "同意"}
	citizen := visit("educate")
	citizen.Subject, citizen.Evidence = record.Object{"kind": "citizen", "name": "李𬭎", "idNumber": "120102199001010015"}, nil
	captioned, crowd := withPhotos(), withPhotos()
	captioned.Given = record.Object{"photos": record.Object{"p01": record.Object{"order": 1.0, "evidence": photoB, "sha256": strings.Repeat("0a", 32), "length": 2_000_000.0, "at": "2026-11-25T01:35:00Z",
		"place": "津塘路132号二层", "by": "钱珺", "caption": "疏散通道堆放纸箱"}}}
	crowd.Evidence[photoA] = photo(record.Object{"length": 17.0 * (1 << 20)})
	many := withPhotos()
	for _, id := range []string{"01890000-0000-7000-8000-0000000000a4", "01890000-0000-7000-8000-0000000000a5"} {
		many.Evidence[id] = photo(nil)
	}
	return map[string]document.Visit{"photographs": withPhotos(), "photographs with captions": captioned, "a photograph that is too large": crowd, "too many photographs": many, "nothing known": {ID: visitID, Outcomes: []string{"normal"}}, "ordered to correct": visit("correct"), "what does not fit": refused,
		"answers fill every paper": answered, "a paper that is there": issued, "a citizen": citizen, "to be filed": filed, "no outcome": visit()}
}

// The tables and what comes of them are published as they are. Where they are meant to change: go test ./domain/document -run Vectors -update
func TestProposalVectors(t *testing.T) {
	templates, cases := []any{}, record.Object{}
	for _, e := range small() {
		templates = append(templates, record.Object{"id": e.ID, "body": e.Body})
	}
	for name, v := range vectorCases() {
		proposals, asks := []any{}, []any{}
		all := document.Propose(v, small(), "2026-11-25")
		for _, p := range all {
			proposals = append(proposals, p.Object())
		}
		for _, a := range document.Asks(all) {
			asks = append(asks, a.Object())
		}
		cases[name] = record.Object{"visit": visitObject(v), "on": "2026-11-25", "proposals": proposals, "asks": asks}
	}
	text, err := wire.Canonical(record.Object{"about": "Which papers follow from a visit and what they are filled with; docs/protocol/proposals.md",
		"rules": document.Published(), "templates": templates, "cases": cases})
	if err != nil {
		t.Fatal(err)
	}
	text, err = indented(text)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(proposalVectors, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(proposalVectors)
	if err != nil || string(published) != string(text) {
		t.Errorf("%s is not what the code makes (%v); see the comment of this test", proposalVectors, err)
	}
}

func indented(text []byte) ([]byte, error) {
	value := jsontext.Value(text)
	err := value.Indent(jsontext.WithIndent(" "))
	return append(value, '\n'), err
}

// visitObject is a visit as the vectors hold it.
func visitObject(v document.Visit) record.Object {
	text, _ := json.Marshal(map[string]any{"id": v.ID, "inspection": v.Inspection, "subject": v.Subject, "checklist": v.Checklist, "task": v.Task, "items": v.Items,
		"officers": v.Officers, "evidence": v.Evidence, "papers": v.Papers, "outcomes": v.Outcomes, "given": v.Given}, json.OmitZeroStructFields(true))
	out, _ := wire.Object(text)
	return out
}
