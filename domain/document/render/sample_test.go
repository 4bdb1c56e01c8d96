package render

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/templates"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// seed reads one of the templates that a district begins with.
func seed(t testing.TB, kind string) document.Template {
	t.Helper()
	text, err := templates.Files.ReadFile(kind + ".json")
	if err != nil {
		t.Fatal(err)
	}
	body, err := wire.Object(text)
	if err != nil {
		t.Fatal(err)
	}
	return document.ReadTemplate(body)
}

// scribble draws something like a signature: a curve of ink on a transparent sheet, another for each n.
func scribble(n int) string {
	sheet := image.NewNRGBA(image.Rect(0, 0, 240, 80))
	for i := range 4000 {
		at := float64(i) / 4000
		x := 15 + 210*at
		y := 40 + 26*math.Sin(at*float64(7+n))*math.Cos(at*float64(19-n))
		for dx := range 3 {
			for dy := range 3 {
				sheet.SetNRGBA(int(x)+dx, int(y)+dy, color.NRGBA{B: 60, A: 255})
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, sheet); err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

const (
	first  = "01890000-0000-7000-8000-000000000001"
	second = "01890000-0000-7000-8000-000000000002"
)

func signed(role, officer, name, at string, n int) record.Object {
	s := record.Object{"role": role, "name": name, "at": at, "image": scribble(n)}
	if officer != "" {
		s["officer"] = officer
	}
	return s
}

func officers() record.Object {
	return record.Object{
		first:  record.Object{"role": "officer", "name": "赵翀", "certificate": "02010200017"},
		second: record.Object{"role": "officer", "name": "钱珺", "certificate": "02010200025"},
	}
}

// inspection is a record of an inspection with answers on more than one page.
func inspection(t testing.TB) Paper {
	answers := record.Object{}
	for i, text := range []string{"是否持有有效的营业执照，并在经营场所的醒目位置公示", "门前三包责任牌是否完好", "是否存在店外经营、占道堆放物品的行为",
		"餐厨垃圾是否分类投放并交由有资质的单位收集、运输", "油烟净化设施是否正常使用，是否有定期清洗维护的记录", "是否张贴、悬挂未经批准的户外广告",
		"是否在禁止时段排放噪声", "灭火器是否在有效期内（现场抽查3具）", "安全出口、疏散通道是否畅通"} {
		answers["q"+string(rune('a'+i))] = record.Object{"order": float64(i), "text": text, "value": []string{"是", "否"}[i%2],
			"note": []string{"", "见现场照片2、照片3", ""}[i%3]}
	}
	body := record.Object{"unit": "120102011", "kind": document.InspectionRecord, "state": document.Issued,
		"issuedAt": "2026-11-25T06:40:00Z", "officers": officers(),
		"data": record.Object{
			"party": record.Object{"kind": document.Enterprise, "name": "天津市河东区堃喆餐饮管理有限公司", "uscc": "91120102MA06ABCDXF",
				"representative": "龑镕", "address": "天津市河东区东新街道津塘路132号增1号", "phone": "13800000000"},
			"startedAt": "2026-11-25T05:30:00Z", "endedAt": "2026-11-25T06:35:00Z",
			"place":   record.Object{"address": "天津市河东区东新街道津塘路132号增1号，该公司经营场所一层大厅、后厨及门前人行道"},
			"present": "孙昇", "presentRole": "店长", "recorder": "钱珺", "certificateShown": "shown", "recusal": "none", "answers": answers,
			"findings": strings.Repeat("经现场检查，该单位正在营业，店内有顾客12人。门前人行道摆放餐桌4张、塑料椅16把，占用人行道长约6.2米、宽约1.8米；"+
				"现场未能提供占用道路的批准文件。现场负责人称：“今天天气好，就摆出来了。”\n", 5),
			"measurements": "占用人行道面积11.16㎡（6.2m×1.8m），使用钢卷尺（编号GJC-0032）测量，由现场人员确认。",
			"evidence":     "现场照片6张，执法记录仪音像1段（13:30—14:35）。", "opinion": "情况属实，马上收回来。"},
		"signatures": record.Object{
			"p": signed("party", "", "孙昇", "2026-11-25T06:36:00Z", 1),
			"a": signed("officer", first, "", "2026-11-25T06:37:00Z", 2),
			"b": signed("officer", second, "", "2026-11-25T06:38:00Z", 3),
			"r": signed("recorder", second, "", "2026-11-25T06:38:30Z", 3)},
	}
	return Paper{Words: document.Words{Template: seed(t, document.InspectionRecord), Instance: document.ReadInstance(body),
		Organ: "天津市河东区人民政府东新街道办事处"}, CheckURL: "https://fieldwarden.example.cn/check/01890000-0000-7000-8000-0000000000aa"}
}

// penalty is a decision on the spot, its party a person with a name that few fonts have.
func penalty(t testing.TB) Paper {
	body := record.Object{"unit": "120102011", "kind": document.SummaryPenalty, "state": document.Issued,
		"issuedAt": "2026-11-25T07:05:00Z", "officers": officers(),
		"number": record.Object{"series": "120102011/summary-penalty/2026", "n": float64(12), "text": "津河东东新执当罚决字〔2026〕第12号"},
		"data": record.Object{
			"party": record.Object{"kind": document.Citizen, "name": "李𬭎", "sex": "男", "birth": "1988年3月2日", "idNumber": "12010219880302001X",
				"phone": "13900000000", "address": "天津市河东区常州道街道某某里3号楼2门501"},
			"occurredAt": "2026-11-25T06:50:00Z", "place": record.Object{"address": "天津市河东区东新街道成林道与津塘路交口东北角"},
			"facts":    "当事人在上述地点人行道上摆摊售卖水果，占用人行道约3平方米，影响行人通行，现场不能提供批准文件。",
			"evidence": "现场照片4张、执法记录仪音像1段、当事人陈述。", "item": "120102CGWCF01003",
			"violated":   record.Object{"law": "天津市市容和环境卫生管理条例", "article": "第二十七条第一款"},
			"basis":      record.Object{"law": "天津市市容和环境卫生管理条例", "article": "第二十七条第二款"},
			"discretion": "轻微", "penalty": "fine", "fine": 50.0, "correction": "当场改正，立即撤除摊位、恢复人行道通行。",
			"defence":    "已当场告知违法事实、处罚理由、依据和依法享有的陈述、申辩权利；当事人表示不陈述、不申辩。",
			"collection": "bank", "bank": "中国工商银行天津分行各网点", "paymentCode": "1201022600000012"},
		"signatures": record.Object{
			"a": signed("officer", first, "", "2026-11-25T07:04:00Z", 2),
			"b": signed("officer", second, "", "2026-11-25T07:04:30Z", 3),
			"p": record.Object{"role": "party", "name": "李𬭎", "at": "2026-11-25T07:05:00Z", "refused": true,
				"reason": "当事人称没有带笔也不愿在终端上签名，经两名执法人员现场说明后仍拒绝，见执法记录仪音像。"}},
	}
	return Paper{Words: document.Words{Template: seed(t, document.SummaryPenalty), Instance: document.ReadInstance(body),
		Organ: "天津市河东区人民政府东新街道办事处"}, CheckURL: "https://fieldwarden.example.cn/check/01890000-0000-7000-8000-0000000000bb"}
}
