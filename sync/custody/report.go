package custody

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Report writes a trail as a PDF, in the type and on the page of all papers. The same trail gives the same bytes.
func Report(w io.Writer, t Trail) (render.Result, error) {
	p := &sheet{}
	p.template.Name, p.template.Layout = "录音录像保管链报告", nil
	p.add(document.Block{Kind: document.TitleBlock, Lines: []string{"录音录像保管链报告"}})
	p.facts(t)
	p.heading("一、保管经过")
	p.acts(t)
	p.heading("二、存在的问题")
	p.findings(t)
	p.heading("三、本报告不能说明的事项")
	for i, gap := range t.Unknown {
		p.paragraph(strconv.Itoa(i+1) + "．" + gap.Zh)
	}
	p.add(document.Block{Kind: document.CopiesBlock, Text: "时间均为北京时间。摘要为 SHA-256。设备、链接、副本等以记录标识的末八位表示。本报告由服务器根据记录自动生成，未作人工修改。"})
	paper := render.Paper{Words: document.Words{Template: p.template, Organ: t.Names[text(t.Body, "unit")],
		Instance: document.Instance{State: document.Issued, IssuedAt: t.At, Data: p.data}}}
	return render.PDF(w, paper)
}

// sheet builds a paper of texts that are not templates: each is a value, so that nothing in it is taken for a token.
type sheet struct {
	template document.Template
	data     record.Object
}

func (p *sheet) add(b document.Block) { p.template.Layout = append(p.template.Layout, b) }

// field keeps a text as a value, and tells its name.
func (p *sheet) field(value string) string {
	if p.data == nil {
		p.data = record.Object{}
	}
	id := "v" + strconv.Itoa(len(p.data))
	p.data[id] = value
	p.template.Fields = append(p.template.Fields, document.Field{ID: id, Kind: document.LongText})
	return id
}

func (p *sheet) heading(text string) {
	p.add(document.Block{Kind: document.ParagraphBlock, Text: text, Align: "left"})
}

func (p *sheet) paragraph(text string) {
	p.add(document.Block{Kind: document.ParagraphBlock, Text: "{" + p.field(text) + "}", Indent: 2})
}

// label is a cell with a text of ours, value one with a text of others'.
func label(text string) document.Cell { return document.Cell{Text: text} }

func (p *sheet) value(text string, span int) document.Cell {
	return document.Cell{Value: p.field(text), Span: span, Align: "left"}
}

// facts is the table of what the recording is.
func (p *sheet) facts(t Trail) {
	body := t.Body
	custody, _ := body["custody"].(record.Object)
	length, _ := body["length"].(float64)
	row := func(cells ...document.Cell) document.Row { return document.Row{Cells: cells} }
	rows := []document.Row{
		row(label("证据标识"), p.value(t.Evidence, 3)),
		row(label("所属单位"), p.value(named(t, text(body, "unit")), 1), label("记录人"), p.value(named(t, text(body, "officer")), 1)),
		row(label("类别"), p.value(cmp.Or(kinds[text(body, "kind")], text(body, "kind")), 1), label("格式"), p.value(text(body, "mime"), 1)),
		row(label("录制起止"), p.value(clockOf(body, "startedAt")+" 至 "+clockOf(body, "endedAt"), 3)),
		row(label("长度"), p.value(fmt.Sprintf("%.0f 字节", length), 1), label("状态"), p.value(states[evidence.StateOf(body)], 1)),
		row(label("登记摘要"), p.value(text(body, "sha256"), 3)),
	}
	if sm3 := text(custody, "sm3"); sm3 != "" {
		rows = append(rows, row(label("SM3"), p.value(sm3, 3)))
	}
	receipt := "尚无回执"
	if text(custody, "receipt") != "" {
		receipt = "服务器于 " + clockOf(custody, "receivedAt") + " 收齐，入库摘要 " + text(custody, "sha256") + "，已签发回执"
	}
	rows = append(rows, row(label("回执"), p.value(receipt, 3)), row(label("分段链"), p.value(chainText(t), 3)), row(label("最近复核"), p.value(checkText(t), 3)),
		row(label("保存期限"), p.value(keepingText(t), 3)), row(label("保全"), p.value(map[bool]string{true: "依法保全中", false: "无"}[t.Held], 1),
			label("生成时间"), p.value(clock(t.At), 1)))
	p.add(document.Block{Kind: document.TableBlock, Columns: []float64{14, 36, 14, 36}, Rows: rows})
}

// kinds are what recordings are called.
var kinds = map[string]string{"video": "录像", "audio": "录音", "photo": "照片", "document": "文件"}

var states = map[evidence.Custody]string{"": "已登记，内容未到", evidence.CustodyHeld: "服务器持有", evidence.CustodyMismatch: "内容与登记不符，单独留存",
	evidence.CustodyDisposing: "正在销毁", evidence.CustodyDisposed: "已销毁，仅存记录"}

