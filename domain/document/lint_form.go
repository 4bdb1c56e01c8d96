package document

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// form is the published schema as it judges. It is our own data, compiled once.
var form = sync.OnceValue(func() *jsonschema.Schema {
	schema := must(jsonschema.UnmarshalJSON(strings.NewReader(schemaText)))
	c := jsonschema.NewCompiler()
	if err := c.AddResource("template.json", schema); err != nil {
		panic(err)
	}
	return must(c.Compile("template.json"))
})

// lintForm lists where a body has not the form that is published: what is misspelt would be no error to who reads without complaint, and do nothing. It bounds
// the size of a template too, since every handheld of the district gets it.
func lintForm(body record.Object) []Flaw {
	if members(body) > mostMembers {
		return []Flaw{{"", fmt.Sprintf("模板超过%d项", mostMembers), fmt.Sprintf("more than %d members in all", mostMembers)}}
	}
	var broken *jsonschema.ValidationError
	if !errors.As(form().Validate(body), &broken) {
		return nil
	}
	var flaws, stray []Flaw
	for _, leaf := range leaves(broken) {
		at := strings.Join(leaf.InstanceLocation, "/")
		switch why := leaf.ErrorKind.(type) {
		case *kind.Required:
			for _, missing := range why.Missing {
				flaws = append(flaws, Flaw{strings.TrimPrefix(at+"/"+missing, "/"), "缺少“" + missing + "”", "lacks " + missing})
			}
		case *kind.AdditionalProperties:
			for _, name := range why.Properties {
				flaws = append(flaws, Flaw{strings.TrimPrefix(at+"/"+name, "/"), "不认识“" + name + "”，请核对拼写", "there is no " + name + " here"})
			}
		case *kind.PropertyNames:
			flaws = append(flaws, Flaw{named(body, len(leaf.InstanceLocation), why.Property), "名称“" + why.Property + "”不可用", "the name " + why.Property + " cannot be used"})
		case *kind.FalseSchema:
			stray = append(stray, Flaw{at, "此处没有这一项，请核对拼写", "there is no such member here"})
		default:
			zh, en := formText(leaf.ErrorKind)
			flaws = append(flaws, Flaw{at, zh, en})
		}
	}
	for _, f := range stray { // a block that is wrong in another way has members that nothing took
		block := parent(f.Path)
		if !slices.ContainsFunc(flaws, func(other Flaw) bool { return strings.HasPrefix(other.Path, block+"/") }) {
			flaws = append(flaws, f)
		}
	}
	slices.SortStableFunc(flaws, func(a, b Flaw) int { return strings.Compare(a.Path, b.Path) })
	flaws = slices.Compact(flaws)
	return flaws[:min(len(flaws), mostFlaws)]
}

// mostMembers is how many members and items a template may have in all: ten times what any has, and few enough to be judged at once.
const mostMembers = 20_000

// members counts the members of a value and those inside of them. It goes no further than it must.
func members(value any) (n int) {
	switch v := value.(type) {
	case []any:
		for _, inner := range v {
			if n += 1 + members(inner); n > mostMembers {
				return n
			}
		}
	case record.Object:
		for _, inner := range v {
			if n += 1 + members(inner); n > mostMembers {
				return n
			}
		}
	}
	return n
}

func parent(path string) string { return path[:max(0, strings.LastIndex(path, "/"))] }

// Refusal lists what a template is refused for when it is written: where it has not the published form, or else what [Lint] says of it.
func Refusal(body record.Object) []Flaw {
	flaws := lintForm(body)
	if len(flaws) == 0 {
		return Lint(body)
	}
	l := linting{t: ReadTemplate(body)}
	return l.closer(flaws)
}

// named finds the member of a name at a depth. The validator says how deep a name that cannot be used stands, but (v6.0.3) not where: the place that it gives
// is overwritten by what it looks at next.
func named(body record.Object, depth int, name string) string {
	if depth == 0 {
		return name
	}
	for _, key := range slices.Sorted(maps.Keys(body)) {
		inner, _ := body[key].(record.Object)
		if _, here := inner[name]; depth == 1 && here {
			return key + "/" + name
		}
		if path := named(inner, depth-1, name); depth > 1 && inner != nil && path != name {
			return key + "/" + path
		}
	}
	return name
}

// closer puts what the rules say of a number in the place of what its form says: they tell what would come of it.
func (l *linting) closer(flaws []Flaw) []Flaw {
	if l.t.Number == nil {
		return flaws
	}
	own := l.t.Number.flaws()
	flaws = slices.DeleteFunc(flaws, func(f Flaw) bool { return slices.ContainsFunc(own, func(o Flaw) bool { return o.Path == f.Path }) })
	return append(flaws, own...)
}

// leaves are the errors that no other explains.
func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if _, named := e.ErrorKind.(*kind.PropertyNames); named || len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, cause := range meant(e) {
		all = append(all, leaves(cause)...)
	}
	slices.SortStableFunc(all, func(a, b *jsonschema.ValidationError) int {
		return slices.Compare(a.InstanceLocation, b.InstanceLocation)
	})
	return all
}

