package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// DeriveJob is the kind of the work that makes a derivative; its key is the derivative's record id.
const DeriveJob = "evidence.derive"

// ForgetJob is the kind of the work that takes away what was made of a recording when that is disposed of; its key is the evidence's record id.
const ForgetJob = "evidence.forget"

// What can be made of a recording. The original stays as it is.
const (
	Poster   = "poster"   // a picture of one moment
	Sprite   = "sprite"   // small pictures over the whole length, in one
	Waveform = "waveform" // how loud it is, over the whole length
	Playable = "playable" // the same picture and sound in an MP4 that plays while it loads
	Redacted = "redacted" // a copy in which places are made unrecognizable and times are mute
)

// The states of a derivative: asked → made → disposed with its recording, or asked → failed.
const (
	DeriveAsked    = "asked"
	DeriveMade     = "made"
	DeriveFailed   = "failed"
	DeriveDisposed = "disposed"
)

// Derivatives declares the collection of what is made of recordings. Only the server writes it: a person asks, a job makes.
var Derivatives = record.Collection{
	Name: "derivatives", Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "unit", Class: record.Server, Kind: record.String, Required: true}, // of the evidence
		{Path: "evidence", Class: record.Server, Kind: record.IDKind, Required: true},
		{Path: "of", Class: record.Server, Kind: record.String, Required: true}, // SHA-256 of the original
		{Path: "kind", Class: record.Server, Kind: record.String, Required: true},
		{Path: "recipe", Class: record.Server, Kind: record.Map, Required: true}, // see RecipeOf
		{Path: "state", Class: record.Server, Kind: record.String, Required: true},
		{Path: "requestedBy", Class: record.Server, Kind: record.String},
		{Path: "file", Class: record.Server, Kind: record.Map},    // key, sha256, length, mime
		{Path: "tools", Class: record.Server, Kind: record.Map},   // programs and their versions
		{Path: "failure", Class: record.Server, Kind: record.Map}, // code, zh, en
		{Path: "at", Class: record.Server, Kind: record.Time},     // when it was made, or given up
	},
	Follows: "evidence",
	Closed:  func(body record.Object) bool { return body["state"] != DeriveAsked },
	Jobs: func(ev record.Event) []record.Job {
		if ev.Before != nil || ev.After == nil || ev.After["state"] != DeriveAsked {
			return nil
		}
		return []record.Job{{Kind: DeriveJob, Key: ev.Op.Record}}
	},
}

// Recipe is what is to be made.
type Recipe struct {
	Kind      string
	AtMs      int64   // poster: of which moment
	Blur      []Box   // redacted: where, and when
	Mute      []Spell // redacted: when
	Watermark string  // text burnt into the picture; of poster, playable and redacted
}

// Spell is a time of a recording.
type Spell struct{ FromMs, ToMs int64 }

// Box is a place of the picture for a time, in parts of its width and height as it is shown: 0 is left or top, 1 is right or bottom.
type Box struct {
	Spell
	X, Y, Width, Height float64
}

// Bounds of a recipe.
const (
	maxBoxes     = 64
	maxSpells    = 256
	maxWatermark = 200 // characters
	maxMoment    = 48 * 3600 * 1000
)

