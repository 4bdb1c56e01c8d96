package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// paper: the record of the first inspection is made from the answers, signed and issued.
func (d *day) paper(ctx context.Context) error {
	h := d.second
	if err := h.Sync(ctx); err != nil {
		return err
	}
	end := d.now()
	err := h.Update(ctx, inspect.Inspections.Name, d.inspection, func(body record.Object) {
		body["state"], body["endedAt"] = inspect.Completed, stamp(end)
	})
	if err != nil {
		return err
	}
	body, err := d.protocolBody(ctx, end)
	if err != nil {
		return err
	}
	if d.protocol, err = h.Create(ctx, document.Documents.Name, body); err != nil {
		return err
	}
	if err := d.settled(ctx, h); err != nil {
		return err
	}
	d.story.tell(h.who.Name, "完成检查，签发现场检查笔录", "completes the inspection and issues its record")
	d.compare("paper.findings", "检查与笔录均符合法定要求", "inspection and record meet what the law asks",
		"检查 inspection: 无 none; 笔录 record: 无 none", func() (string, error) {
			first, err := d.findings(ctx, d.inspection)
			second, err2 := d.findings(ctx, d.protocol)
			return "检查 inspection: " + first + "; 笔录 record: " + second, errors.Join(err, err2)
		})
	return d.rendered(ctx, "paper", "现场检查笔录", d.protocol)
}

// protocolBody is the record of the inspection as it is signed on the second officer's handheld.
func (d *day) protocolBody(ctx context.Context, end time.Time) (record.Object, error) {
	visit, err := d.second.Get(ctx, inspect.Inspections.Name, d.inspection)
	if err != nil {
		return nil, err
	}
	data, err := d.protocolData(ctx, visit.Body, end)
	if err != nil {
		return nil, err
	}
	recorder := d.sign(d.second.who, 1, end)
	recorder["role"] = string(document.ByRecorder)
	form := d.district.Template(document.InspectionRecord, end)
	return record.Object{
		"unit": street, "kind": document.InspectionRecord, "template": form.ID, "templateVersion": float64(form.Version),
		"inspection": d.inspection, "subject": visit.Body["subject"], "officers": team(d.first.who, d.second.who),
		"state": document.Issued, "issuedAt": stamp(end), "data": data,
		"signatures": record.Object{"o1": d.sign(d.first.who, 0, end), "o2": d.sign(d.second.who, 1, end), "r1": recorder,
			"p1": partySign(fmt.Sprint(data["present"]), 3, end)}}, nil
}

// protocolData fills the paper from the inspection: one entry serves every paper of the visit.
func (d *day) protocolData(ctx context.Context, visit record.Object, end time.Time) (record.Object, error) {
	checklist, _ := visit["checklist"].(string)
	list, err := d.stored(ctx, inspect.Checklists.Name, checklist)
	if err != nil {
		return nil, err
	}
	questions, _ := list["questions"].(record.Object)
	given, _ := visit["answers"].(record.Object)
	answers := record.Object{}
	for q, value := range given {
		question, _ := questions[q].(record.Object)
		answer, _ := value.(record.Object)
		answers[q] = record.Object{"order": float64(number(strings.TrimLeft(q, "q0"))), "text": question["text"], "value": answer["value"]}
	}
	present, _ := visit["present"].(record.Object)
	subject, _ := visit["subject"].(string)
	party, err := d.stored(ctx, inspect.Subjects.Name, subject)
	if err != nil {
		return nil, err
	}
	return record.Object{"startedAt": visit["startedAt"], "endedAt": stamp(end), "place": record.Object{"address": party["address"]},
		"present": present["name"], "presentRole": present["role"], "recorder": d.second.who.Name, "certificateShown": "shown", "recusal": "none",
		"answers": answers, "findings": visit["summary"], "evidence": "视频1段、照片3张，摘要已登记。", "opinion": visit["opinion"]}, nil
}

// rendered compares the PDF that is given out with what the record says of it.
func (d *day) rendered(ctx context.Context, id, name, paper string) error {
	r, err := d.await(ctx, document.Documents.Name, paper, "rendered")
	if err != nil {
		return err
	}
	d.story.tell("服务器", name+"已生成 PDF", "has rendered the PDF")
	d.compare(id+".pdf", name+"：下载的 PDF 与登记摘要一致", "the PDF given out has the recorded digest",
		fmt.Sprintf("%%PDF-, %v 页 pages, sha256 %s", r["pages"], short(fmt.Sprint(r["sha256"]))), func() (string, error) {
			reply, err := d.leader.Call(ctx, http.MethodGet, "/v1/documents/"+paper+"/pdf", nil, nil, nil)
			return fmt.Sprintf("%s, %d 页 pages, sha256 %s", reply.Body[:min(5, len(reply.Body))], pages(reply.Body), short(digest(reply.Body))), err
		})
	return nil
}

// frozen: somebody tries to change the amount on the paper that the citizen holds.
func (d *day) frozen(ctx context.Context) error {
	h := d.second
	if err := h.Sync(ctx); err != nil {
		return err
	}
	before, err := d.server.DB.Record(ctx, document.Documents.Name, d.penalty)
	if err != nil {
		return err
	}
	err = h.Update(ctx, document.Documents.Name, d.penalty, func(body record.Object) {
		data, _ := body["data"].(record.Object)
		data["fine"] = 50.0
	})
	if err == nil {
		err = h.Sync(ctx)
	}
	if err != nil {
		return err
	}
	rejected, err := h.Rejected(ctx)
	if err != nil || len(rejected) != 1 {
		return fmt.Errorf("%d rejected edits: %w", len(rejected), err)
	}
	d.story.tell(h.who.Name, "试图改动已签发文书的罚款数额，被拒绝："+rejected[0].Outcome.Zh, "tries to change the fine on an issued paper: rejected, with the reason")
	d.compare("frozen.rejected", "修改被拒绝并说明理由，本人可见", "the edit is rejected with a reason that its author sees",
		fmt.Sprintf("%s; 罚款 fine 100; v%d", fault.FieldFrozen, before.Version), func() (string, error) {
			after, body, err := d.leader.record(ctx, document.Documents.Name, d.penalty)
			data, _ := body["data"].(record.Object)
			return fmt.Sprintf("%s; 罚款 fine %v; v%d", rejected[0].Outcome.Code, data["fine"], after), err
		})
	return h.Dismiss(ctx, rejected[0].ID)
}
