package wire_test

import (
	"bytes"
	"testing"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// A value has one text: whoever changes the text, be it by a line break, has made another one.
func TestBase64URLHasOneTextForEachValue(t *testing.T) {
	const text = "-_8"
	if raw, err := wire.Base64URL(text); err != nil || !bytes.Equal(raw, []byte{0xfb, 0xff}) {
		t.Fatalf("%x, %v", raw, err)
	}
	for _, other := range []string{"-_8\n", "-\r\n_8", "-_8=", "-_9", "+/8", " -_8"} {
		if raw, err := wire.Base64URL(other); err == nil {
			t.Errorf("%q is read as %x", other, raw)
		}
	}
}
