package api

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Caps on bodies, in octets.
const (
	smallLimit = 16 << 10
	pushLimit  = 8 << 20 // 500 ops of 16 KiB

	recordsLimit = 32 << 10 // 500 ids
)

// Deadlines of routes. Those of routes that stream roll with their reads and writes instead.
const (
	soon  = 15 * time.Second
	later = 60 * time.Second
)

// Routes is the table of all routes.
func Routes() []Route {
	var table []Route
	for _, part := range [][]Route{publicRoutes, deviceRoutes, outstandingRoutes, forkRoutes, healthRoutes, sessionRoutes, syncRoutes, foreignRoutes, recordRoutes, paperRoutes, exportRoutes, custodyRoutes, completenessRoutes, derivativeRoutes, shareRoutes, ledgerRoutes, numberRoutes, dockRoutes, uploadRoutes} {
		table = append(table, part...)
	}
	for i := range table {
		if table[i].Status == 0 {
			table[i].Status = fiber.StatusOK
		}
	}
	return table
}

var publicRoutes = []Route{
	{Method: "GET", Path: "/", Name: "home", Zh: "首页", En: "what runs here",
		Access: public, Within: soon, Media: mimePage, Page: true, Serve: (*server).home},
	{Method: "GET", Path: "/healthz", Name: "health", Zh: "进程是否运行", En: "whether the process runs",
		Access: public, Within: soon, Out: Health{}, Serve: (*server).healthy},
	{Method: "GET", Path: "/readyz", Name: "ready", Zh: "能否接受请求", En: "whether requests can be served",
		Access: public, Within: soon, Out: Health{}, Serve: (*server).ready},
	{Method: "GET", Path: "/metrics", Name: "metrics", Zh: "运行指标", En: "what is counted, for Prometheus",
		Access: public, Within: soon, Media: mimeMetrics, Serve: (*server).metrics},
	{Method: "GET", Path: "/openapi.json", Name: "openapi", Zh: "接口说明", En: "this document",
		Access: public, Within: soon, Out: map[string]any{}, Serve: (*server).interfaceDocument},
	{Method: "GET", Path: "/.well-known/jwks.json", Name: "keys", Zh: "服务器公钥", En: "the server's public keys, of tokens and receipts",
		Access: public, Within: soon, Out: token.KeySet{}, Serve: (*server).keys},
	{Method: "GET", Path: "/problems", Name: "problemCodes", Zh: "全部错误代码", En: "every code",
		Access: public, Within: soon, Media: mimePage, Page: true, Serve: (*server).problems},
	{Method: "GET", Path: "/problems/{code}", Name: "problemCode", Zh: "错误代码说明", En: "what a code means and what to do",
		Access: public, Within: soon, Media: mimePage, Page: true, Serve: (*server).problems},
	{Method: "GET", Path: "/check/{id}", Name: "checkPaper", Zh: "公开查验文书真伪", En: "the public check of an issued paper",
		Access: public, Within: soon, Media: mimePage, Page: true, Serve: (*server).check},
	{Method: "GET", Path: "/v1/time", Name: "time", Zh: "服务器时间", En: "the server's time",
		Access: public, Within: soon, Out: Clock{}, Serve: (*server).time},
	{Method: "GET", Path: "/v1/capabilities", Name: "capabilities", Zh: "能力与限额", En: "what this server can do, and its limits",
		Access: public, Within: soon, Out: Capabilities{}, Serve: (*server).capabilities},
}

