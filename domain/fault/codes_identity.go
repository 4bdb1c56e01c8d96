package fault

// Codes of identity: who asks, from which device, with what right.
const (
	AccountExists      Code = "account.exists"
	AccountDisabled    Code = "account.disabled"
	SignInFailed       Code = "session.sign_in_failed"
	SignInDelayed      Code = "session.sign_in_delayed"
	PasswordWeak       Code = "account.password_weak"
	TokenMissing       Code = "token.missing"
	TokenInvalid       Code = "token.invalid"
	TokenExpired       Code = "token.expired"
	ProofInvalid       Code = "token.proof_invalid"
	RefreshInvalid     Code = "session.refresh_invalid"
	RefreshReused      Code = "session.refresh_reused"
	SessionEnded       Code = "session.ended"
	DeviceRevoked      Code = "device.revoked"
	DeviceSetAside     Code = "device.set_aside"
	DeviceMismatch     Code = "device.mismatch"
	KeyInvalid         Code = "device.key_invalid"
	KeyTaken           Code = "device.key_taken"
	EnrolmentUsed      Code = "enrolment.code_used"
	EnrolmentExpired   Code = "enrolment.code_expired"
	EnrolmentUnknown   Code = "enrolment.code_unknown"
	RoleInsufficient   Code = "access.denied"
	AlreadyInitialised Code = "admin.already_initialised"
)

var identityCodes = map[Code]entry{
	AccountExists:      {Conflict, "登录名已存在，请换一个", "that sign-in name is taken; choose another"},
	AccountDisabled:    {Unauthenticated, "账号已停用，请联系管理员", "the account is disabled; ask an administrator"},
	SignInFailed:       {Unauthenticated, "登录名或密码不正确", "the sign-in name or the password is wrong"},
	SignInDelayed:      {TooMany, "密码连续输错，请稍后再试", "too many wrong passwords; wait before the next try"},
	PasswordWeak:       {Invalid, "密码强度不足：至少十二位，且不得与登录名相同", "the password is too weak: at least twelve characters, and not the sign-in name"},
	TokenMissing:       {Unauthenticated, "请先登录", "sign in first"},
	TokenInvalid:       {Unauthenticated, "访问令牌无效，请重新登录", "the access token is not valid; sign in again"},
	TokenExpired:       {Unauthenticated, "访问令牌已过期，请刷新", "the access token has expired; refresh it"},
	ProofInvalid:       {Unauthenticated, "设备密钥证明（DPoP）无效", "the proof of the device key (DPoP) is not valid"},
	RefreshInvalid:     {Unauthenticated, "刷新令牌无效或已过期，请重新登录", "the refresh token is not valid or has expired; sign in again"},
	RefreshReused:      {Unauthenticated, "刷新令牌被重复使用，该登录已全部注销，请重新登录", "a refresh token was used twice; this sign-in was ended, sign in again"},
	SessionEnded:       {Unauthenticated, "登录已注销，请重新登录", "this sign-in has ended; sign in again"},
	DeviceRevoked:      {Unauthenticated, "设备已停用，请联系管理员", "the device was revoked; ask an administrator"},
	DeviceSetAside:     {Conflict, "本设备提交过互相矛盾的操作，已暂停提交；内容已留存，请联系负责人", "this device has sent ops that contradict each other and is set aside; what it sent is kept, ask your leader"},
	DeviceMismatch:     {Forbidden, "设备不符：设备未登记，或密钥、令牌不属于该设备", "wrong device: it is not enrolled, or the key or token is not its own"},
	KeyInvalid:         {Invalid, "设备公钥无效：应为 P-256 公钥", "the device key is not valid: it must be a P-256 public key"},
	KeyTaken:           {Conflict, "该设备密钥已登记过，请生成新的密钥再登记", "this device key is enrolled already; make a new key to enrol again"},
	EnrolmentUsed:      {Conflict, "登记码已被使用，请索取新的登记码", "the enrolment code has been used; ask for a new one"},
	EnrolmentExpired:   {Gone, "登记码已过期，请索取新的登记码", "the enrolment code has expired; ask for a new one"},
	EnrolmentUnknown:   {Absent, "登记码不存在，请核对", "there is no such enrolment code; check it"},
	RoleInsufficient:   {Forbidden, "当前角色无权进行此操作", "your role does not allow this"},
	AlreadyInitialised: {Conflict, "系统已有管理员，不能再次初始化", "there is an administrator already; this can be done only once"},
}
