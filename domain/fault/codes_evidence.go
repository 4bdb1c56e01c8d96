package fault

// Codes of recordings: what was announced, what arrives, what is held.
const (
	ManifestInvalid     Code = "evidence.manifest_invalid"
	DigestMismatch      Code = "evidence.digest_mismatch"
	NotHeld             Code = "evidence.not_held"
	RangeInvalid        Code = "evidence.range_unsatisfied"
	Retained            Code = "evidence.retained"
	OnHold              Code = "evidence.on_hold"
	Disposed            Code = "evidence.disposed"
	ReasonNeeded        Code = "custody.reason_needed"
	StoreDiffers        Code = "evidence.store_differs"
	ReceiptUnverified   Code = "evidence.receipt_unverified"
	UploadLength        Code = "upload.length_mismatch"
	UploadOffset        Code = "upload.offset_mismatch"
	UploadTooLong       Code = "upload.too_long"
	UploadChecksum      Code = "upload.checksum_mismatch"
	ChecksumUnsupported Code = "upload.checksum_unsupported"
	UploadEnded         Code = "upload.ended"
	UploadSealed        Code = "upload.sealed"
	UploadBusy          Code = "upload.busy"
	UploadTakenOver     Code = "upload.taken_over"
	UploadJoined        Code = "upload.joined"
	UploadPartOpen      Code = "upload.part_unfinished"
	UploadParts         Code = "upload.too_many_parts"
	UploadDocked        Code = "upload.docked"
	DockOff             Code = "dock.not_available"
)

var evidenceCodes = map[Code]entry{
	ManifestInvalid:     {Invalid, "录音录像登记信息不正确，请更正后重新登记", "the manifest of the recording is not valid; correct it and announce it again"},
	DigestMismatch:      {Conflict, "收到的内容与登记的摘要不符，已单独留存并提示核查，请重新上传原始文件", "what arrived does not have the announced digest; it was kept apart and flagged, upload the original again"},
	NotHeld:             {Absent, "服务器尚未收到该录音录像的内容", "the server does not hold the bytes of this recording yet"},
	RangeInvalid:        {RangeUnsatisfied, "请求的范围超出文件长度", "the range begins beyond the end"},
	Retained:            {Conflict, "尚在保存期限内，不得删除", "it must be kept until its retention ends"},
	OnHold:              {Conflict, "已被依法保全，不得删除", "it is under a legal hold and must not be removed"},
	Disposed:            {Gone, "该录音录像已依法销毁，仅保留登记信息和保管记录", "the recording was disposed of; its record and its chain of custody are kept"},
	ReasonNeeded:        {Invalid, "请填写调阅或下载的理由，至多五百字", "say why you view or download it, in at most 500 characters"},
	StoreDiffers:        {Conflict, "存储中的内容与登记的摘要不符，请立即通知管理员", "what the store holds does not have the recorded digest; tell an administrator at once"},
	ReceiptUnverified:   {Invalid, "回执验证失败，请勿删除本机文件", "the receipt does not verify; do not delete the copy on the device"},
	UploadLength:        {Conflict, "文件长度与登记不符", "the length is not the announced one"},
	UploadOffset:        {Conflict, "上传位置与服务器不一致，请先查询进度再续传", "the offset is not the server's; ask for it and resume there"},
	UploadTooLong:       {TooLarge, "内容超出登记的文件长度", "the bytes go beyond the announced length"},
	UploadChecksum:      {Checksum, "本段内容校验失败，未计入，请重传本段", "the chunk's checksum does not match; the chunk was dropped, send it again"},
	ChecksumUnsupported: {Invalid, "不支持该校验算法，可用 sha256 或 sha1", "this checksum algorithm is not supported; use sha256 or sha1"},
	UploadEnded:         {Gone, "该上传已结束，请重新创建", "this upload has ended; create a new one"},
	UploadSealed:        {Conflict, "该上传已完整接收，不能撤销", "the bytes are complete and cannot be withdrawn"},
	UploadBusy:          {Unavailable, "该上传正由另一连接写入，请稍后重试", "another connection is writing this upload; try again shortly"},
	UploadTakenOver:     {Conflict, "该上传已由新的连接接管", "a newer connection has taken this upload over"},
	UploadJoined:        {Forbidden, "该上传由各分部上传合并而成，不能再写入", "this upload is joined from others and takes no bytes of its own"},
	UploadPartOpen:      {Conflict, "尚有分部上传未完成，请先传完各分部再合并", "a partial upload is not complete; finish all of them, then join them"},
	UploadDocked:        {Conflict, "该录音录像正由采集站直接上传，请等待其完成或先撤销", "a docking station is bringing this recording; wait for it, or give that upload up first"},
	DockOff:             {Absent, "未配置采集站直传，请使用普通上传", "there is no dock here; upload by tus"},
	UploadParts:         {Conflict, "该录音录像未合并的分部上传过多，请先撤销不再使用的分部", "this recording has too many partial uploads; give up those that are not needed"},
}
