package evidence

import (
	"context"
	"encoding/hex"
	"mime"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// MaxLength bounds one recording: a whole day at the 2.6 GB an hour of the body-worn cameras' standard.
const MaxLength = 64 << 30

// Manifest is what a device says of a recording before its bytes arrive.
type Manifest struct {
	Unit      string
	Kind      string
	Officer   string
	StartedAt time.Time
	EndedAt   time.Time
	MIME      string // media type, of those that [ManifestOf] takes
	Digest    Digest
}

// ManifestOf reads the manifest out of an evidence record, or says by fault evidence.manifest_invalid which field is wrong.
func ManifestOf(body record.Object) (Manifest, error) {
	m := Manifest{Unit: text(body, "unit"), Kind: text(body, "kind"), Officer: text(body, "officer"), MIME: text(body, "mime")}
	length, _ := body["length"].(float64)
	m.Digest = Digest{Length: int64(length), SHA256: text(body, "sha256")}
	var okStart, okEnd bool
	m.StartedAt, okStart = moment(body, "startedAt")
	m.EndedAt, okEnd = moment(body, "endedAt")
	switch {
	case m.Unit == "":
		return m, invalid("unit", "缺少机构", "the unit is missing")
	case m.Kind == "":
		return m, invalid("kind", "缺少类别", "the kind is missing")
	case !record.IsID(m.Officer):
		return m, invalid("officer", "记录人标识不正确", "the officer is not a record id")
	case !okStart:
		return m, invalid("startedAt", "开始时间不正确", "the start is not a time")
	case !okEnd || m.EndedAt.Before(m.StartedAt):
		return m, invalid("endedAt", "结束时间不正确或早于开始时间", "the end is not a time, or before the start")
	case !playable(m.MIME):
		return m, invalid("mime", "媒体类型不受支持", "the media type is not one that is kept")
	case length != float64(m.Digest.Length) || m.Digest.Length < 1 || m.Digest.Length > MaxLength:
		return m, invalid("length", "长度应为 1 至 64 GiB 的整数", "the length must be a whole number from 1 to 64 GiB")
	case !IsSHA256(m.Digest.SHA256):
		return m, invalid("sha256", "摘要应为 64 位小写十六进制", "the digest must be 64 lower-case hexadecimal digits")
	}
	return m, nil
}

func invalid(field, zh, en string) error {
	return fault.New(fault.ManifestInvalid).At(field).Detail(zh, en)
}

func text(body record.Object, field string) string {
	s, _ := body[field].(string)
	return s
}

func moment(body record.Object, field string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, text(body, field))
	return t, err == nil
}

// playable reports whether a media type is one that evidence may have. What a browser would run as a program, such as SVG
// or HTML, is none: these bytes come from outside and are shown on the console's own origin.
func playable(value string) bool {
	kind, _, err := mime.ParseMediaType(value)
	if err != nil {
		return false
	}
	major, minor, _ := strings.Cut(kind, "/")
	switch {
	case minor == "", kind == "image/svg+xml":
		return false
	case major == "image", major == "audio", major == "video":
		return true
	}
	return kind == "application/pdf" || kind == "application/octet-stream"
}

// IsSHA256 reports whether the text is a SHA-256 in lower-case hexadecimal.
func IsSHA256(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil && len(text) == 64 && text == strings.ToLower(text)
}

// wellFormed refuses to announce what could never be uploaded: the device learns it at once and not when it has lost its
// chance. This is a rule of form; the act that was recorded is not judged here.
var wellFormed = record.Gate{Code: string(fault.ManifestInvalid), Effect: record.Refuse,
	Judge: func(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
		if ev.Before != nil || ev.After == nil {
			return nil, nil
		}
		_, err := ManifestOf(ev.After)
		if err == nil {
			return nil, nil
		}
		f := fault.Of(err)
		return []record.Breach{{Zh: f.Zh, En: f.En, Field: f.Field}}, nil
	}}
