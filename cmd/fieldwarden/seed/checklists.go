package seed

import (
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The checklists by name, as [District.ChecklistID] takes them.
const (
	FoodChecklist   = "餐饮服务食品安全检查表"
	FireChecklist   = "小型场所消防安全检查表"
	CityChecklist   = "市容环境卫生检查表"
	SortChecklist   = "生活垃圾分类检查表"
	SafetyChecklist = "小型经营场所安全生产检查表"
	AirChecklist    = "餐饮油烟与噪声检查表"
)

type question struct{ text, basis string }

// checklists are the questions of each kind of inspection.
var checklists = []struct {
	name, item string
	questions  []question
}{
	{FoodChecklist, "SCJJC02001", []question{
		{"营业执照和食品经营许可证是否在有效期内并公示", "食品安全法第三十五条"},
		{"从业人员是否持有有效健康证明", "食品安全法第四十五条"},
		{"进货时是否查验许可证和合格证明并留存记录", "食品安全法第五十三条"},
		{"是否有超过保质期、腐败变质的食品或者原料", "食品安全法第三十四条"},
		{"餐具、饮具是否洗净消毒并保洁存放", "食品安全法第三十三条、第五十六条"},
		{"生熟食品的容器、工具和操作区是否分开", "食品安全法第三十三条"},
		{"后厨是否清洁，防鼠防虫设施是否有效", "食品安全法第三十三条"},
		{"是否主动提示防止食品浪费", "反食品浪费法第七条"}}},
	{FireChecklist, "XFJJC03001", []question{
		{"灭火器是否在有效期内、压力正常、便于取用", "消防法第十六条"},
		{"疏散通道、安全出口是否畅通", "消防法第二十八条"},
		{"门窗是否设置影响逃生和灭火救援的障碍物", "消防法第二十八条"},
		{"消防车通道是否被占用、堵塞", "消防法第二十八条"},
		{"疏散指示标志和应急照明是否完好", "消防法第十六条"},
		{"电气线路是否私拉乱接", "消防法第二十七条"},
		{"是否在室内停放电动自行车或者为其充电", ""},
		{"从业人员是否会使用灭火器、会组织疏散", "消防法第十六条"}}},
	{CityChecklist, "CGWJC01001", []question{
		{"门前是否整洁，有无堆放杂物", ""},
		{"是否店外经营、占用道路或者公共场所", ""},
		{"招牌、灯箱是否完好、牢固", ""},
		{"墙面、橱窗有无乱贴乱画", "天津市文明行为促进条例第六十五条"},
		{"门前车辆停放是否有序", ""},
		{"是否落实市容环境卫生责任", ""}}},
	{SortChecklist, "CGWJC01002", []question{
		{"是否按规定设置分类收集容器并有标识", ""},
		{"四类垃圾是否分类投放", "固体废物污染环境防治法第四十九条"},
		{"厨余垃圾是否交由具备资质的单位处理", "固体废物污染环境防治法第五十七条"},
		{"是否建立餐厨垃圾去向记录", ""},
		{"投放点周边是否清洁", ""},
		{"是否对员工进行分类培训", ""}}},
	{SafetyChecklist, "YJJJC04001", []question{
		{"使用燃气的场所是否安装可燃气体报警装置", "安全生产法第三十六条"},
		{"是否对从业人员进行安全教育并记录", "安全生产法第二十八条"},
		{"有较大危险因素的场所和设备是否有警示标志", "安全生产法第三十五条"},
		{"特种作业人员是否持证上岗", "安全生产法第三十条"},
		{"是否制定并演练应急预案", "安全生产法第八十一条"},
		{"住宿与生产、经营、储存是否混用同一建筑", "安全生产法第四十二条"}}},
	{AirChecklist, "STJJC05001", []question{
		{"油烟净化设施是否安装并正常使用", "大气污染防治法第八十一条"},
		{"油烟净化设施清洗维护是否有记录", ""},
		{"是否在居民住宅楼内违规经营产生油烟的项目", "大气污染防治法第八十一条"},
		{"是否使用高音喇叭招揽顾客", "噪声污染防治法第六十三条"},
		{"空调、冷却塔等设备噪声是否扰民", "噪声污染防治法第六十三条"}}},
}

func (b *builder) checklists() error {
	for _, c := range checklists {
		questions := record.Object{}
		for i, q := range c.questions {
			entry := record.Object{"text": q.text, "answers": []any{"符合", "不符合", "不适用"}}
			if q.basis != "" {
				entry["basis"] = q.basis
			}
			questions[fmt.Sprintf("q%02d", i+1)] = entry
		}
		b.d.Checklists = append(b.d.Checklists, b.op("checklists", c.name, record.Object{"name": c.name, "field": fieldOf(c.item[:3]),
			"item": law.District + c.item, "questions": questions, "version": 1.0, "validFrom": catalogueFrom}))
	}
	return nil
}

// ChecklistID finds the record id of a checklist by its name.
func (d *District) ChecklistID(name string) string {
	for _, op := range d.Checklists {
		if op.Patch["name"] == name {
			return op.Record
		}
	}
	return ""
}
