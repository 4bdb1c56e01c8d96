package document

import (
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// The kinds of parties, as subjects have them.
const (
	Enterprise = "enterprise" // 法人或者其他组织
	Household  = "household"  // 个体工商户
	Citizen    = "citizen"    // 公民
)

var partyKinds = []string{Citizen, Household, Enterprise}

// partyKeys are what a paper says of a party. They are named as in the records of subjects.
var partyKeys = []string{"kind", "name", "uscc", "representative", "sex", "birth", "idType", "idNumber", "employer", "address", "phone"}

func knownPartyKey(key string) bool { return slices.Contains(partyKeys, key) }

// partyOf is what a subject's record says, in the form of a paper.
func partyOf(subject record.Object) record.Object {
	party := record.Object{}
	for _, key := range partyKeys {
		if s := text(subject, key); s != "" {
			party[key] = s
		}
	}
	return party
}

// PartyLine is a line of a party's description: what is asked and what the paper says.
type PartyLine struct{ Label, Value string }

// PartyLines describes a party as papers do: a citizen by person and identity document, a unit by credit code and
// representative. Lines come in pairs that share a row of a form; the last may stand alone.
func PartyLines(party record.Object) []PartyLine {
	get := func(label, key string) PartyLine { return PartyLine{label, text(party, key)} }
	switch text(party, "kind") {
	case Citizen:
		document := text(party, "idType")
		if document == "" {
			document = "居民身份证"
		}
		return []PartyLine{get("姓名", "name"), get("性别", "sex"), get("出生日期", "birth"), get("联系电话", "phone"),
			get(document+"号码", "idNumber"), get("工作单位", "employer"), get("住址", "address")}
	case Household:
		return []PartyLine{get("字号名称", "name"), get("经营者", "representative"), get("统一社会信用代码", "uscc"),
			get("经营者证件号码", "idNumber"), get("联系电话", "phone"), get("经营场所", "address")}
	}
	return []PartyLine{get("名称", "name"), get("法定代表人（负责人）", "representative"), get("统一社会信用代码", "uscc"),
		get("联系电话", "phone"), get("住所", "address")}
}
