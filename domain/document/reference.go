package document

import (
	"regexp"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

var recordID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// checkReference checks that a DocumentRef names a paper by its record and by what is printed of it.
func checkReference(o record.Object) []Flaw {
	var flaws []Flaw
	if !recordID.MatchString(text(o, "document")) {
		flaws = append(flaws, Flaw{"document", "未指明所引文书", "document is the id of the paper's record"})
	}
	if strings.TrimSpace(text(o, "name")) == "" {
		flaws = append(flaws, Flaw{"name", "缺少所引文书的名称", "lacks the name of the paper"})
	}
	for _, key := range []string{"name", "number"} {
		part := Field{Kind: Line, MaxLength: 100}
		if value, given := o[key]; given {
			for _, why := range part.check(value) {
				flaws = append(flaws, Flaw{key, "所引文书的" + map[string]string{"name": "名称", "number": "文号"}[key] + why.Zh, key + ": " + why.En})
			}
		}
	}
	return flaws
}

// referenceText names a paper as papers do: 《责令改正通知书》（津河东东新责改字〔2026〕第3号）.
func referenceText(o record.Object) string {
	name, number := text(o, "name"), text(o, "number")
	if name == "" {
		return number
	}
	if !strings.HasPrefix(name, "《") {
		name = "《" + name + "》"
	}
	if number != "" {
		name += "（" + number + "）"
	}
	return name
}
