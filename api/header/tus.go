package header

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// The headers that faults name.
const (
	metadata = "Upload-Metadata"
	concat   = "Upload-Concat"
	checksum = "Upload-Checksum"
)

// Count reads a header that counts octets.
func Count(name, value string) (int64, error) {
	n, ok := position(value)
	if !ok || len(value) > 18 {
		return 0, fault.New(fault.HeaderInvalid).At(name).Detail("应为十进制整数", "want a decimal integer")
	}
	return n, nil
}

// Metadata reads Upload-Metadata strictly: pairs set apart by commas, each a key and, after one space, its value in
// base64; a key without a value has an empty one; no key twice.
func Metadata(value string) (map[string]string, error) {
	out := map[string]string{}
	if value == "" {
		return out, nil
	}
	bad := fault.New(fault.HeaderInvalid).At(metadata)
	for pair := range strings.SplitSeq(value, ",") {
		key, encoded, _ := strings.Cut(strings.Trim(pair, " "), " ")
		if !isToken(key) {
			return nil, bad.Detail("键名不正确", "a key is not well formed")
		}
		if _, twice := out[key]; twice {
			return nil, bad.Detail("键名重复", "a key is there twice")
		}
		decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil || strings.ContainsAny(encoded, "\r\n") {
			return nil, bad.Detail("值应为 base64 编码", "a value is not base64")
		}
		out[key] = string(decoded)
	}
	return out, nil
}

// Concat reads Upload-Concat: "partial", or "final;" and the URLs of the parts, set apart by one space each. No header is neither.
func Concat(value string) (partial bool, urls []string, err error) {
	list, final := strings.CutPrefix(value, "final;")
	switch {
	case value == "", value == "partial":
		return value != "", nil, nil
	case final && !strings.ContainsFunc(list, func(r rune) bool { return r < ' ' || r > '~' }):
		urls = strings.Split(list, " ")
		if !slices.Contains(urls, "") {
			return false, urls, nil
		}
	}
	return false, nil, fault.New(fault.HeaderInvalid).At(concat).Detail("应为“partial”，或“final;”加以空格分隔的各分部地址",
		"want: partial, or final; and the URLs of the parts, set apart by spaces")
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

// Checksum reads Upload-Checksum: an algorithm, one space, the digest in base64. No header is no checksum.
func Checksum(value string) (*upload.Checksum, error) {
	if value == "" {
		return nil, nil
	}
	algorithm, encoded, found := strings.Cut(value, " ")
	size, known := digestSizes[algorithm]
	if found && !known {
		return nil, fault.New(fault.ChecksumUnsupported).At(checksum)
	}
	digest, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !found || err != nil || len(digest) != size || strings.ContainsAny(encoded, "\r\n") {
		return nil, fault.New(fault.HeaderInvalid).At(checksum).Detail("应为“算法 base64 摘要”", "want: algorithm, space, digest in base64")
	}
	return &upload.Checksum{Algorithm: algorithm, Digest: digest}, nil
}
