package fault

// Codes of papers: their templates and their numbers.
const (
	PaperTemplateAbsent Code = "paper.template_absent"
	PaperNotNumbered    Code = "paper.not_numbered"
	PaperOrganAbsent    Code = "paper.organ_absent"
	LeaseCount          Code = "paper.lease_count"
)

var documentCodes = map[Code]entry{
	PaperTemplateAbsent: {Absent, "没有该类文书的有效模板，请联系管理员", "there is no template in force for this kind of paper; ask an administrator"},
	PaperNotNumbered:    {Invalid, "该类文书不编号，无需领取编号", "papers of this kind carry no number"},
	PaperOrganAbsent:    {Precondition, "设备所属机构未登记，不能领取编号，请联系管理员", "the device's unit is not on record, so no numbers can be leased; ask an administrator"},
	LeaseCount:          {Invalid, "领取的编号数量应在一至一百之间", "lease between one and a hundred numbers"},
}
