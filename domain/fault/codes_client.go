package fault

// Codes that a client gives itself, before or without the server.
const (
	Unreachable     Code = "client.unreachable"
	Unexpected      Code = "client.reply_unexpected"
	NotEnrolled     Code = "client.not_enrolled"
	SignedOut       Code = "client.signed_out"
	EditTooLarge    Code = "client.edit_too_large"
	EditUnknown     Code = "client.op_not_found"
	HistoryLost     Code = "client.history_lost"
	NumbersUsedUp   Code = "client.numbers_used_up"
	NumberNotTaken  Code = "client.number_not_taken"
	FileChanged     Code = "client.file_changed"
	ReceiptInvalid  Code = "client.receipt_invalid"
	Diverged        Code = "client.diverged"
	SnapshotDamaged Code = "client.snapshot_damaged"
)

var clientCodes = map[Code]entry{
	Unreachable:     {Unavailable, "暂时无法连接服务器，内容已保存在本机，联网后会自动提交", "the server cannot be reached; everything is kept on this device and goes out later"},
	Unexpected:      {Unavailable, "服务器的答复无法识别，请稍后重试；如反复出现请升级客户端", "the server's reply is not understood; try again later, and update the client if it stays"},
	NotEnrolled:     {Precondition, "本设备尚未登记，请先输入登记码", "this device is not enrolled; enter an enrolment code first"},
	SignedOut:       {Unauthenticated, "尚未登录或登录已失效，请联网登录", "nobody is signed in, or the sign-in has ended; sign in with a network"},
	EditTooLarge:    {TooLarge, "单次修改的内容过大，请分次保存", "the edit is too large to be sent; save it in parts"},
	EditUnknown:     {Absent, "本机没有这项操作", "this device has no such op"},
	HistoryLost:     {Conflict, "服务器缺少本设备更早的操作，本机已不再保留，请联系管理员", "the server lacks ops that this device no longer keeps; ask an administrator"},
	NumbersUsedUp:   {Precondition, "本机预领的文书编号已用完或已过期，请联网领取", "the leased numbers are used up or have expired; lease more with a network"},
	NumberNotTaken:  {Absent, "本机没有取用过该编号", "this device has not given out that number"},
	FileChanged:     {Conflict, "录音录像文件在登记后发生变化或已丢失，请保留现场并报告", "the recording has changed or is missing since it was announced; keep things as they are and report it"},
	ReceiptInvalid:  {Conflict, "服务器回执验证失败，本机文件继续保留，请报告管理员", "the server's receipt does not verify; the file stays on this device, tell an administrator"},
	Diverged:        {Conflict, "本机数据与服务器不一致，自动修复后仍不一致，请报告管理员", "the device holds other data than the server, and still does after repairs; tell an administrator"},
	SnapshotDamaged: {Unavailable, "下载的数据与服务器所发不一致，请更换网络后重新同步；如反复出现请报告管理员", "what was downloaded is not what the server sent; sync again on another network, and tell an administrator if it stays"},
}