var deviceRoutes = []Route{
	{Method: "POST", Path: "/v1/enrolment-codes", Name: "createEnrolmentCode", Zh: "生成设备登记码", En: "make a code by which one device can enrol",
		Access: signedIn, Right: "devices.enrol", Body: jsonBody, Limit: smallLimit, Within: soon,
		In: NewCode{}, Out: EnrolmentCode{}, Status: fiber.StatusCreated, Serve: (*server).createCode},
	{Method: "POST", Path: "/v1/devices", Name: "enrolDevice", Zh: "登记设备", En: "enrol a device by its own key",
		Access: proof, Body: jsonBody, Limit: smallLimit, Within: soon,
		In: Enrolment{}, Out: Enrolled{}, Status: fiber.StatusCreated, Serve: (*server).enrol},
	{Method: "GET", Path: "/v1/devices", Name: "listDevices", Zh: "设备列表", En: "list devices of a unit and those below it",
		Access: signedIn, Right: "devices.list", Within: soon, Out: Devices{}, Serve: (*server).listDevices,
		Params: append([]Param{{Name: "unit", In: "query", Zh: "机构代码，缺省为本设备所属机构", En: "code of the unit; default this device's", Schema: ""}}, pageParams...)},
	{Method: "DELETE", Path: "/v1/devices/{id}", Name: "revokeDevice", Zh: "停用设备", En: "revoke a device, with every sign-in on it",
		Access: signedIn, Right: "devices.revoke", Within: soon, Status: fiber.StatusNoContent, Serve: (*server).revokeDevice},
	{Method: "POST", Path: "/v1/accounts", Name: "createAccount", Zh: "开通账号", En: "make an account for an officer",
		Access: signedIn, Right: "accounts.create", Body: jsonBody, Limit: smallLimit, Within: soon,
		In: NewAccount{}, Out: Account{}, Status: fiber.StatusCreated, Serve: (*server).createAccount},
	{Method: "DELETE", Path: "/v1/accounts/{id}", Name: "disableAccount", Zh: "停用账号", En: "disable an account, with every sign-in of it",
		Access: signedIn, Right: "accounts.disable", Within: soon, Status: fiber.StatusNoContent, Serve: (*server).disableAccount},
}

var sessionRoutes = []Route{
	{Method: "POST", Path: "/v1/sessions", Name: "signIn", Zh: "登录", En: "sign in on a device",
		Access: proof, Body: jsonBody, Limit: smallLimit, Within: soon,
		In: SignIn{}, Out: Tokens{}, Status: fiber.StatusCreated, Serve: (*server).signIn},
	{Method: "POST", Path: "/v1/sessions/refresh", Name: "refresh", Zh: "刷新令牌", En: "exchange a refresh token",
		Access: proof, Body: jsonBody, Limit: smallLimit, Within: soon, In: Renewal{}, Out: Tokens{}, Serve: (*server).renew},
	{Method: "GET", Path: "/v1/sessions/current", Name: "currentSession", Zh: "当前登录", En: "who is signed in here, with which roles",
		Access: signedIn, Right: "self.read", Within: soon, Out: Session{}, Serve: (*server).current},
	{Method: "DELETE", Path: "/v1/sessions/current", Name: "signOut", Zh: "注销", En: "end this sign-in",
		Access: signedIn, Right: "self.read", Within: soon, Status: fiber.StatusNoContent, Serve: (*server).signOut},
}

var syncRoutes = []Route{
	{Method: "POST", Path: "/v1/sync/push", Name: "push", Zh: "提交操作", En: "push a device's next operations",
		Access: signedIn, Right: "sync.push", Body: jsonBody, Limit: pushLimit, Within: later,
		In: wire.Push{}, Out: wire.PushReply{}, Serve: (*server).push},
	{Method: "POST", Path: "/v1/ops", Name: "writeOnline", Zh: "在线提交编辑", En: "edit records online, without a chain of operations",
		Access: signedIn, Right: "sync.push", Body: jsonBody, Limit: pushLimit, Within: later,
		In: wire.Online{}, Out: wire.OnlineReply{}, Serve: (*server).writeOnline},
	{Method: "POST", Path: "/v1/sync/pull", Name: "pull", Zh: "拉取变更", En: "pull what has changed since a cursor",
		Access: signedIn, Right: "sync.pull", Body: jsonBody, Limit: smallLimit, Within: later,
		In: wire.Pull{}, Out: wire.PullReply{}, Serve: (*server).pull},
	{Method: "GET", Path: "/v1/sync/events", Name: "events", Zh: "实时通知（SSE）", En: "hear when a feed moves: server-sent events",
		Access: signedIn, Right: "sync.pull", Within: soon, Media: mimeEvents, Serve: (*server).events,
		Params: []Param{{Name: lastEventID, In: "header", Zh: "最后收到的事件标识", En: "id of the last event that was seen", Schema: ""}}},
	{Method: "GET", Path: "/v1/sync/snapshot/{scope}/{name}", Name: "snapshot", Zh: "整体下载一个数据流", En: "download a whole feed; the last line has the cursor",
		Access: signedIn, Right: "sync.pull", Within: later, Out: wire.SnapshotLine{}, Media: mimeNDJSON, Serve: (*server).snapshot,
		Params: []Param{{Name: "after", In: "query", Zh: "从该序号之后继续", En: "go on after this seq", Schema: uint64(0)},
			{Name: "upTo", In: "query", Zh: "只到该序号为止，缺省为全部", En: "no further than this seq; default: all", Schema: uint64(0)},
			{Name: "cursor", In: "query", Zh: "设备现有游标", En: "the cursor the device has", Schema: ""}, schemasParam}},
	{Method: "GET", Path: "/v1/sync/digests/{scope}/{name}", Name: "feedDigest", Zh: "数据流的校验和", En: "what a feed's records come to, for comparing",
		Access: signedIn, Right: "sync.pull", Within: later, Out: wire.FeedDigest{}, Serve: (*server).feedDigest, Params: []Param{schemasParam}},
	{Method: "POST", Path: "/v1/sync/digests/{scope}/{name}", Name: "recordDigests", Zh: "数据流中各记录的校验和", En: "digests of the records in the buckets that differ",
		Access: signedIn, Right: "sync.pull", Body: jsonBody, Limit: smallLimit, Within: later,
		In: wire.DigestQuery{}, Out: wire.DigestList{}, Serve: (*server).recordDigests},
	{Method: "POST", Path: "/v1/sync/records", Name: "pullRecords", Zh: "按标识取记录", En: "some records of a feed by their ids, as a pull tells them",
		Access: signedIn, Right: "sync.pull", Body: jsonBody, Limit: recordsLimit, Within: later,
		In: wire.RecordsQuery{}, Out: wire.RecordsReply{}, Serve: (*server).pullRecords},
	{Method: "POST", Path: "/v1/number-blocks", Name: "leaseNumbers", Zh: "预领文书编号", En: "lease numbers for papers to be issued offline",
		Access: signedIn, Right: "numbers.lease", Body: jsonBody, Limit: smallLimit, Within: soon,
		In: Lease{}, Out: map[string]any{}, Status: fiber.StatusCreated, Serve: (*server).leaseNumbers,
		Params: []Param{{Name: idempotencyKey, In: "header", Zh: "重试时不变", En: "the same when tried again", Schema: ""}}},
}

