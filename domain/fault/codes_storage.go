package fault

// Codes of what holds the data.
const (
	StorageFull Code = "storage.full"
)

var storageCodes = map[Code]entry{
	StorageFull: {OutOfSpace, "服务器存储空间不足，数据未保存，请稍后重试并通知管理员", "the server is out of space; nothing was stored, try again later and tell an administrator"},
}