// RecipeOf reads a recipe: {kind, atMs?, blur?: {<key>: {x, y, width, height, fromMs?, toMs?}}, mute?: {<key>: {fromMs, toMs}}, watermark?}. A box
// without times is there throughout. What is wrong with it is fault derive.recipe_invalid, with the field.
func RecipeOf(body record.Object) (Recipe, error) {
	r := Recipe{Kind: text(body, "kind"), Watermark: text(body, "watermark")}
	wrong := func(field, zh, en string) (Recipe, error) {
		return r, fault.New(fault.RecipeInvalid).At(field).Detail(zh, en)
	}
	for name := range body {
		if !slices.Contains([]string{"kind", "atMs", "blur", "mute", "watermark"}, name) {
			return wrong(name, "没有这一项", "there is no such member")
		}
	}
	if !slices.Contains([]string{Poster, Sprite, Waveform, Playable, Redacted}, r.Kind) {
		return wrong("kind", "应为 poster、sprite、waveform、playable 或 redacted", "must be poster, sprite, waveform, playable or redacted")
	}
	var ok bool
	if r.AtMs, ok = moments(body, "atMs", 0); !ok || r.AtMs > 0 && r.Kind != Poster {
		return wrong("atMs", "应为毫秒数，且仅用于 poster", "must be milliseconds, of a poster")
	}
	blur, mute := entriesIn(body, "blur"), entriesIn(body, "mute")
	if blur == nil || mute == nil || len(blur) > maxBoxes || len(mute) > maxSpells || len(blur)+len(mute) > 0 && r.Kind != Redacted {
		return wrong("blur", "遮挡和静音应为对象，数量有限，且仅用于 redacted", "boxes and spells are objects, not too many, and of redacted")
	}
	if r.Kind == Redacted && len(blur)+len(mute) == 0 && r.Watermark == "" {
		return wrong("blur", "未说明遮挡或静音的内容", "nothing is said to be blurred or muted")
	}
	for _, key := range slices.Sorted(maps.Keys(blur)) {
		box, ok := boxOf(blur[key])
		if !ok {
			return wrong("blur/"+key, "位置应在画面之内，起止时间应有先后", "the place must be inside the picture, and the times in order")
		}
		r.Blur = append(r.Blur, box)
	}
	for _, key := range slices.Sorted(maps.Keys(mute)) {
		spell, ok := spellOf(mute[key])
		if !ok {
			return wrong("mute/"+key, "起止时间应有先后", "the times must be in order")
		}
		r.Mute = append(r.Mute, spell)
	}
	if !printable(r.Watermark) || r.Watermark != "" && (r.Kind == Sprite || r.Kind == Waveform) {
		return wrong("watermark", fmt.Sprintf("应为不超过%d个字的文字，不含控制字符", maxWatermark), fmt.Sprintf("must be text of at most %d characters, without control characters", maxWatermark))
	}
	return r, nil
}

// Object is the recipe as a record keeps it, one for each meaning.
func (r Recipe) Object() record.Object {
	out := record.Object{"kind": r.Kind}
	if r.AtMs > 0 {
		out["atMs"] = float64(r.AtMs)
	}
	if r.Watermark != "" {
		out["watermark"] = r.Watermark
	}
	blur, mute := record.Object{}, record.Object{}
	for i, b := range r.Blur {
		blur[fmt.Sprintf("%03d", i)] = record.Object{"x": b.X, "y": b.Y, "width": b.Width, "height": b.Height, "fromMs": float64(b.FromMs), "toMs": float64(b.ToMs)}
	}
	for i, s := range r.Mute {
		mute[fmt.Sprintf("%03d", i)] = record.Object{"fromMs": float64(s.FromMs), "toMs": float64(s.ToMs)}
	}
	if len(blur) > 0 {
		out["blur"] = blur
	}
	if len(mute) > 0 {
		out["mute"] = mute
	}
	return out
}

func entriesIn(body record.Object, name string) record.Object {
	value, there := body[name]
	if !there {
		return record.Object{}
	}
	entries, _ := value.(record.Object)
	return entries
}

// moments reads whole milliseconds.
func moments(body record.Object, name string, otherwise int64) (int64, bool) {
	value, there := body[name]
	if !there {
		return otherwise, true
	}
	n, ok := value.(float64)
	return int64(n), ok && n >= 0 && n <= maxMoment && n == float64(int64(n))
}

func spellOf(value any) (Spell, bool) {
	entry, _ := value.(record.Object)
	from, okFrom := moments(entry, "fromMs", 0)
	to, okTo := moments(entry, "toMs", maxMoment)
	return Spell{from, to}, entry != nil && okFrom && okTo && from < to
}

func boxOf(value any) (Box, bool) {
	entry, _ := value.(record.Object)
	spell, ok := spellOf(value)
	b := Box{Spell: spell}
	for name, into := range map[string]*float64{"x": &b.X, "y": &b.Y, "width": &b.Width, "height": &b.Height} {
		n, is := entry[name].(float64)
		*into = n
		ok = ok && is && n >= 0 && n <= 1
	}
	return b, ok && b.Width > 0 && b.Height > 0 && b.X+b.Width <= 1.000001 && b.Y+b.Height <= 1.000001
}

// printable reports whether a text can be burnt into a picture.
func printable(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxWatermark && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7F })
}
