package fault

// Codes of what is made of recordings, and of what is shown to outsiders.
const (
	RecipeInvalid   Code = "derive.recipe_invalid"
	DeriveOff       Code = "derive.not_available"
	DerivePending   Code = "derive.pending"
	DeriveFormat    Code = "derive.format_unsupported"
	DeriveTooMuch   Code = "derive.too_much"
	DeriveFailed    Code = "derive.failed"
	DeriveOutOfTime Code = "derive.out_of_time"
	DeriveDamaged   Code = "derive.damaged"
	ShareEnded      Code = "share.ended"
	ShareNotWanted  Code = "share.terms_invalid"
)

var mediaCodes = map[Code]entry{
	RecipeInvalid:   {Invalid, "制作要求不正确", "what is to be made is not said correctly"},
	DeriveOff:       {Unavailable, "服务器未安装 ffmpeg 或 bubblewrap，不能制作副本；请通知管理员", "the server lacks ffmpeg or bubblewrap and makes no copies; tell an administrator"},
	DerivePending:   {Absent, "副本尚未制作完成，请稍后重试", "the copy is not made yet; try again shortly"},
	DeriveFormat:    {Unsupported, "无法由该格式的文件制作", "it cannot be made of a file of this format"},
	DeriveTooMuch:   {TooLarge, "画面过大或时间过长，未制作", "the picture is too large or the recording too long; it was not made"},
	DeriveFailed:    {Invalid, "文件无法解码，未制作", "the file cannot be decoded; it was not made"},
	DeriveOutOfTime: {TooLarge, "制作超过时限，已停止", "making it took too long and was stopped"},
	DeriveDamaged:   {Gone, "副本在存储中已损坏或丢失，已停止提供；原件不受影响，请重新申请制作", "the stored copy is damaged or missing and is not shown any more; the recording itself is another file: ask for the copy again"},
	ShareEnded:      {Gone, "该链接已到期、已撤销或查看次数已用完，请联系出具链接的单位", "this link has expired, was withdrawn, or was used as often as allowed; ask the organ that gave it out"},
	ShareNotWanted:  {Invalid, "对外提供的条件不完整或不正确", "the terms of the link are not complete or not correct"},
}
