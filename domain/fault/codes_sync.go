package fault

// Codes of reconciliation. Those of kind Invalid, Forbidden or Conflict that concern one op come as its outcome, with HTTP
// 200; only those about the push as a whole become an HTTP status.
const (
	SequenceGap        Code = "push.sequence_gap"
	ChainBroken        Code = "push.chain_broken"
	SignatureInvalid   Code = "push.signature_invalid"
	ReplayDiffers      Code = "push.replay_differs"
	BatchTooLarge      Code = "push.batch_too_large"
	OpInvalid          Code = "op.invalid"
	CollectionUnknown  Code = "op.collection_unknown"
	RecordUnknown      Code = "op.record_unknown"
	BaseUnknown        Code = "op.base_unknown"
	CollectionMismatch Code = "op.collection_mismatch"
	AuthorNotOnDevice  Code = "op.author_not_on_device"
	ActionDenied       Code = "op.denied"
	OutOfScope         Code = "op.out_of_scope"
	SchemaUnknown      Code = "op.schema_unknown"
	SchemaTooOld       Code = "op.schema_too_old"
	FieldRequired      Code = "op.field_required"
	FieldKind          Code = "op.field_kind"
	FieldServerOwned   Code = "op.field_server_owned"
	FieldFrozen        Code = "op.field_frozen"
	TxnFailed          Code = "op.txn_failed"
	HeldByRejected     Code = "op.held"
	GateRefused        Code = "op.gate_refused"
	DecisionStale      Code = "op.decision_stale"
	CursorInvalid      Code = "pull.cursor_invalid"
	EpochChanged       Code = "pull.epoch_changed"
	DeparturesGone     Code = "pull.departures_gone"
	FeedForbidden      Code = "pull.feed_not_found"
	HeadMoved          Code = "digest.head_moved"
	DigestBusy         Code = "digest.busy"
)

var syncCodes = map[Code]entry{
	SequenceGap:        {Conflict, "操作序号不连续，请从应有序号重新提交", "the sequence has a gap; push again from the expected number"},
	ChainBroken:        {Conflict, "操作链不衔接：上一操作的摘要与服务器不符", "the chain is broken: the previous op's hash is not the one the server has"},
	SignatureInvalid:   {Invalid, "设备签名验证失败", "the device's signature does not verify"},
	ReplayDiffers:      {Conflict, "该序号已提交过不同的内容，已记录并拒绝", "this number was taken before with other content; recorded and refused"},
	BatchTooLarge:      {TooLarge, "单次提交的操作过多，请分批提交", "too many ops in one push; send them in parts"},
	OpInvalid:          {Invalid, "操作格式不正确", "the op is not well formed"},
	CollectionUnknown:  {Invalid, "集合名称不存在", "there is no such collection"},
	RecordUnknown:      {Absent, "要修改的记录不存在", "the record to change does not exist"},
	BaseUnknown:        {Conflict, "所依据的版本不存在", "the base version does not exist"},
	CollectionMismatch: {Conflict, "记录属于另一集合", "the record is of another collection"},
	AuthorNotOnDevice:  {Forbidden, "操作人未在本设备登录过", "the author has never signed in on this device"},
	ActionDenied:       {Forbidden, "操作人的角色无权进行此操作", "the author's role does not allow this"},
	OutOfScope:         {Forbidden, "记录不在操作人的职责范围内，内容已留存待处理", "the record is outside the author's scope; the edit is kept for a person to look at"},
	SchemaUnknown:      {Invalid, "数据版本过新，服务器尚不识别", "the schema version is not known here yet; the server is older than the client"},
	SchemaTooOld:       {Invalid, "数据版本过旧，内容已留存待处理，请升级客户端", "the schema version is spoken no more; the edit is kept for a person to look at, update the client"},
	FieldRequired:      {Invalid, "缺少必填字段", "a required field is missing"},
	FieldKind:          {Invalid, "字段类型不正确", "the field has the wrong form"},
	FieldServerOwned:   {Forbidden, "该字段只能由服务器写入", "only the server writes this field"},
	FieldFrozen:        {Forbidden, "文书已签发，内容不可更改；如有错误请另行更正或作废", "it has been issued and is frozen; correct it by a new paper, or void it"},
	TxnFailed:          {Conflict, "同组操作中有一项未通过，整组未生效", "another op of the same group failed; none of the group applies"},
	HeldByRejected:     {Conflict, "所依赖的操作未通过，暂缓处理", "held: it depends on an op that was rejected"},
	GateRefused:        {Forbidden, "不符合法定条件，操作未生效", "refused by a rule of law"},
	DecisionStale:      {Conflict, "记录在冲突产生之后又有变化，请重新查看后再裁定", "the record has changed since the conflict arose; look again before deciding"},
	CursorInvalid:      {Invalid, "同步游标无效，请清空后重新同步", "the cursor is not valid; drop it and sync anew"},
	EpochChanged:       {Gone, "服务器数据已从备份恢复，请保留未提交的操作并重新同步", "the server was restored from a backup; keep what is unsent and sync anew"},
	HeadMoved:          {Conflict, "数据流在比对期间有新变更，请先拉取再比对", "the feed has moved on since; pull, then compare again"},
	DigestBusy:         {Unavailable, "正在进行的数据比对过多，请稍后再试", "too many feeds are being compared; try again shortly"},
	DeparturesGone:     {Gone, "间隔过久，数据流中较早的离开通知已清理，请从头下载", "it was too long ago: older departures of the feed are not kept any more; take it from its beginning"},
	FeedForbidden:      {Absent, "数据流不存在或无权访问", "there is no such feed, or it is not for this device"},
}
