package token

import (
	"net/url"
	"strings"
)

// sameURL compares a proof's htu with the address of the request, both without query and fragment, after the syntax and
// scheme normalisation that RFC 9449 §4.3 asks for (RFC 3986 §6.2.2, §6.2.3). The address is made from the configured public
// URL, never from the Host header: that is the client's to choose.
func sameURL(htu, want string) bool {
	a, okA := normalURL(htu)
	b, okB := normalURL(want)
	return okA && okB && a == b
}

func normalURL(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", false
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if scheme != "http" && scheme != "https" {
		return "", false
	}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	path := normalPath(u.EscapedPath())
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + ":" + port + path, true
}

// normalPath brings percent escapes into one form: unreserved characters bare, the rest in upper-case digits. What is escaped
// stays distinct from what is bare: "/a%2Fb" is not "/a/b". Dots are left alone: routes know none.
func normalPath(path string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) {
			b.WriteByte(path[i])
			continue
		}
		octet, ok := unhex(path[i+1], path[i+2])
		switch {
		case !ok:
			b.WriteByte('%')
			continue
		case unreserved(octet):
			b.WriteByte(octet)
		default:
			b.WriteString(strings.ToUpper(path[i : i+3]))
		}
		i += 2
	}
	return b.String()
}

func unhex(high, low byte) (byte, bool) {
	const digits = "0123456789abcdef"
	h, l := strings.IndexByte(digits, high|0x20), strings.IndexByte(digits, low|0x20)
	return byte(h<<4 | l), h >= 0 && l >= 0
}

// unreserved is RFC 3986 §2.3.
func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
