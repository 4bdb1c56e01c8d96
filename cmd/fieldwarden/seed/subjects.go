package seed

import (
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// SubjectCount is how many enterprises and households of trade are invented.
const SubjectCount = 300

// place is roughly where a street is, in WGS-84, and roads that run there. 天津铁厂街道 lies in another province.
type place struct {
	lat, lon float64
	roads    []string
}

var places = map[string]place{
	"120102001": {39.122, 117.218, []string{"八纬路", "七纬路", "十一经路"}},
	"120102002": {39.108, 117.228, []string{"大直沽西路", "六纬路"}},
	"120102003": {39.107, 117.253, []string{"津塘路", "中山门西里"}},
	"120102004": {39.097, 117.246, []string{"富民路", "津塘路"}},
	"120102005": {39.098, 117.276, []string{"津塘路", "二号桥"}},
	"120102006": {39.136, 117.222, []string{"华昌道", "新开路"}},
	"120102007": {39.131, 117.235, []string{"大桥道", "泰兴南路"}},
	"120102008": {39.121, 117.249, []string{"晨阳道", "东兴路"}},
	"120102009": {39.145, 117.248, []string{"常州道", "真理道"}},
	"120102010": {39.129, 117.262, []string{"上杭路", "程林庄路"}},
	"120102011": {39.117, 117.266, []string{"成林道", "天山路"}},
	"120102012": {39.108, 117.286, []string{"鲁山道", "利津路"}},
	"120102013": {36.500, 113.700, []string{"更乐镇铁厂生活区"}},
}

// spread is how far from the middle of its street a party may lie, in degrees.
const spread = 0.004

// brands are two invented characters each; with what is sold they make a name.
var brandFirst = []string{"澄", "沐", "溢", "朔", "榕", "霁", "禾", "砚", "岚", "棠", "聿", "稷", "翎", "簌", "玹", "菽"}
var brandLast = []string{"禾轩", "川里", "原记", "石坊", "味斋", "舟行", "谷仓", "云集", "桥头", "巷口", "三餐", "百物"}

// trades are what enterprises and households live from.
var trades = []struct{ firm, shop string }{
	{"餐饮管理有限公司", "小吃店"}, {"食品销售有限公司", "食品店"}, {"商贸有限公司", "便利店"}, {"五金销售有限公司", "五金经营部"},
	{"洗染服务有限公司", "洗染店"}, {"生鲜超市有限公司", "水果店"}, {"汽车维修有限公司", "汽车维修部"}, {"美容美发有限公司", "理发店"},
	{"文化用品有限公司", "文具店"}, {"物业管理有限公司", "百货店"}, {"建筑装饰工程有限公司", "装饰材料经营部"}, {"酒店管理有限公司", "旅馆"},
}

func (b *builder) subjects() error {
	streets := law.Streets()
	taken := map[string]bool{}
	for i := range SubjectCount {
		street := streets[i%len(streets)]
		kind := inspect.Enterprise
		if i%3 == 2 {
			kind = inspect.Household
		}
		body, err := b.subject(i, street, kind, taken)
		if err != nil {
			return err
		}
		b.d.Subjects = append(b.d.Subjects, b.op("subjects", fmt.Sprint(i), body))
	}
	return nil
}

func (b *builder) subject(i int, street law.Division, kind string, taken map[string]bool) (record.Object, error) {
	// The first three characters of the organisation code are none that the national authority gives out, so that no code is a
	// real one's.
	category := map[string]string{inspect.Enterprise: "91", inspect.Household: "92"}[kind]
	code, err := law.CreditCode(category, law.District, fmt.Sprintf("XNY%05d", 10000+i*37))
	if err != nil {
		return nil, err
	}
	where := places[street.Code]
	return record.Object{
		"kind": kind, "name": b.business(kind, taken), "uscc": code, "representative": b.names.next().zh,
		"address": fmt.Sprintf("天津市河东区%s%s沿线第%d号", street.Name, pick(b, where.roads), 1+b.dice.IntN(260)),
		"phone":   fmt.Sprintf("022-0%07d", 1000000+i), // no number of the city begins with 0
		"unit":    street.Code,
		"place":   b.near(where),
	}, nil
}

// business invents a name that no other party has.
func (b *builder) business(kind string, taken map[string]bool) string {
	for {
		brand, trade := pick(b, brandFirst)+pick(b, brandLast), pick(b, trades)
		name := "天津" + brand + trade.firm
		if kind == inspect.Household {
			name = "河东区" + brand + trade.shop
		}
		if !taken[name] {
			taken[name] = true
			return name
		}
	}
}

// near is a point in the street, with the datum it is in.
func (b *builder) near(where place) record.Object {
	off := func() float64 { return float64(b.dice.IntN(2001)-1000) / 1000 * spread }
	round := func(v float64) float64 { return float64(int64(v*1e6+0.5)) / 1e6 }
	return record.Object{"lat": round(where.lat + off()), "lon": round(where.lon + off()), "crs": "WGS-84", "source": "registered"}
}

// CitizenNumber is the identity number of an invented citizen: the district's division, a birth date, and an order number of 000,
// which is given to nobody.
func CitizenNumber(i int) string {
	first17 := law.District + time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i*97).Format("20060102") + "000"
	for _, check := range "0123456789X" {
		if number := first17 + string(check); validIdentity(number) {
			return number
		}
	}
	return "" // there is always a check character
}

func validIdentity(number string) bool {
	_, err := law.ParseIdentity(number)
	return err == nil
}
