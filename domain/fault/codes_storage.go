package fault

// Codes of what holds the data.
const (
	StorageFull      Code = "storage.full"
	BackupByPostgres Code = "backup.by_postgres"
)

var storageCodes = map[Code]entry{
	StorageFull:      {OutOfSpace, "服务器存储空间不足，数据未保存，请稍后重试并通知管理员", "the server is out of space; nothing was stored, try again later and tell an administrator"},
	BackupByPostgres: {Precondition, "使用 PostgreSQL 时请用 pg_dump 备份，见 docs/operations/backup.md", "PostgreSQL is backed up by pg_dump, see docs/operations/backup.md"},
}