func chainText(t Trail) string {
	custody, _ := t.Body["custody"].(record.Object)
	segments, _ := custody["segments"].(record.Object)
	count, told := segments["count"].(float64)
	flaws, _ := segments["flaws"].(float64)
	switch {
	case !told:
		return "无分段签名"
	case flaws == 0:
		return fmt.Sprintf("%.0f 段，逐段核验无异常", count)
	}
	return fmt.Sprintf("%.0f 段，%.0f 处异常，见第二部分", count, flaws)
}

func checkText(t Trail) string {
	switch {
	case !t.Checked || t.Check.At.IsZero():
		return "尚未复核"
	case t.Check.Sound:
		return clock(t.Check.At) + "，内容与回执一致"
	}
	return clock(t.Check.At) + "，内容与回执不符"
}

func keepingText(t Trail) string {
	if evidence.StateOf(t.Body) != evidence.CustodyHeld {
		return "不适用"
	}
	out := "至 " + clock(t.Keeping.Until)
	if t.Keeping.Forever {
		out = "永久"
	}
	var by []string
	for _, term := range t.Keeping.By {
		name := term.Name
		if !term.Confirmed {
			name += "，依据待核实"
		}
		by = append(by, name)
	}
	return out + "（" + strings.Join(by, "；") + "）"
}

var actNames = map[evidence.Act]string{evidence.ActCreate: "登记", evidence.ActReceive: "入库", evidence.ActVerify: "复核", evidence.ActView: "调阅",
	evidence.ActDownload: "下载", evidence.ActExport: "导出", evidence.ActShare: "对外提供", evidence.ActDerive: "制作副本", evidence.ActPrint: "印入文书", evidence.ActHold: "保全",
	evidence.ActRelease: "解除保全", evidence.ActPropose: "申请销毁", evidence.ActConfirm: "确认销毁", evidence.ActRecall: "撤回销毁", evidence.ActDispose: "销毁"}

// acts is the table of who did what, when and why.
func (p *sheet) acts(t Trail) {
	rows := []document.Row{{Head: true, Cells: []document.Cell{label("序号"), label("时间"), label("事项"), label("人员、设备"), label("理由与说明")}}}
	acts := t.Acts[:min(len(t.Acts), mostActs)]
	for i, e := range acts {
		rows = append(rows, document.Row{Cells: []document.Cell{label(strconv.Itoa(i + 1)), p.value(clock(e.At), 1),
			{Value: p.field(actName(e)), Align: "center"}, p.value(whoOf(t, e), 1), p.value(explained(t, e), 1)}})
	}
	p.add(document.Block{Kind: document.TableBlock, Columns: []float64{8, 17, 14, 27, 34}, Rows: rows})
	if more := len(t.Acts) - len(acts); more > 0 {
		p.paragraph(fmt.Sprintf("其后另有 %d 项，见同一接口的 JSON 形式。", more))
	}
	p.devices(t)
}

// actName is what was done, in a word.
func actName(e evidence.Entry) string {
	if e.Act == evidence.ActShare && e.Detail["revoked"] == true {
		return "收回链接"
	}
	return cmp.Or(actNames[e.Act], string(e.Act))
}

// whoOf is who did it, on which device: somebody of the house, somebody outside with a link, or the server.
func whoOf(t Trail, e evidence.Entry) string {
	who := "服务器"
	switch outside := recipient(e); {
	case e.Actor != "":
		who = named(t, e.Actor)
	case outside != "" && e.Act == evidence.ActView:
		who = "外部人员：" + outside
	}
	if e.ActorUnit != "" {
		who += "（" + named(t, e.ActorUnit) + "）"
	}
	if e.Device != "" {
		who += "\n设备 " + tail(e.Device)
	}
	return who
}

// recipient is the person outside whom a link is for; "" where there is none.
func recipient(e evidence.Entry) string {
	name, organ := text(e.Detail, "name"), text(e.Detail, "organ")
	if organ != "" {
		name += "（" + organ + "）"
	}
	return name
}

// devices tells the records of the devices of which the table shows the end.
func (p *sheet) devices(t Trail) {
	var told []string
	tell := func(device string) {
		if device != "" && !slices.Contains(told, device) {
			told = append(told, device)
		}
	}
	for _, e := range t.Acts[:min(len(t.Acts), mostActs)] {
		tell(e.Device)
		tell(text(e.Detail, "device"))
	}
	if len(told) > 0 {
		p.paragraph("设备标识：" + strings.Join(told, "；") + "。")
	}
}

// mostActs bounds the table of one report: some forty pages.
const mostActs = 1000

// short is enough of an id to tell it from others of one report.
func short(id string) string { return "…" + tail(id) }

