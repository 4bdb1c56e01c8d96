package seed

import (
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// departments are those whose powers are in the catalogue, by the letters that stand for each in item codes, and the bureau
// of justice, which supervises. Which letters the district itself uses is for it to say.
var departments = []struct{ letters, name, short string }{
	{"CGW", "天津市河东区城市管理委员会", "城市管理"},
	{"SCJ", "天津市河东区市场监督管理局", "市场监管"},
	{"XFJ", "天津市河东区消防救援支队", "消防"},
	{"YJJ", "天津市河东区应急管理局", "应急管理"},
	{"STJ", "天津市河东区生态环境局", "生态环境"},
	{"ZJW", "天津市河东区住房和建设委员会", "住房建设"},
	{"WJW", "天津市河东区卫生健康委员会", "卫生健康"},
	{"WLJ", "天津市河东区文化和旅游局", "文化旅游"},
	{"JTJ", "天津市河东区交通运输主管部门", "交通运输"},
	{"SFJ", "天津市河东区司法局", "司法"},
}

// Justice is the code of the bureau of justice, where the supervisors and reviewers are.
const Justice = law.District + "SFJ"

// TeamOf is the code of a street's enforcement team.
func TeamOf(street string) string { return street + "01" }

func (b *builder) units() error {
	add := func(code, name, short, kind, parent string) {
		body := record.Object{"code": code, "name": name, "short": short, "kind": kind}
		if parent != "" {
			body["parent"] = parent
		}
		b.d.Units = append(b.d.Units, b.op("units", code, body))
	}
	add(law.District, "天津市河东区", "河东区", "district", "")
	for _, dep := range departments {
		add(law.District+dep.letters, dep.name, dep.short, "department", law.District)
	}
	for _, s := range law.Streets() {
		short := strings.TrimSuffix(s.Name, "街道")
		add(s.Code, "天津市河东区人民政府"+s.Name+"办事处", short, "street", law.District)
		add(TeamOf(s.Code), s.Name+"综合行政执法大队", short+"大队", "team", s.Code)
	}
	return nil
}

// fieldOf is the field of enforcement of a department, by the letters in an item code.
func fieldOf(letters string) string {
	for _, dep := range departments {
		if dep.letters == letters {
			return dep.short
		}
	}
	return ""
}
