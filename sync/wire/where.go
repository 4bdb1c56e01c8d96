package wire

import (
	"errors"

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
