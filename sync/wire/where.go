package wire

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Where names the place in a text at which decoding it failed, as a JSON pointer without its first slash; "" where the whole is
// meant. Unknown and doubled members are named themselves.
func Where(err error) string {
	var meaning *json.SemanticError
	var form *jsontext.SyntacticError
	pointer := jsontext.Pointer("")
	switch {
	case errors.As(err, &meaning):
		pointer = meaning.JSONPointer
	case errors.As(err, &form):
		pointer = form.JSONPointer
	}
	if pointer == "" {
		return ""
	}
	return string(pointer[1:])
}

// Why says in a few words, Chinese and English, why a text was not decoded. It repeats nothing of the text.
func Why(err error) (zh, en string) {
	var form *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.Is(err, ErrTooDeep):
		return fmt.Sprintf("嵌套超过%d层", MaxDepth), fmt.Sprintf("it nests more than %d deep", MaxDepth)
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "同一名称出现两次", "a name stands there twice"
	case errors.Is(err, json.ErrUnknownName):
		return "没有这一项，请核对名称", "there is no such member; check its name"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "内容不完整", "it ends too early"
	case errors.As(err, &form):
		return fmt.Sprintf("第%d字节处不是合法的UTF-8编码JSON", form.ByteOffset+1), fmt.Sprintf("no JSON in UTF-8 at octet %d", form.ByteOffset+1)
	case errors.As(err, &meaning):
		return "值的类型或者范围不符", "the value is of another type, or out of range"
	}
	return "", ""
}