// meant are the causes of an error. Of forms of which a value may have one, those of another type than the value has were not meant.
func meant(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if _, choice := e.ErrorKind.(*kind.OneOf); !choice {
		return e.Causes
	}
	fitting := slices.DeleteFunc(slices.Clone(e.Causes), func(cause *jsonschema.ValidationError) bool {
		return slices.ContainsFunc(leaves(cause), func(leaf *jsonschema.ValidationError) bool {
			_, other := leaf.ErrorKind.(*kind.Type)
			return other && slices.Equal(leaf.InstanceLocation, e.InstanceLocation)
		})
	})
	if len(fitting) == 0 {
		return e.Causes
	}
	return fitting
}

// patternTexts say in words what the patterns of the schema ask for.
var patternTexts = map[string]Text{
	"^[^{}]*$":           {"不能含有花括号", "must hold no braces"},
	"^[a-z]+(-[a-z]+)*$": {"应为小写英文单词，以连字符相连", "want lower-case words joined by hyphens"},
}

// typeNames are the types of JSON as people are told of them.
var typeNames = map[string]string{"string": "文字", "number": "数字", "integer": "整数", "boolean": "true或者false", "object": "对象", "array": "数组", "null": "空值"}

// formText says what is wrong with a value by its form.
func formText(why jsonschema.ErrorKind) (zh, en string) {
	switch why := why.(type) {
	case *kind.Type:
		names := make([]string, len(why.Want))
		for i, want := range why.Want {
			names[i] = typeNames[want]
		}
		return "应为" + strings.Join(names, "或者"), "want " + strings.Join(why.Want, " or ")
	case *kind.Enum:
		return "应为下列之一：" + among(why.Want), "want one of " + among(why.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("共%d项，最多%d项", why.Got, why.Want), fmt.Sprintf("%d members, at most %d", why.Got, why.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("共%d项，最多%d项", why.Got, why.Want), fmt.Sprintf("%d items, at most %d", why.Got, why.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("共%d字，最多%d字", why.Got, why.Want), fmt.Sprintf("%d characters, at most %d", why.Got, why.Want)
	case *kind.MinLength, *kind.MinItems, *kind.MinProperties:
		return "不能为空", "must not be empty"
	case *kind.Minimum:
		return "不能小于" + why.Want.RatString(), "must be at least " + why.Want.RatString()
	case *kind.Maximum:
		return "不能大于" + why.Want.RatString(), "must be at most " + why.Want.RatString()
	case *kind.ExclusiveMinimum:
		return "应大于" + why.Want.RatString(), "must be more than " + why.Want.RatString()
	case *kind.Pattern:
		if said, ok := patternTexts[why.Want]; ok {
			return said.Zh, said.En
		}
	case *kind.Not:
		return "有一项与其类型不符（options只用于enum，columns只用于list，from和roll只用于period，drawn只用于pictures）",
			"a member does not go with its kind (options is of enum, columns of list, from and roll of period, drawn of pictures)"
	case *kind.UniqueItems:
		return "有重复", "has an item twice"
	}
	return "格式不符合文书模板的 JSON Schema（/v1/schemas/template）", "does not have the form of /v1/schemas/template"
}

func among(values []any) string {
	var all []string
	for _, v := range values {
		all = append(all, fmt.Sprint(v))
	}
	return strings.Join(all, "、")
}

// Bounds of what a template may print again and again: a paper must stay one that can be printed.
const (
	mostTokens = 500 // of all its texts
	mostSame   = 20  // of one name, e.g. {facts}
)

// texts checks what a template says in words: characters that cannot be printed, and tokens without end.
func (l *linting) texts(path string, value any) {
	switch v := value.(type) {
	case string:
		for _, why := range checkCharacters(v) {
			l.say(path, why.Zh, why.En)
		}
	case []any:
		for _, inner := range v {
			l.texts(path, inner)
		}
	case record.Object:
		for _, e := range slices.Sorted(maps.Keys(v)) {
			l.texts(strings.TrimPrefix(path+"/"+e, "/"), v[e])
		}
	}
}

// repeats refuses a template that prints so much over and over that no paper by it could be printed.
func (l *linting) repeats() {
	all, same := 0, map[string]int{}
	for rest := l.printed.String(); ; {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			break
		}
		token, next, _ := strings.Cut(after, "}")
		name, _, _ := strings.Cut(token, "|")
		all, rest = all+1, next
		if same[name]++; same[name] == mostSame+1 {
			l.say("layout", fmt.Sprintf("占位符 {%s} 出现超过%d次", name, mostSame), fmt.Sprintf("{%s} stands in more than %d places", name, mostSame))
		}
	}
	if all > mostTokens {
		l.say("layout", fmt.Sprintf("共有%d个占位符，最多%d个", all, mostTokens), fmt.Sprintf("%d tokens, at most %d", all, mostTokens))
	}
}
