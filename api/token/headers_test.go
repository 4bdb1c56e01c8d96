package token_test

import (
	"encoding/base64"
	"strings"
	"testing"
)

// A proof whose header was seen before is looked at as closely as the first.
func TestAKnownHeaderProvesNothing(t *testing.T) {
	h := newHandheld(t)
	h.accepted(h.proof(nil, nil)) // from here on its header is known
	h.accepted(h.proof(nil, nil))
	used := h.proof(nil, nil)
	h.accepted(used)
	h.refused(used)
	fresh := h.proof(nil, nil)
	for i := range len(fresh) {
		c := byte('A')
		if fresh[i] == c {
			c = 'B'
		}
		if i%5 == 0 || strings.IndexByte(fresh, '.') > i-3 && strings.IndexByte(fresh, '.') < i+3 {
			h.refused(fresh[:i] + string(c) + fresh[i+1:])
		}
	}
	for _, text := range []string{fresh + "A", fresh + ".", fresh + ".A", fresh[:len(fresh)-1], fresh + "=", strings.TrimRight(fresh, "."), strings.ReplaceAll(fresh, ".", "..")} {
		if text != fresh {
			h.refused(text)
		}
	}
	for name, claims := range map[string]changes{"another method": {"htm": "GET"}, "another place": {"htu": publicURL + "/v1/elsewhere"}, "no id": {"jti": nil},
		"an old one": {"iat": h.at.Unix() - 3600}, "of another token": {"ath": athOf("another")}, "without a token": {"ath": nil}} {
		t.Log(name)
		h.refused(h.proof(nil, claims))
	}
	head, rest, _ := strings.Cut(h.proof(nil, nil), ".")
	for _, payload := range []string{`null`, `[]`, `{`, `{"jti":"a","jti":"b"}`, "\xff"} {
		text, _ := base64.RawURLEncoding.DecodeString(head)
		h.refused(h.compact(string(text), payload))
	}
	text, _ := base64.RawURLEncoding.DecodeString(head)
	claims, _ := base64.RawURLEncoding.DecodeString(strings.Split(rest, ".")[0])
	key := h.key
	h.newKey() // who copies a header has not got its key
	forged := h.compact(string(text), string(claims))
	h.key = key
	h.refused(forged)
	h.accepted(head + "." + rest)
}
