package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/demo/media"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/seed"
	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// onTheSpot: a citizen is fined on the spot where there is no network. The paper has its final number all the same.
func (d *day) onTheSpot(ctx context.Context) error {
	h := d.first
	if err := h.LeaseNumbers(ctx, document.SummaryPenalty, 10); err != nil {
		return err
	}
	if err := h.Sync(ctx); err != nil {
		return err
	}
	h.net.switchTo(false)
	n, err := h.TakeNumber(ctx, document.SummaryPenalty)
	if err != nil {
		return err
	}
	at := d.now()
	form := d.district.Template(document.SummaryPenalty, at)
	d.penalty, err = h.Create(ctx, document.Documents.Name, record.Object{
		"unit": street, "kind": document.SummaryPenalty, "template": form.ID, "templateVersion": float64(form.Version),
		"officers": team(h.who, d.second.who), "number": n.Body(), "state": document.Issued, "issuedAt": stamp(at),
		"data":       penaltyData(at),
		"signatures": record.Object{"o1": d.sign(h.who, 0, at), "o2": d.sign(d.second.who, 1, at), "p1": partySign("许若溪", 2, at)}})
	if err != nil {
		return err
	}
	d.story.tell(h.who.Name, "离线开具 "+n.Text+"，当事人签收", "issues it offline, signed, with its final number")
	h.net.switchTo(true)
	if err := d.settled(ctx, h); err != nil {
		return err
	}
	d.compare("penalty.number", "离线编号在领用号段内且全库唯一，无待核查事项", "the number is of the leased block and nobody else's; no findings",
		n.Text+" 号段内 leased; 待核查 findings: 无 none", func() (string, error) { return d.numberOf(ctx, n.Block) })
	if err := d.rendered(ctx, "penalty", "当场行政处罚决定书", d.penalty); err != nil {
		return err
	}
	d.compare("penalty.check", "公开查验页：编号和摘要相符，不含个人信息", "the public check page: number and digest, nothing personal",
		"200, 编号相符 number, 摘要相符 digest, 无个人信息 nothing personal", func() (string, error) { return d.publicCheck(ctx, n.Text) })
	return nil
}

// penaltyData is what the paper says. The citizen is invented, his identity number of an order that is given to nobody.
func penaltyData(at time.Time) record.Object {
	number := seed.CitizenNumber(97)
	who, _ := law.ParseIdentity(number)
	sex := "男"
	if who.Female {
		sex = "女"
	}
	return record.Object{
		"party": record.Object{"kind": document.Citizen, "name": "许若溪", "sex": sex, "birth": who.Born.Format("2006年1月2日"),
			"idNumber": number, "address": "天津市河东区大王庄街道八纬路沿线第8号", "phone": "022-00000097"},
		"occurredAt": stamp(at.Add(-10 * time.Minute)), "place": record.Object{"address": "天津市河东区大王庄街道八纬路沿线围墙"},
		"facts":    "当事人在八纬路沿线围墙上粘贴“疏通管道”小广告4张，当场清除3张。",
		"evidence": "现场照片1张、执法记录仪视频1段、当事人陈述", "item": law.District + "CGWCF01001",
		"violated":   record.Object{"law": "天津市市容和环境卫生管理条例", "article": "第十五条"},
		"basis":      record.Object{"law": "天津市文明行为促进条例", "article": "第六十五条"},
		"discretion": "较轻：首次、数量少、主动清除", "penalty": "fine", "fine": 100.0,
		"correction": "立即清除剩余小广告并恢复墙面整洁。", "defence": "已当场告知违法事实、理由、依据和权利，当事人表示无异议，不作陈述申辩。",
		"collection": "bank", "bank": "示例代收银行", "paymentCode": "120102-DEMO-0097",
	}
}

// sign is an officer's signature, as his handheld took it from the pen.
func (d *day) sign(who seed.Person, hand int, at time.Time) record.Object {
	return record.Object{"role": string(document.ByOfficer), "officer": who.ID, "name": who.Name, "at": stamp(at),
		"strokes": media.Signature[hand]}
}

// partySign is the signature of somebody who is no officer.
func partySign(name string, hand int, at time.Time) record.Object {
	return record.Object{"role": string(document.ByParty), "name": name, "at": stamp(at),
		"strokes": media.Signature[hand]}
}

// numberOf reads the paper's number from the database and looks where it is from.
func (d *day) numberOf(ctx context.Context, blockID string) (string, error) {
	body, err := d.stored(ctx, document.Documents.Name, d.penalty)
	if err != nil {
		return "", err
	}
	block, err := d.stored(ctx, document.Blocks.Name, blockID)
	if err != nil {
		return "", err
	}
	number, _ := body["number"].(record.Object)
	n, _ := number["n"].(float64)
	from, _ := block["from"].(float64)
	to, _ := block["to"].(float64)
	where := "号段外 not leased"
	if number["series"] == block["series"] && n >= from && n <= to {
		where = "号段内 leased"
	}
	owner, err := d.ownerOf(ctx, push.NumberUse{Series: fmt.Sprint(number["series"]), N: uint64(n)})
	if err != nil {
		return "", err
	}
	if owner != d.penalty {
		where += ", 归属 " + owner
	}
	found, err := d.findings(ctx, d.penalty)
	return fmt.Sprintf("%v %s; 待核查 findings: %s", number["text"], where, found), err
}

// ownerOf asks the register of numbers which paper has one.
func (d *day) ownerOf(ctx context.Context, use push.NumberUse) (owner string, err error) {
	looked := errors.New("only looked") // undoes the transaction: nothing is to be written
	err = d.server.DB.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
		claims, err := tx.NumberClaims(ctx, []push.NumberUse{use})
		if err != nil {
			return err
		}
		owner = claims[use]
		return looked
	})
	if errors.Is(err, looked) {
		err = nil
	}
	return owner, err
}

// publicCheck opens the public page of the paper, as anybody with its QR code may.
func (d *day) publicCheck(ctx context.Context, number string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.server.URL()+"/check/"+d.penalty, nil)
	if err != nil {
		return "", err
	}
	res, err := (&http.Client{Transport: d.transport}).Do(req)
	if err != nil {
		return "", err
	}
	text, err := keepReply(res)
	if err != nil {
		return "", err
	}
	body, err := d.stored(ctx, document.Documents.Name, d.penalty)
	r, _ := body["rendered"].(record.Object)
	says := func(what, yes, no string) string {
		if strings.Contains(string(text), what) {
			return yes
		}
		return no
	}
	personal := "无个人信息 nothing personal"
	for _, secret := range []string{"许若溪", seed.CitizenNumber(97), "022-00000097", d.first.who.Name} {
		personal = says(secret, "含个人信息 personal: "+secret, personal)
	}
	return fmt.Sprintf("%d, %s, %s, %s", res.StatusCode, says(number, "编号相符 number", "编号不符 no number"),
		says(fmt.Sprint(r["sha256"]), "摘要相符 digest", "摘要不符 no digest"), personal), err
}