func tail(id string) string { return id[max(0, len(id)-8):] }

func explained(t Trail, e evidence.Entry) string {
	var parts []string
	if e.Reason != "" {
		parts = append(parts, strings.TrimRight(e.Reason, "；。"))
	}
	parts = append(parts, outcome(e)...)
	if length, _ := t.Body["length"].(float64); len(e.Ranges) > 0 && length > 0 {
		parts = append(parts, fmt.Sprintf("%d 段，共 %d 字节（%.1f%%）", len(e.Ranges), evidence.Total(e.Ranges...), 100*float64(evidence.Total(e.Ranges...))/length))
	}
	if !e.Until.IsZero() {
		parts = append(parts, "至 "+clock(e.Until))
	}
	if claimed := text(e.Detail, "claimedAt"); claimed != "" {
		parts = append(parts, "设备自称时间 "+clockOf(e.Detail, "claimedAt"))
	}
	said := results
	if e.Related != "" {
		said = ofCopies
	}
	if result := said[text(e.Detail, "result")]; result != "" {
		parts = append(parts, result)
	}
	if device := text(e.Detail, "device"); device != "" {
		parts = append(parts, "由设备 "+tail(device)+" 送达")
	}
	return strings.Join(parts, "；")
}

// outcome is what came of an act: a link for whom and how often, a copy of which kind, and the record of it.
func outcome(e evidence.Entry) (parts []string) {
	revoked := e.Detail["revoked"] == true
	switch views, _ := e.Detail["maxViews"].(float64); {
	case e.Act == evidence.ActShare && !revoked:
		parts = append(parts, "提供给"+recipient(e), fmt.Sprintf("可看 %.0f 次", views))
		if e.Detail["watermark"] == true {
			parts = append(parts, "副本带水印")
		}
	case e.Act == evidence.ActDerive:
		parts = append(parts, cmp.Or(copies[text(e.Detail, "kind")], text(e.Detail, "kind")))
	}
	name := relatedNames[e.Act]
	if e.Actor != "" && (e.Act == evidence.ActView || e.Act == evidence.ActDownload) {
		name = relatedNames[evidence.ActDerive] // what somebody of the house looked at besides the recording
	}
	if name != "" && e.Related != "" {
		parts = append(parts, name+" "+tail(e.Related))
	}
	return parts
}

// copies are what derivatives are called.
var copies = map[string]string{evidence.Poster: "封面图", evidence.Sprite: "缩略图", evidence.Waveform: "声波图", evidence.Playable: "播放用副本", evidence.Redacted: "遮挡副本"}

// relatedNames are what an act names beside itself. That of an announcement is an op, which the ledger has.
var relatedNames = map[evidence.Act]string{evidence.ActShare: "链接", evidence.ActView: "链接", evidence.ActDerive: "副本", evidence.ActVerify: "副本", evidence.ActPrint: "文书", evidence.ActHold: "保全", evidence.ActRelease: "保全",
	evidence.ActPropose: "销毁", evidence.ActConfirm: "销毁", evidence.ActRecall: "销毁", evidence.ActDispose: "销毁"}

var results = map[string]string{"sound": "内容已恢复，与回执一致", "differs": "内容与回执不符", "missing": "存储中没有内容", "unread": "多次复核未能读出内容"}

// ofCopies are the results for what was made of the recording.
var ofCopies = map[string]string{"differs": "副本与制作时不符，已停止提供", "missing": "存储中没有该副本，已停止提供"}

func (p *sheet) findings(t Trail) {
	if len(t.Findings) == 0 {
		p.paragraph("没有登记的问题。")
		return
	}
	rows := []document.Row{{Head: true, Cells: []document.Cell{label("序号"), label("问题"), label("状态"), label("说明")}}}
	for i, f := range t.Findings {
		rows = append(rows, document.Row{Cells: []document.Cell{label(strconv.Itoa(i + 1)), p.value(f.Zh+"（"+f.Code+"）", 1),
			{Value: p.field(cmp.Or(findingStates[f.State], f.State)), Align: "center"}, p.value(f.Explanation, 1)}})
	}
	p.add(document.Block{Kind: document.TableBlock, Columns: []float64{8, 50, 14, 28}, Rows: rows})
}

var findingStates = map[string]string{"open": "待说明", "explained": "已说明", "confirmed": "已确认", "closed": "已办结"}

func named(t Trail, id string) string { return cmp.Or(t.Names[id], id) }

func clock(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(record.Beijing).Format("2006-01-02 15:04:05")
}

// clockOf is a time of a body as people read it; what is no time is shown as it is.
func clockOf(body record.Object, field string) string {
	at, err := time.Parse(time.RFC3339Nano, text(body, field))
	if err != nil {
		return text(body, field)
	}
	return clock(at)
}
