package fault

// Codes of what statutes and standards fix: the form of codes, calendars and periods, and bodies that speak of them.
const (
	CalendarMissing       Code = "law.calendar_missing"
	CalendarInvalid       Code = "law.calendar_invalid"
	CertificateUnreadable Code = "law.certificate_unreadable"
	CreditCodeInvalid     Code = "law.credit_code_invalid"
	DivisionUnknown       Code = "law.division_unknown"
	IdentityInvalid       Code = "law.identity_invalid"
	ItemCodeInvalid       Code = "law.item_code_invalid"
	ItemUnreadable        Code = "law.item_unreadable"
	OfficerUnreadable     Code = "law.officer_unreadable"
	PeriodInvalid         Code = "law.period_invalid"
	UnitUnreadable        Code = "law.unit_unreadable"
)

var lawCodes = map[Code]entry{
	CalendarMissing:       {Unavailable, "该年度放假安排日历未导入，不能推算工作日，请先导入", "the calendar of that year has not been imported, so working days cannot be counted; import it first"},
	CalendarInvalid:       {Invalid, "放假安排日历格式不正确", "the calendar of days off is not well formed"},
	CertificateUnreadable: {Invalid, "执法证记录无法识别，请更正", "the certificate record cannot be read; correct it"},
	CreditCodeInvalid:     {Invalid, "统一社会信用代码不正确，请核对", "the unified social credit code is wrong; check it"},
	DivisionUnknown:       {Invalid, "行政区划代码不存在，请核对", "there is no such division code; check it"},
	IdentityInvalid:       {Invalid, "居民身份证号码不正确，请核对", "the resident identity number is wrong; check it"},
	ItemCodeInvalid:       {Invalid, "职权编码格式不正确，请核对", "the enforcement item code is not well formed; check it"},
	ItemUnreadable:        {Invalid, "执法事项记录无法识别，请更正", "the item record cannot be read; correct it"},
	OfficerUnreadable:     {Invalid, "人员记录无法识别，请更正", "the officer record cannot be read; correct it"},
	PeriodInvalid:         {Invalid, "期间设置不正确", "the period is not well formed"},
	UnitUnreadable:        {Invalid, "机构记录无法识别，请更正", "the unit record cannot be read; correct it"},
}
