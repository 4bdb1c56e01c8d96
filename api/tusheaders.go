package api

import (
	"encoding/base64"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

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
	tusChecksum   = "Upload-Checksum"
	tusExpires    = "Upload-Expires"
	tusOverride   = "X-HTTP-Method-Override"

	mimeOffset = "application/offset+octet-stream"
	tusOne     = "1.0.0"
)

// parseCount reads a header that counts octets.
func parseCount(name, value string) (int64, error) {
	n, ok := position(value)
	if !ok || len(value) > 18 {
		return 0, fault.New(fault.HeaderInvalid).At(name).Detail("应为十进制整数", "want a decimal integer")
	}
	return n, nil
}

// parseMetadata reads Upload-Metadata strictly: pairs set apart by commas, each a key and, after one space, its value in
// base64; a key without a value has an empty one; no key twice.
func parseMetadata(header string) (map[string]string, error) {
	out := map[string]string{}
	if header == "" {
		return out, nil
	}
	bad := fault.New(fault.HeaderInvalid).At(tusMetadata)
	for pair := range strings.SplitSeq(header, ",") {
		key, encoded, _ := strings.Cut(strings.Trim(pair, " "), " ")
		if !isToken(key) {
			return nil, bad.Detail("键名不正确", "a key is not well formed")
		}
		if _, twice := out[key]; twice {
			return nil, bad.Detail("键名重复", "a key is there twice")
		}
		value, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil || strings.ContainsAny(encoded, "\r\n") {
			return nil, bad.Detail("值应为 base64 编码", "a value is not base64")
		}
		out[key] = string(value)
	}
	return out, nil
}

// isToken reports whether a key is of visible ASCII without the separators.
func isToken(key string) bool {
	for _, r := range key {
		if r <= ' ' || r > '~' || r == ',' {
			return false
		}
	}
	return key != ""
}

// digestSizes are the lengths of the digests of the algorithms.
var digestSizes = map[string]int{"sha256": 32, "sha1": 20}

// parseChecksum reads Upload-Checksum: an algorithm, one space, the digest in base64. No header is no checksum.
func parseChecksum(header string) (*upload.Checksum, error) {
	if header == "" {
		return nil, nil
	}
	algorithm, encoded, found := strings.Cut(header, " ")
	size, known := digestSizes[algorithm]
	if found && !known {
		return nil, fault.New(fault.ChecksumUnsupported).At(tusChecksum)
	}
	digest, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !found || err != nil || len(digest) != size {
		return nil, fault.New(fault.HeaderInvalid).At(tusChecksum).Detail("应为“算法 base64 摘要”", "want: algorithm, space, digest in base64")
	}
	return &upload.Checksum{Algorithm: algorithm, Digest: digest}, nil
}
