package fault

// Codes of requests as such, whatever they ask for.
const (
	Internal          Code = "internal"
	Malformed         Code = "request.malformed"
	FieldInvalid      Code = "request.field_invalid"
	NotFound          Code = "request.not_found"
	MethodNotAllowed  Code = "request.method_not_allowed"
	BodyTooLarge      Code = "request.too_large"
	EncodingRefused   Code = "request.encoding_refused"
	MediaTypeRefused  Code = "request.media_type_refused"
	BodyCut           Code = "request.body_cut"
	RateLimited       Code = "request.rate_limited"
	PreconditionLost  Code = "request.precondition_failed"
	TemporarilyDown   Code = "service.unavailable"
	DeadlineExceeded  Code = "service.deadline"
	IdempotencyReused Code = "request.idempotency_key_reused"
	HeaderInvalid     Code = "request.header_invalid"
	HeadersTooLarge   Code = "request.headers_too_large"
	LengthRequired    Code = "request.length_required"
	RequestTimeout    Code = "request.timeout"
	TusVersion        Code = "upload.version_unsupported"
	PaperPending      Code = "document.not_rendered"
)

var requestCodes = map[Code]entry{
	Internal:          {Unknown, "系统内部错误，已记录，请稍后重试", "internal error; it was logged, try again later"},
	Malformed:         {Invalid, "请求内容无法解析，请检查格式", "the request cannot be parsed; check its form"},
	FieldInvalid:      {Invalid, "字段值不符合要求，请按提示修改", "a field is not valid; correct it as told"},
	NotFound:          {Absent, "所请求的内容不存在或无权查看", "there is no such thing, or it is not for you to see"},
	MethodNotAllowed:  {Invalid, "该地址不支持此请求方法", "this address does not take that method"},
	BodyTooLarge:      {TooLarge, "请求内容超过该接口的大小上限，请分批提交", "the body is over this route's limit; send it in parts"},
	EncodingRefused:   {Unsupported, "不接受压缩的请求内容，请去掉 Content-Encoding 后重发", "request bodies must not be compressed; send without Content-Encoding"},
	MediaTypeRefused:  {Unsupported, "请求内容类型不受支持", "this content type is not taken here"},
	BodyCut:           {Invalid, "请求内容在传输中中断，请重新发送", "the body ended before its declared length; send it again"},
	RateLimited:       {TooMany, "请求过于频繁，请稍后再试", "too many requests; slow down and try again"},
	PreconditionLost:  {Precondition, "内容已被他人更改，请刷新后再试", "it has changed meanwhile; fetch it and try again"},
	TemporarilyDown:   {Unavailable, "服务暂时不可用，请稍后重试", "temporarily unavailable; try again later"},
	DeadlineExceeded:  {Unavailable, "处理超时，请稍后重试", "took too long; try again later"},
	IdempotencyReused: {Conflict, "同一幂等键已用于不同内容的请求", "this Idempotency-Key was used for a different request"},
	HeaderInvalid:     {Invalid, "请求头的值不符合要求，请按提示修改", "a header's value is not valid; correct it as told"},
	HeadersTooLarge:   {TooLarge, "请求头过长，请检查令牌与地址", "the request's headers are too long; look at the tokens and the address"},
	LengthRequired:    {Invalid, "请求内容必须用 Content-Length 声明长度，不接受分块传输", "a body must declare its length by Content-Length; chunked transfer is not taken"},
	RequestTimeout:    {Invalid, "等待请求内容超时，请检查网络后重新发送", "the rest of the request did not come in time; check the network and send it again"},
	PaperPending:      {Absent, "电子文书尚未生成，请稍后再试", "the paper has not been rendered yet; try again shortly"},
	TusVersion:        {Precondition, "上传协议版本不受支持，应为 Tus-Resumable: 1.0.0", "this version of the upload protocol is not taken; send Tus-Resumable: 1.0.0"},
}
