package seed

// The statutes that the catalogue names, with the day from which the wording that is quoted is in force.
const (
	fireLaw, fireSince           = "中华人民共和国消防法", "2021-04-29"
	foodLaw, foodSince           = "中华人民共和国食品安全法", "2021-04-29"
	safetyLaw, safetySince       = "中华人民共和国安全生产法", "2021-09-01"
	airLaw, airSince             = "中华人民共和国大气污染防治法", "2018-10-26"
	wasteLaw, wasteSince         = "中华人民共和国固体废物污染环境防治法", "2020-09-01"
	noiseLaw, noiseSince         = "中华人民共和国噪声污染防治法", "2022-06-05"
	unlicensedLaw, unlicensedDay = "无证无照经营查处办法", "2017-10-01"
	mannersLaw, mannersSince     = "天津市文明行为促进条例", "2019-05-01"
	cityLaw                      = "天津市市容和环境卫生管理条例"
	manageLaw                    = "天津市城市管理规定"
)

// items is the catalogue. Amounts stand only where a provision fixes them; of the city's own regulations the days in force
// are left open where they are not certain.
var items = []item{
	{code: "CGWCF01001", name: "对在建筑物、构筑物及其他设施上乱贴乱画的处罚", summary: true, fine: &fine{min: 50, max: 2000},
		basis: []basis{{mannersLaw, "第六十五条", mannersSince, "责令清除，处一百元以上二百元以下罚款；有碍市容的，处二千元罚款"},
			{cityLaw, "第十五条第二款", "", "拒不清除的，处五十元以上二千元以下罚款"}, {manageLaw, "第四十四条", "", "处二千元罚款"}},
		note: "同一行为多个依据，罚款数额高的优先适用（处罚法第二十九条）；市容条例修订情况" + Confirm},
	{code: "CGWCF01002", name: "对擅自占用道路、公共场所摆摊设点或者店外经营的处罚", summary: true,
		basis: []basis{{manageLaw, "", "", ""}}, note: "条款与罚款数额" + Confirm},
	{code: "CGWCF01003", name: "对擅自占用或者挖掘城市道路的处罚", fine: &fine{max: 20000},
		basis: []basis{{"城市道路管理条例", "第四十二条", "2019-03-24", "责令限期改正，可以处以2万元以下的罚款"}}},
	{code: "CGWCF01004", name: "对随意倾倒、抛撒、堆放或者焚烧生活垃圾的处罚", summary: true, fine: &fine{min: 100, max: 500000, citizenMax: 500, unitMax: 500000},
		basis: []basis{{wasteLaw, "第一百一十一条第一款第一项", wasteSince, "单位处五万元以上五十万元以下的罚款，个人处一百元以上五百元以下的罚款"}}},
	{code: "CGWCF01005", name: "对未在指定的地点分类投放生活垃圾的处罚", summary: true, fine: &fine{unitMax: 500000},
		basis: []basis{{wasteLaw, "第一百一十一条第三款", wasteSince, "责令改正；情节严重的，对单位处五万元以上五十万元以下的罚款，对个人依法处以罚款"}},
		note:  "对个人的罚款依照《天津市生活垃圾管理条例》，数额" + Confirm},
	{code: "CGWCF01006", name: "对未将厨余垃圾交由具备相应资质条件的单位进行无害化处理的处罚", fine: &fine{min: 100, max: 1000000, citizenMax: 500, unitMax: 1000000},
		basis: []basis{{wasteLaw, "第一百一十一条第一款第五项", wasteSince, "单位处十万元以上一百万元以下的罚款，个人处一百元以上五百元以下的罚款"}}},
	{code: "CGWCF01007", name: "对工程施工单位擅自倾倒、抛撒或者堆放建筑垃圾的处罚", fine: &fine{min: 100000, max: 1000000},
		basis: []basis{{wasteLaw, "第一百一十一条第一款第四项", wasteSince, "处十万元以上一百万元以下的罚款"}}},
	{code: "CGWCF01008", name: "对运输散装、流体物料的车辆未采取密闭措施防止遗撒的处罚", fine: &fine{min: 2000, max: 20000},
		basis: []basis{{airLaw, "第一百一十六条", airSince, "责令改正，处二千元以上二万元以下的罚款；拒不改正的，车辆不得上道路行驶"}}},
	{code: "CGWCF01009", name: "对在禁止的时段和区域内露天烧烤食品或者为其提供场地的处罚", summary: true, fine: &fine{min: 500, max: 20000},
		basis: []basis{{airLaw, "第一百一十八条第三款", airSince, "责令改正，没收烧烤工具和违法所得，并处五百元以上二万元以下的罚款"}}},
	{code: "CGWCF01010", name: "对露天焚烧秸秆、落叶等产生烟尘污染物质的处罚", summary: true, fine: &fine{min: 500, max: 2000},
		basis: []basis{{airLaw, "第一百一十九条第一款", airSince, "责令改正，并可以处五百元以上二千元以下的罚款"}}},
	{code: "CGWCF01011", name: "对擅自安装、改装、拆除户内燃气设施的处罚", fine: &fine{citizenMax: 1000, unitMax: 100000},
		basis: []basis{{"城镇燃气管理条例", "第四十九条", "2016-02-06", "责令限期改正；逾期不改正的，对单位可以处10万元以下罚款，对个人可以处1000元以下罚款"}}},
	{code: "CGWCF01012", name: "对在临街建筑物外侧吊挂、晾晒有碍市容物品的处罚", off: true,
		basis: []basis{{cityLaw, "", "", ""}}, note: "拟清理事项，暂停实施；条款" + Confirm},
	{code: "CGWJC01001", name: "对市容环境卫生责任落实情况的检查", basis: []basis{{cityLaw, "", "", ""}}, note: "条款" + Confirm},
	{code: "CGWJC01002", name: "对生活垃圾分类投放、收集、运输、处理的检查",
		basis: []basis{{wasteLaw, "第二十六条", wasteSince, "有权对从事产生、收集、贮存、运输、利用、处置固体废物等活动的单位进行现场检查"}}},

	{code: "SCJCF02001", name: "对未取得许可从事食品经营活动的处罚", bureau: true, fine: &fine{min: 50000},
		basis: []basis{{foodLaw, "第一百二十二条第一款", foodSince, "货值金额不足一万元的，并处五万元以上十万元以下罚款；一万元以上的，并处货值金额十倍以上二十倍以下罚款"}}},
	{code: "SCJCF02002", name: "对未按规定建立并遵守食品进货查验记录制度的处罚", summary: true, fine: &fine{min: 5000, max: 50000},
		basis: []basis{{foodLaw, "第一百二十六条第一款第三项", foodSince, "责令改正，给予警告；拒不改正的，处五千元以上五万元以下罚款"}}},
	{code: "SCJCF02003", name: "对餐具、饮具使用前未经洗净、消毒的处罚", summary: true, fine: &fine{min: 5000, max: 50000},
		basis: []basis{{foodLaw, "第一百二十六条第一款第五项", foodSince, "责令改正，给予警告；拒不改正的，处五千元以上五万元以下罚款"}}},
	{code: "SCJCF02004", name: "对安排未取得健康证明的人员从事接触直接入口食品工作的处罚", summary: true, fine: &fine{min: 5000, max: 50000},
		basis: []basis{{foodLaw, "第一百二十六条第一款第六项", foodSince, "责令改正，给予警告；拒不改正的，处五千元以上五万元以下罚款"}}},
	{code: "SCJCF02005", name: "对经营超过保质期食品的处罚", bureau: true, fine: &fine{min: 50000},
		basis: []basis{{foodLaw, "第一百二十四条第一款第五项", foodSince, "货值金额不足一万元的，并处五万元以上十万元以下罚款；一万元以上的，并处货值金额十倍以上二十倍以下罚款"}}},
	{code: "SCJCF02006", name: "对不按规定明码标价的处罚", summary: true, fine: &fine{max: 5000},
		basis: []basis{{"中华人民共和国价格法", "第四十二条", "1998-05-01", "责令改正，没收违法所得，可以并处五千元以下的罚款"}}},
	{code: "SCJCF02007", name: "对未将营业执照置于经营场所醒目位置的处罚", summary: true, fine: &fine{max: 30000},
		basis: []basis{{"中华人民共和国市场主体登记管理条例", "第四十八条", "2022-03-01", "责令改正；拒不改正的，处3万元以下的罚款"}}},
	{code: "SCJCF02008", name: "对无照经营的处罚", summary: true, fine: &fine{max: 10000},
		basis: []basis{{unlicensedLaw, "第十三条", unlicensedDay, "责令停止违法行为，没收违法所得，并处1万元以下的罚款"}}},
	{code: "SCJCF02009", name: "对餐饮服务经营者未主动提示防止食品浪费的处罚", summary: true,
		basis: []basis{{"中华人民共和国反食品浪费法", "第二十八条第一款", "2021-04-29", "责令改正，给予警告"}}},
	{code: "SCJJC02001", name: "对食品生产经营者遵守食品安全法情况的检查", basis: []basis{{foodLaw, "第一百一十条", foodSince, "有权进入生产经营场所实施现场检查"}}},
	{code: "SCJQZ02001", name: "查封、扣押涉嫌无照经营的工具、设备、原材料、产品", basis: []basis{{unlicensedLaw, "第十一条", unlicensedDay, ""}}},
	{code: "SCJQZ02002", name: "查封、扣押有证据证明不符合食品安全标准的食品", bureau: true, basis: []basis{{foodLaw, "第一百一十条第四项", foodSince, ""}}},

	{code: "XFJCF03001", name: "对消防设施、器材未保持完好有效的处罚", bureau: true, fine: &fine{min: 5000, max: 50000},
		basis: []basis{{fireLaw, "第六十条第一款第一项", fireSince, "责令改正，处五千元以上五万元以下罚款"}}, note: "是否由街道行使" + Confirm},
	{code: "XFJCF03002", name: "对占用、堵塞、封闭疏散通道、安全出口的处罚", summary: true, fine: &fine{citizenMax: 500, unitMax: 50000},
		basis: []basis{{fireLaw, "第六十条第一款第三项、第二款", fireSince, "单位处五千元以上五万元以下罚款；个人处警告或者五百元以下罚款"}}, note: "是否由街道行使" + Confirm},
	{code: "XFJCF03003", name: "对占用、堵塞、封闭消防车通道的处罚", summary: true, fine: &fine{citizenMax: 500, unitMax: 50000},
		basis: []basis{{fireLaw, "第六十条第一款第五项、第二款", fireSince, "单位处五千元以上五万元以下罚款；个人处警告或者五百元以下罚款"}}, note: "是否由街道行使" + Confirm},
	{code: "XFJCF03004", name: "对人员密集场所门窗设置影响逃生障碍物的处罚", bureau: true, fine: &fine{min: 5000, max: 50000},
		basis: []basis{{fireLaw, "第六十条第一款第六项", fireSince, "责令改正，处五千元以上五万元以下罚款"}}, note: "是否由街道行使" + Confirm},
	{code: "XFJJC03001", name: "对单位遵守消防法律、法规情况的检查", basis: []basis{{fireLaw, "第五十三条", fireSince, ""}}, note: "街道协助范围" + Confirm},

	{code: "YJJCF04001", name: "对未按规定对从业人员进行安全生产教育和培训的处罚", fine: &fine{max: 200000},
		basis: []basis{{safetyLaw, "第九十七条第三项", safetySince, "责令限期改正，处十万元以下的罚款；逾期未改正的，责令停产停业整顿，并处十万元以上二十万元以下的罚款"}}},
	{code: "YJJCF04002", name: "对特种作业人员未取得相应资格上岗作业的处罚", bureau: true, fine: &fine{max: 200000},
		basis: []basis{{safetyLaw, "第九十七条第七项", safetySince, "责令限期改正，处十万元以下的罚款；逾期未改正的，责令停产停业整顿，并处十万元以上二十万元以下的罚款"}}},
	{code: "YJJCF04003", name: "对餐饮等行业使用燃气未安装可燃气体报警装置的处罚", fine: &fine{max: 200000},
		basis: []basis{{safetyLaw, "第九十九条第八项", safetySince, "责令限期改正，处五万元以下的罚款；逾期未改正的，处五万元以上二十万元以下的罚款"}}},
	{code: "YJJJC04001", name: "对生产经营单位执行安全生产法律、法规和标准情况的检查", basis: []basis{{safetyLaw, "第六十五条", safetySince, ""}}},

	{code: "STJCF05001", name: "对餐饮服务业经营者超标排放油烟的处罚", fine: &fine{min: 5000, max: 50000},
		basis: []basis{{airLaw, "第一百一十八条第一款", airSince, "责令改正，处五千元以上五万元以下的罚款；拒不改正的，责令停业整治"}}},
	{code: "STJCF05002", name: "对服装干洗、机动车维修未设置异味和废气处理装置的处罚", fine: &fine{min: 2000, max: 20000},
		basis: []basis{{airLaw, "第一百二十条", airSince, "责令改正，处二千元以上二万元以下的罚款；拒不改正的，责令停业整治"}}},
	{code: "STJCF05003", name: "对违反规定夜间进行产生噪声的建筑施工作业的处罚", bureau: true, fine: &fine{min: 10000, max: 100000},
		basis: []basis{{noiseLaw, "第七十七条第二项", noiseSince, "责令改正，处一万元以上十万元以下的罚款；拒不改正的，可以责令暂停施工"}}},
	{code: "STJCF05004", name: "对商业经营活动中使用高音广播喇叭进行广告宣传的处罚", fine: &fine{min: 5000, max: 200000},
		basis: []basis{{noiseLaw, "第八十一条第二项", noiseSince, "责令改正，处五千元以上五万元以下的罚款；拒不改正的，处五万元以上二十万元以下的罚款"}}},
	{code: "STJCF05005", name: "对在公共场所组织或者开展娱乐、健身等活动产生过大音量的处罚", summary: true, fine: &fine{citizenMax: 1000, unitMax: 20000},
		basis: []basis{{noiseLaw, "第八十二条第二项", noiseSince, "说服教育，责令改正；拒不改正的，给予警告，对个人可以处二百元以上一千元以下的罚款，对单位可以处二千元以上二万元以下的罚款"}}},
	{code: "STJJC05001", name: "对排放大气污染物、噪声的单位和场所的现场检查",
		basis: []basis{{airLaw, "第二十九条", airSince, ""}, {noiseLaw, "第二十九条", noiseSince, ""}}},

	{code: "ZJWCF06001", name: "对施工工地未采取有效防尘降尘措施的处罚", bureau: true, fine: &fine{min: 10000, max: 100000},
		basis: []basis{{airLaw, "第一百一十五条第一款第一项", airSince, "责令改正，处一万元以上十万元以下的罚款；拒不改正的，责令停工整治"}}},
	{code: "WJWCF07001", name: "对未依法取得公共场所卫生许可证擅自营业的处罚", bureau: true, summary: true, fine: &fine{min: 500, max: 30000},
		basis: []basis{{"公共场所卫生管理条例实施细则", "第三十五条", "2017-12-26", "责令限期改正，给予警告，并处以五百元以上五千元以下罚款"}}, note: "情节加重的幅度" + Confirm},
	{code: "WLJCF08001", name: "对互联网上网服务营业场所接纳未成年人的处罚", bureau: true, summary: true, fine: &fine{max: 15000},
		basis: []basis{{"互联网上网服务营业场所管理条例", "第三十一条第二项", "2022-05-01", "给予警告，可以并处15000元以下的罚款"}}, note: "修订施行日期" + Confirm},
	{code: "JTJJC09001", name: "对道路运输经营者的检查", bureau: true, basis: []basis{{"中华人民共和国道路运输条例", "", "", ""}}, note: "条款" + Confirm},
}
