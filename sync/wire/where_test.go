package wire_test

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Whoever sends what cannot be read is told where and why, and nothing of it is repeated.
func TestWhatCannotBeReadIsExplained(t *testing.T) {
	type shape struct {
		Name string         `json:"name"`
		Data map[string]any `json:"data"`
	}
	for text, want := range map[string]string{
		`{"data":{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}`: " 嵌套超过32层",
		`{"data":{"a":1,"a":2}}`:    "data/a 同一名称出现两次",
		`{"name":"a","name":"b"}`:   "name 同一名称出现两次",
		`{"nmae":"geheim"}`:         "nmae 没有这一项",
		`{"name":7}`:                "name 值的类型或者范围不符",
		`{"data":{"a":1e400}}`:      "data/a 值的类型或者范围不符",
		`{"data":{"a":NaN}}`:        "data/a 第14字节处不是合法的UTF-8编码JSON",
		`{"name":"a\ud800"}`:        "name 第",
		"{\"name\":\"geheim\xff\"}": "name 第",
		`{"name":"geheim"`:          " 内容不完整",
		`{"name":"geheim"} x`:       " 第19字节处不是合法的UTF-8编码JSON",
	} {
		err := wire.Decode([]byte(text), &shape{})
		zh, en := wire.Why(err)
		if got := wire.Where(err) + " " + zh; !strings.HasPrefix(got, want) || en == "" || strings.Contains(got+en, "geheim") {
			t.Errorf("%.60s: %q %q, want %q (%v)", text, got, en, want, err)
		}
	}
}
