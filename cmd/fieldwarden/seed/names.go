package seed

import (
	"fmt"
	"math/rand/v2"
)

// word is a part of a name with its spelling in letters, which sign-in names are made of.
type word struct{ zh, latin string }

// rare are given names of characters that many fonts and tables lack. They are drawn first, so that they turn up on papers.
var rare = []word{{"堃", "kun"}, {"喆", "zhe"}, {"翀", "chong"}, {"昇", "sheng"}, {"珺", "jun"}, {"龑", "yan"}, {"镕", "rong"}}

var surnames = []word{
	{"王", "wang"}, {"李", "li"}, {"张", "zhang"}, {"刘", "liu"}, {"陈", "chen"}, {"杨", "yang"}, {"赵", "zhao"}, {"黄", "huang"},
	{"周", "zhou"}, {"吴", "wu"}, {"徐", "xu"}, {"孙", "sun"}, {"胡", "hu"}, {"朱", "zhu"}, {"高", "gao"}, {"林", "lin"},
	{"何", "he"}, {"郭", "guo"}, {"马", "ma"}, {"罗", "luo"}, {"梁", "liang"}, {"宋", "song"}, {"郑", "zheng"}, {"谢", "xie"},
	{"韩", "han"}, {"唐", "tang"}, {"冯", "feng"}, {"于", "yu"}, {"董", "dong"}, {"程", "cheng"}, {"曹", "cao"}, {"袁", "yuan"},
	{"邓", "deng"}, {"许", "xu"}, {"傅", "fu"}, {"沈", "shen"}, {"曾", "zeng"}, {"彭", "peng"}, {"吕", "lyu"}, {"苏", "su"},
}

var givens = []word{
	{"文博", "wenbo"}, {"海涛", "haitao"}, {"立群", "liqun"}, {"志远", "zhiyuan"}, {"春梅", "chunmei"}, {"丽华", "lihua"},
	{"建民", "jianmin"}, {"晓东", "xiaodong"}, {"雅琴", "yaqin"}, {"国栋", "guodong"}, {"思源", "siyuan"}, {"雨桐", "yutong"},
	{"明哲", "mingzhe"}, {"秀兰", "xiulan"}, {"振宇", "zhenyu"}, {"佳宁", "jianing"}, {"永康", "yongkang"}, {"玉洁", "yujie"},
	{"淑敏", "shumin"}, {"宏伟", "hongwei"}, {"静怡", "jingyi"}, {"子昂", "ziang"}, {"瑞霖", "ruilin"}, {"学军", "xuejun"},
	{"晨曦", "chenxi"}, {"艺涵", "yihan"}, {"长青", "changqing"}, {"翠芳", "cuifang"}, {"少华", "shaohua"}, {"亦舟", "yizhou"},
	{"景明", "jingming"}, {"素云", "suyun"}, {"培林", "peilin"}, {"若溪", "ruoxi"}, {"万里", "wanli"}, {"慧心", "huixin"},
}

// names gives out invented names, each once, and sign-in names, each once.
type names struct {
	left     []name
	accounts map[string]int
}

type name struct{ zh, account string }

func newNames(dice *rand.Rand) *names {
	n := &names{accounts: map[string]int{}}
	for i, g := range rare {
		n.left = append(n.left, join(surnames[(i*7+dice.IntN(3))%len(surnames)], g))
	}
	common := make([]name, 0, len(surnames)*len(givens))
	for _, s := range surnames {
		for _, g := range givens {
			common = append(common, join(s, g))
		}
	}
	dice.Shuffle(len(common), func(i, j int) { common[i], common[j] = common[j], common[i] })
	n.left = append(n.left, common...)
	return n
}

func join(s, g word) name { return name{s.zh + g.zh, s.latin + g.latin} }

// next gives out a name that nobody has.
func (n *names) next() name {
	out := n.left[0]
	n.left = n.left[1:]
	return out
}

// account makes a sign-in name of a name; two names that sound alike get numbers.
func (n *names) account(of name) string {
	n.accounts[of.account]++
	if k := n.accounts[of.account]; k > 1 {
		return fmt.Sprintf("%s%d", of.account, k)
	}
	return of.account
}
