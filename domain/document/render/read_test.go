package render

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

var (
	streams  = regexp.MustCompile(`(?s)(\d+) 0 obj\n<<([^\n]*)/Filter/FlateDecode/Length (\d+)>>\nstream\n`)
	fontRefs = regexp.MustCompile(`/F(\d+) (\d+) 0 R`)
	unicodes = regexp.MustCompile(`(?m)^(\d+) 0 obj\n<</Type/Font/Subtype/Type0.*/ToUnicode (\d+) 0 R`)
	mapLines = regexp.MustCompile(`<([0-9A-F]{4})><([0-9A-F]+)>`)
	shown    = regexp.MustCompile(`/F(\d+) [0-9.]+ Tf .*<([0-9A-F]*)> Tj`)
)

// extract reads the text of a PDF of ours by the character maps of its fonts, a line for each text that is shown, page by
// page. It trusts nothing but the file.
func extract(t testing.TB, file []byte) string {
	t.Helper()
	inflated, order := unpacked(t, file)
	maps := map[string]map[string]string{} // by the font's name in the page
	toUnicode := map[string]string{}
	for _, m := range unicodes.FindAllStringSubmatch(string(file), -1) {
		toUnicode[m[1]] = m[2]
	}
	for _, ref := range fontRefs.FindAllStringSubmatch(string(file), -1) {
		maps[ref[1]] = map[string]string{}
		for _, m := range mapLines.FindAllStringSubmatch(inflated[toUnicode[ref[2]]], -1) {
			maps[ref[1]][m[1]] = utf16Text(t, m[2])
		}
	}
	var out strings.Builder
	line := ""
	for _, object := range order {
		for _, m := range shown.FindAllStringSubmatch(inflated[object], -1) {
			text := ""
			for i := 0; i+4 <= len(m[2]); i += 4 {
				c, ok := maps[m[1]][m[2][i:i+4]]
				if !ok {
					t.Fatalf("font %s: glyph %s has no character", m[1], m[2][i:i+4])
				}
				text += c
			}
			line += text + "\n"
		}
	}
	out.WriteString(line)
	return joinRuns(out.String(), inflated, order)
}

// unpacked are the streams of a file by the number of their object, and these in order.
func unpacked(t testing.TB, file []byte) (inflated map[string]string, order []string) {
	t.Helper()
	inflated = map[string]string{}
	for _, at := range streams.FindAllSubmatchIndex(file, -1) {
		object, length := string(file[at[2]:at[3]]), 0
		length, _ = strconv.Atoi(string(file[at[6]:at[7]]))
		z, err := zlib.NewReader(bytes.NewReader(file[at[1] : at[1]+length]))
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		inflated[object] = string(content)
		order = append(order, object)
	}
	return inflated, order
}

// joinRuns puts the runs of different fonts on one line together again: they stand at the same height, one after the other.
func joinRuns(text string, inflated map[string]string, order []string) string {
	heights := regexp.MustCompile(`1 0 0 1 [0-9.-]+ ([0-9.-]+) Tm|( Tj ET Q)`)
	var at []string
	for _, object := range order {
		for _, m := range heights.FindAllStringSubmatch(inflated[object], -1) {
			at = append(at, object+" "+m[1]+m[2])
		}
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	var out strings.Builder
	for i, line := range lines {
		out.WriteString(line)
		if i+1 == len(lines) || i+1 >= len(at) || at[i] != at[i+1] {
			out.WriteString("\n")
		}
	}
	return out.String()
}

func utf16Text(t testing.TB, digits string) string {
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw)%2 != 0 {
		t.Fatalf("character map holds %q", digits)
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	return string(utf16.Decode(units))
}

// setting is a line of a trace.
type setting struct {
	x, y, size float64
	text       string
}

func settings(t testing.TB, trace string) []setting {
	t.Helper()
	var out []setting
	for line := range strings.Lines(trace) {
		var s setting
		if _, err := fmt.Sscanf(line, "%f %f %f", &s.x, &s.y, &s.size); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		s.text = strings.TrimSuffix(line[19:], "\n")
		out = append(out, s)
	}
	return out
}
