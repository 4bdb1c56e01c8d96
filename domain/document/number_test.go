package document_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

const (
	streetForm = "津河东{street}{word}〔{year}〕第{n}号"
	plainForm  = "津河东{street}{word}〔{year}〕{n}号" // GB/T 9704: no 第, no padding
)

func TestNumberPattern(t *testing.T) {
	for _, c := range []struct {
		numbering document.Numbering
		n         uint64
		pattern   string
		text      string
	}{
		{document.Numbering{Token: "津河东{organ}{word}〔{year}〕第{n}号", Word: "执当罚决字"}, 12, "津河东东新执当罚决字〔2026〕第{n}号", "津河东东新执当罚决字〔2026〕第12号"},
		{document.Numbering{Token: streetForm, Word: "执罚决字"}, 12, "津河东东新执罚决字〔2026〕第{n}号", "津河东东新执罚决字〔2026〕第12号"},
		{document.Numbering{Token: plainForm, Word: "执罚决字"}, 1, "津河东东新执罚决字〔2026〕{n}号", "津河东东新执罚决字〔2026〕1号"},
		{document.Numbering{Token: plainForm, Word: "执罚决字", Prefix: "第", Padding: 4}, 12, "津河东东新执罚决字〔2026〕第{n:4}号", "津河东东新执罚决字〔2026〕第0012号"},
		{document.Numbering{Token: plainForm, Word: "字", Padding: 4}, 12345, "津河东东新字〔2026〕{n:4}号", "津河东东新字〔2026〕12345号"},
		{document.Numbering{Token: plainForm, Word: "字", Padding: 1}, 7, "津河东东新字〔2026〕{n}号", "津河东东新字〔2026〕7号"},
	} {
		pattern := c.numbering.Pattern("东新", 2026)
		if text := document.NumberText(pattern, c.n); pattern != c.pattern || text != c.text {
			t.Errorf("%+v: %s, %s", c.numbering, pattern, text)
		}
	}
	for pattern, want := range map[string]string{"{n:9}号": "{n:9}号", "{n:}": "{n:}", "{name}{n}": "{name}3", "": ""} {
		if got := document.NumberText(pattern, 3); got != want {
			t.Errorf("%q: %q", pattern, got)
		}
	}
}

// A token that two papers could share is refused, by the code and, as far as a form can say it, by the published schema.
func TestTokensThatCannotBeUnique(t *testing.T) {
	_, schema := published(t)
	for token, want := range map[string]string{
		streetForm: "", plainForm: "", "津河东{organ}{word}〔{year}〕第{n}号": "", "{organ}罚〔{year}〕{n}": "",
		"津河东{street}{word}〔{year}〕号":        "number/token", // no figure
		"津河东{street}{word}第{n}号":            "number/token", // begins again each year
		"津河东{word}〔{year}〕第{n}号":            "number/token", // the same in every street
		"津河东{street}{word}〔{year}〕{n}之{n}号": "number/token",
		"津河东{street}{case}〔{year}〕第{n}号":    "number/token",
		"津河东{street}{n:4}〔{year}〕第{n}号":     "number/token", // padding is an option of its own
		"津河东{street}〔{year}〕第{n号":           "number/token",
		"津河东{street}〔{year}}〕第{n}号":         "number/token",
		"": "number/token",
	} {
		body := edit(seed(t, document.SummaryPenalty), "number/token", token)
		if got := flawAt(body, "number"); got != want {
			t.Errorf("%q: flaw at %q, want %q", token, got, want)
		}
		if err := schema.Validate(body); (err == nil) != (want == "") {
			t.Errorf("%q by the schema: %v", token, err)
		}
	}
	for path, value := range map[string]any{"number/padding": 9.0, "number/prefix": "第{", "number/word": nil} {
		if got := flawAt(edit(seed(t, document.SummaryPenalty), path, value), "number"); got == "" {
			t.Errorf("%s = %v is in order", path, value)
		}
	}
	whole := edit(edit(seed(t, document.SummaryPenalty), "number/prefix", "第"), "number/padding", 4.0)
	if got, err := flawAt(whole, "number"), schema.Validate(whole); got != "" || err != nil {
		t.Errorf("prefix and padding: %q, %v", got, err)
	}
}