var recordRoutes = []Route{
	{Method: "GET", Path: "/v1/records/{collection}/{id}", Name: "readRecord", Zh: "查看记录", En: "a record as it stands",
		Access: signedIn, Right: "records.read", Within: soon, Out: Record{}, Serve: (*server).readRecord, Params: []Param{schemasParam}},
	{Method: "GET", Path: "/v1/records/{collection}/{id}/history", Name: "readHistory", Zh: "查看记录的历次版本", En: "every version of a record, with who made it",
		Access: signedIn, Right: "records.history", Within: later, Out: History{}, Serve: (*server).readHistory, Params: []Param{schemasParam}},
	{Method: "GET", Path: "/v1/desk/{collection}", Name: "listDesk", Zh: "待处理事项：冲突、未生效操作、问题", En: "what waits for people: conflicts, dead letters, findings",
		Access: signedIn, Right: "desk.read", Within: soon, Out: Desk{}, Serve: (*server).listDesk,
		Params: []Param{{Name: "state", In: "query", Zh: "状态，缺省为 open", En: "the state; default open", Schema: ""},
			{Name: "unit", In: "query", Zh: "机构代码，缺省为有权查看的全部机构", En: "code of a unit; default all that may be seen", Schema: ""},
			{Name: "cursor", In: "query", Zh: "上一页给出的游标", En: "the cursor of the page before", Schema: ""},
			{Name: "limit", In: "query", Zh: "条数，至多 200", En: "how many, at most 200", Schema: 0}, schemasParam}},
	{Method: "GET", Path: "/v1/desk/{collection}/{id}", Name: "readDesk", Zh: "待处理事项的全貌", En: "one of them, with the record, its history, its evidence and the op",
		Access: signedIn, Right: "desk.read", Within: later, Out: Matter{}, Serve: (*server).readDesk, Params: []Param{schemasParam}},
	{Method: "GET", Path: "/v1/certificates/{number}/check", Name: "checkCertificate", Zh: "核验执法证", En: "what a certificate is worth, now or at a moment",
		Access: signedIn, Right: "certificates.check", Within: soon, Out: Check{}, Serve: (*server).checkCertificate,
		Params: []Param{{Name: "at", In: "query", Zh: "时点，缺省为现在", En: "the moment; default now", Schema: time.Time{}}}},
	{Method: "GET", Path: "/v1/documents/{id}/pdf", Name: "downloadPaper", Zh: "下载文书", En: "the PDF of an issued paper",
		Access: signedIn, Right: "documents.download", Within: soon, Media: "application/pdf", Serve: (*server).downloadPaper,
		Params: []Param{{Name: "form", In: "query", Zh: "pdf 为存档文件（缺省），issued 为签发时的原件，marked 为标注作废或者更正的副本，receipt 为80毫米小票，docx 为可编辑文本", En: "pdf, the file that is kept (default); issued, what was handed over; marked, a copy that says what has become of it; receipt, for a roll of 80 mm; docx, to be edited", Schema: ""},
			{Name: "copy", In: "query", Zh: "联次：served 送达联，file 归档联，report 备案联；缺省为不标联次的存档原件", En: "a marked copy: served, file or report; default: the page that is kept, unmarked", Schema: ""}}},
	{Method: "GET", Path: "/v1/evidence/{id}/content", Name: "playEvidence", Zh: "播放录音录像", En: "the bytes of a recording, whole or in ranges",
		Access: signedIn, Right: "evidence.play", Within: soon, Media: "application/octet-stream", Serve: (*server).playEvidence,
		Params: append([]Param{{Name: "Range", In: "header", Zh: "一个字节范围", En: "one range of bytes", Schema: ""}}, purposeParams...)},
	{Method: "GET", Path: "/v1/evidence/{id}/bundle", Name: "downloadBundle", Zh: "下载证据核验包", En: "a recording with everything that an outsider needs to check it, as a ZIP",
		Access: signedIn, Right: "evidence.bundle", Within: later, Media: "application/zip", Serve: (*server).evidenceBundle, Params: purposeParams[:1]},
}

