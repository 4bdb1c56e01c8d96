package fault

// Codes of papers: their templates and their numbers.
const (
	PaperTemplateAbsent Code = "paper.template_absent"
	PaperNotNumbered    Code = "paper.not_numbered"
	PaperOrganAbsent    Code = "paper.organ_absent"
	LeaseCount          Code = "paper.lease_count"
	LeaseYear           Code = "paper.lease_year"
	NumbersEnough       Code = "paper.numbers_enough"
	PaperTooLarge       Code = "paper.too_large"
	PaperInForce        Code = "document.in_force"
	PicturePending      Code = "paper.picture_pending"
	PictureUnfit        Code = "paper.picture_unfit"
	CopyVoid            Code = "paper.copy_void"
	PaperUnfit          Code = "export.paper_unfit"
	ExportPending       Code = "export.not_ready"
	ExportGone          Code = "export.gone"
	ExportEmpty         Code = "export.empty"
	ExportTooMany       Code = "export.too_many"
	CaseNotFiling       Code = "case.not_filing"
	CaseTooWide         Code = "case.too_wide"
	BlockMoved          Code = "paper.block_moved"
	BlockTarget         Code = "paper.block_target"
	BlockFrom           Code = "paper.block_from"
)

var documentCodes = map[Code]entry{
	PaperTemplateAbsent: {Absent, "没有该类文书的有效模板，请联系管理员", "there is no template in force for this kind of paper; ask an administrator"},
	PaperNotNumbered:    {Invalid, "该类文书不编号，无需领取编号", "papers of this kind carry no number"},
	PaperOrganAbsent:    {Precondition, "设备所属机构未登记，不能领取编号，请联系管理员", "the device's unit is not on record, so no numbers can be leased; ask an administrator"},
	LeaseCount:          {Invalid, "领取的编号数量应在一至一百之间", "lease between one and a hundred numbers"},
	PaperTooLarge:       {TooLarge, "文书内容过多，请删减或者改用附件", "the paper holds too much; shorten it or use annexes"},
	PicturePending:      {Unavailable, "文书中的照片尚未上传，上传后自动生成文书", "a picture of the paper has not been brought yet; the paper is rendered once it is"},
	PictureUnfit:        {Conflict, "文书中的照片不能印制，原因见文书的生成结果；请作废后重新制作", "a picture of the paper cannot be printed, its rendering says why; make the paper void and write it anew"},
	CopyVoid:            {Conflict, "文书已作废，没有可印的联次；需要留存的，请下载加注的副本", "the paper is void and there are no copies of it to print; download the marked one"},
	LeaseYear:           {Invalid, "只能领取本年度的编号；下一年度的编号自上年十二月十七日起可以领取", "lease numbers of this year; those of the next can be leased from 17 December on"},
	PaperInForce:        {Conflict, "文书有效，没有作废或者更正需要标注，请直接下载", "the paper is in force and there is nothing to mark; download it as it is"},
	PaperUnfit:          {Conflict, "该文书的文件不能合订或者加注，请单独下载原件", "the file of this paper cannot be bound with others or marked; download it as it is"},
	ExportPending:       {Absent, "文件尚在生成，请稍后再试", "the file is still being made; try again shortly"},
	ExportGone:          {Gone, "导出已取消、失败或者过期，请重新导出", "the export was cancelled, has failed or has expired; export again"},
	ExportTooMany:       {TooLarge, "文书超过两万份，请缩小范围、分批导出", "these are more than twenty thousand papers; ask for less, and export them in parts"},
	CaseNotFiling:       {Absent, "该文书不是已经签发的立案审批表；案件以立案审批表指明", "this record is no issued paper of filing (case-filing); a case is named by its paper of filing"},
	CaseTooWide:         {TooLarge, "自该案首份文书以来，本机关文书已超过两万份，无法逐份查找本案文书；请按检查、月份或者逐份指明", "the organ has issued more than twenty thousand papers since the first one of the case, too many to look through; name inspections, a month or the papers"},
	ExportEmpty:         {Absent, "没有可以导出的文书", "there is no paper to export"},
	NumbersEnough:       {Conflict, "本机持有的未用编号已经够多，请先使用或者交回", "this device has enough unused numbers; use them or give them back"},
	BlockMoved:          {Conflict, "该号段的剩余编号已转移，请刷新后查看", "the rest of this block has been moved already; look at it anew"},
	BlockTarget:         {Invalid, "接收编号的设备应为同一机关在用的另一台设备", "numbers move to another device of the same organ that is in use"},
	BlockFrom:           {Invalid, "起始编号不在可转移的范围内，请核实遗失设备已使用到的编号", "numbers cannot move from there on; find out how far the lost device has gone"},
}
