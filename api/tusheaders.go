package api

// The headers of tus 1.0.0.
const (
	tusResumable  = "Tus-Resumable"
	tusVersion    = "Tus-Version"
	tusExtension  = "Tus-Extension"
	tusMaxSize    = "Tus-Max-Size"
	tusAlgorithms = "Tus-Checksum-Algorithm"
	tusOffset     = "Upload-Offset"
	tusLength     = "Upload-Length"
	tusDefer      = "Upload-Defer-Length"
	tusMetadata   = "Upload-Metadata"
	tusConcat     = "Upload-Concat"
	tusChecksum   = "Upload-Checksum"
	tusExpires    = "Upload-Expires"
	tusOverride   = "X-HTTP-Method-Override"

	mimeOffset = "application/offset+octet-stream"
	tusOne     = "1.0.0"
)