var tusParam = Param{Name: tusResumable, In: "header", Zh: "协议版本 1.0.0", En: "1.0.0", Required: true, Schema: ""}

var uploadRoutes = []Route{
	{Method: "OPTIONS", Path: "/v1/uploads", Name: "uploadOptions", Zh: "上传协议的能力", En: "what of tus is spoken here",
		Access: public, Within: soon, Status: fiber.StatusNoContent, Serve: (*server).tusOptions},
	{Method: "POST", Path: "/v1/uploads", Name: "createUpload", Zh: "开始上传", En: "begin the upload of an announced recording (tus creation, creation-with-upload)",
		Access: signedIn, Right: "evidence.upload", Body: rawBody, Limit: evidence.MaxLength, Status: fiber.StatusCreated, Serve: (*server).createUpload,
		Params: []Param{tusParam, {Name: tusLength, In: "header", Zh: "总长度", En: "length of the whole", Schema: int64(0)},
			{Name: tusDefer, In: "header", Zh: "长度随后给出：1", En: "1: the length is told later", Schema: ""},
			{Name: tusConcat, In: "header", Zh: "partial，或 final; 及各分部地址", En: "partial, or final; and the URLs of the parts", Schema: ""},
			{Name: tusMetadata, In: "header", Zh: "evidence 及其 base64 记录标识", En: "evidence and its record id in base64", Required: true, Schema: ""},
			{Name: tusChecksum, In: "header", Zh: "随附内容的摘要", En: "digest of the bytes that come along", Schema: ""}}},
	{Method: "HEAD", Path: "/v1/uploads/{id}", Name: "uploadStatus", Zh: "上传进度", En: "how far an upload is; takes it over from a dead connection",
		Access: signedIn, Right: "evidence.upload", Within: soon, Params: []Param{tusParam}, Serve: (*server).uploadStatus},
	{Method: "PATCH", Path: "/v1/uploads/{id}", Name: "appendUpload", Zh: "续传", En: "bring bytes at the offset",
		Access: signedIn, Right: "evidence.upload", Body: rawBody, Limit: evidence.MaxLength, Status: fiber.StatusNoContent, Serve: (*server).appendUpload,
		Params: []Param{tusParam, {Name: tusOffset, In: "header", Zh: "位置", En: "where the bytes begin", Required: true, Schema: int64(0)},
			{Name: tusLength, In: "header", Zh: "总长度，创建时未给出的在此给出", En: "length of the whole, where it was not told at creation", Schema: int64(0)},
			{Name: tusChecksum, In: "header", Zh: "本段摘要", En: "digest of this chunk", Schema: ""}}},
	{Method: "DELETE", Path: "/v1/uploads/{id}", Name: "endUpload", Zh: "放弃上传", En: "give an upload up",
		Access: signedIn, Right: "evidence.upload", Within: soon, Status: fiber.StatusNoContent, Params: []Param{tusParam}, Serve: (*server).endUpload},
}