// flawAt is where the first flaw under a member is; "" for none.
func flawAt(body record.Object, member string) string {
	for _, f := range document.Lint(body) {
		if len(f.Path) >= len(member) && f.Path[:len(member)] == member {
			return f.Path
		}
	}
	return ""
}

// What has become of a number's block decides what is found about its paper.
func TestGateOfANumbersLife(t *testing.T) {
	lost := record.Object{"at": "2026-11-20T00:00:00Z", "officer": subjectID, "reason": "遗失"}
	back := record.Object{"12": record.Object{"to": 20.0, "at": "2026-11-24T00:00:00Z", "officer": subjectID}}
	for name, c := range map[string]struct {
		block  record.Object // laid over the block b2, numbers 11 to 20
		paper  map[string]any
		device string
		want   []string
	}{
		"named":                         {nil, map[string]any{"number/block": "b2"}, "", nil},
		"another named":                 {nil, map[string]any{"number/block": "b1"}, "", []string{document.NotLeased}},
		"one named that is not there":   {nil, map[string]any{"number/block": "b3"}, "", []string{document.NotLeased}},
		"named, on another device":      {nil, map[string]any{"number/block": "b2"}, subjectID, []string{document.NotLeased}},
		"lost, so in doubt until now":   {record.Object{"lost": lost}, nil, "", nil},
		"lost, the number not moved":    {record.Object{"lost": lost, "moved": record.Object{"from": 13.0, "block": "b3"}}, nil, "", nil},
		"lost, the number moved":        {record.Object{"lost": lost, "moved": record.Object{"from": 12.0, "block": "b3"}}, nil, "", []string{document.MovedOn}},
		"given back":                    {record.Object{"returns": back}, nil, "", []string{document.GivenBack}},
		"others given back":             {record.Object{"returns": record.Object{"13": back["12"]}}, nil, "", nil},
		"an entry that cannot be right": {record.Object{"returns": record.Object{"012": back["12"]}}, nil, "", nil},
	} {
		f, body := state(t), penalty()
		for key, value := range c.block {
			f["blocks"]["b2"][key] = value
		}
		for path, value := range c.paper {
			body = edit(body, path, value)
		}
		codes := judged(t, f, body, func(ev *record.Event) {
			if c.device != "" {
				ev.Device = c.device
			}
		})
		if !slices.Equal(codes, c.want) {
			t.Errorf("%s: %v, want %v", name, codes, c.want)
		}
	}
}

// The vectors, which another program has made, read as here.
func TestNumberVectors(t *testing.T) {
	file, err := os.ReadFile("../../docs/protocol/vectors/numbers.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Numbers []struct {
			Number        document.Numbering
			Street        string
			Year          int
			N             uint64
			Pattern, Text string
		}
		Patterns []struct {
			Pattern, Text string
			N             uint64
		}
		Refused []struct{ Token, Why string }
	}
	if err := json.Unmarshal(file, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Numbers) < 8 || len(vectors.Patterns) < 7 || len(vectors.Refused) < 10 {
		t.Fatalf("too few: %+v", vectors)
	}
	for _, v := range vectors.Numbers {
		body := edit(seed(t, "penalty-decision"), "number", record.Object{"token": v.Number.Token, "word": v.Number.Word, "prefix": v.Number.Prefix, "padding": float64(v.Number.Padding)})
		pattern := document.ReadTemplate(body).Number.Pattern(v.Street, v.Year)
		if text := document.NumberText(pattern, v.N); pattern != v.Pattern || text != v.Text || flawAt(body, "number") != "" {
			t.Errorf("%+v: %s, %s, %s", v, pattern, text, flawAt(body, "number"))
		}
	}
	for _, v := range vectors.Patterns {
		if text := document.NumberText(v.Pattern, v.N); text != v.Text {
			t.Errorf("%+v: %s", v, text)
		}
	}
	for _, v := range vectors.Refused {
		if flawAt(edit(seed(t, document.SummaryPenalty), "number/token", v.Token), "number") == "" {
			t.Errorf("%q is in order: %s", v.Token, v.Why)
		}
	}
}
