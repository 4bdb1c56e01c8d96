package fault

// Codes of clients that others wrote.
const (
	ClientOutdated Code = "client.outdated"
)

var foreignCodes = map[Code]entry{
	ClientOutdated: {Invalid, "客户端的数据版本过旧，请升级客户端", "the client's schema version is not spoken any more; update the client"},
}
