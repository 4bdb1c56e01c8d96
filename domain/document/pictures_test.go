package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

func album(more record.Object) record.Object {
	return record.Object{"photos": record.Apply(record.Object{"kind": "pictures", "label": "照片"}, more)}
}

func pictureRow(more record.Object) record.Object {
	return record.Apply(record.Object{"order": 1.0, "evidence": visitID, "sha256": strings.Repeat("0a", 32), "length": 100.0, "caption": "门前人行道", "at": "2026-11-25T06:00:00Z",
		"place": "成林道", "by": "赵翀"}, more)
}

// Of each picture the paper names evidence, digest and length, and says what it shows, when, where and by whom it was made.
func TestCheckPictures(t *testing.T) {
	many := record.Object{}
	for i := range 21 {
		many["p"+string(rune('a'+i))] = pictureRow(nil)
	}
	large := record.Object{"a": pictureRow(record.Object{"length": 16777216.0}), "b": pictureRow(record.Object{"length": 16777216.0}), "c": pictureRow(record.Object{"length": 16777216.0}),
		"d": pictureRow(record.Object{"length": 1.0})}
	for name, c := range map[string]struct {
		value any
		path  string // of the one flaw; "" for none
		zh    string
	}{
		"in order":           {record.Object{"a": pictureRow(nil), "b": pictureRow(record.Object{"order": 2.0})}, "", ""},
		"without a caption":  {record.Object{"a": pictureRow(record.Object{"caption": " "})}, "data/photos/a/caption", "“照片”中“说明”未填写"},
		"without a time":     {record.Object{"a": pictureRow(record.Object{"at": nil})}, "data/photos/a/at", "“照片”中“拍摄时间”未填写"},
		"without a place":    {record.Object{"a": pictureRow(record.Object{"place": nil})}, "data/photos/a/place", "“照片”中“拍摄地点”未填写"},
		"by nobody":          {record.Object{"a": pictureRow(record.Object{"by": nil})}, "data/photos/a/by", "“照片”中“拍摄人”未填写"},
		"of no record":       {record.Object{"a": pictureRow(record.Object{"evidence": "IMG_1"})}, "data/photos/a/evidence", "“照片”中“证据记录”不是记录标识"},
		"digest in capitals": {record.Object{"a": pictureRow(record.Object{"sha256": strings.Repeat("0A", 32)})}, "data/photos/a/sha256", "“照片”中“摘要”应为64位小写十六进制"},
		"no octets":          {record.Object{"a": pictureRow(record.Object{"length": 0.0})}, "data/photos/a/length", "“照片”中“长度”应为1至16777216的整数"},
		"half an octet":      {record.Object{"a": pictureRow(record.Object{"length": 1.5})}, "data/photos/a/length", "“照片”中“长度”应为1至16777216的整数"},
		"too large":          {record.Object{"a": pictureRow(record.Object{"length": 16777217.0})}, "data/photos/a/length", "“照片”中“长度”应为1至16777216的整数"},
		"too large together": {large, "data/photos", "“照片”总长度超过50331648"},
		"too many":           {many, "data/photos", "“照片”共21行，超过20行"},
		"the picture itself": {record.Object{"a": pictureRow(record.Object{"image": "AAAA"})}, "data/photos/a/image", "“照片”中没有这一列"},
		"a long caption":     {record.Object{"a": pictureRow(record.Object{"caption": strings.Repeat("长", 201)})}, "data/photos/a/caption", "“照片”中“说明”共201字，超过200字"},
		"no object":          {"IMG_1", "data/photos", "“照片”格式不正确"},
		"turned text":        {record.Object{"a": pictureRow(record.Object{"by": "\u202e翀"})}, "data/photos/a/by", "“照片”中“拍摄人”第1个字是从右向左书写的字符（U+202E），请改正"},
	} {
		tpl := document.ReadTemplate(record.Object{"fields": album(nil)})
		flaws := document.Check(tpl, document.ReadInstance(record.Object{"data": record.Object{"photos": c.value}}))
		if c.path == "" && len(flaws) == 0 {
			continue
		}
		if len(flaws) != 1 || flaws[0].Path != c.path || flaws[0].Zh != c.zh {
			t.Errorf("%s: %v", name, flaws)
		}
	}
	drawn := document.ReadTemplate(record.Object{"fields": album(record.Object{"drawn": true})})
	flaws := document.Check(drawn, document.ReadInstance(record.Object{"data": record.Object{"photos": record.Object{"a": pictureRow(record.Object{"by": nil})}}}))
	if len(flaws) != 1 || flaws[0].Zh != "“照片”中“绘制人”未填写" {
		t.Errorf("of a drawing: %v", flaws)
	}
}

// A template shows pictures in a block of their own, few a page, and not in a cell.
func TestLintPictures(t *testing.T) {
	block := record.Object{"kind": "pictures", "field": "photos"}
	for name, c := range map[string]struct {
		fields, layout record.Object
		at             string
	}{
		"in order":          {album(record.Object{"maxRows": 50.0}), record.Object{"a": record.Apply(block, record.Object{"perPage": 3.0, "when": record.Object{"photos": true}})}, ""},
		"too many":          {album(record.Object{"maxRows": 51.0}), record.Object{"a": block}, "fields/photos/maxRows"},
		"too many a page":   {album(nil), record.Object{"a": record.Apply(block, record.Object{"perPage": 4.0})}, "layout/a/perPage"},
		"of another field":  {record.Object{"photos": record.Object{"kind": "text", "label": "照片"}}, record.Object{"a": block}, "layout/a/field"},
		"in a cell":         {album(nil), record.Object{"a": record.Object{"kind": "table", "columns": []any{1.0}, "rows": record.Object{"r": record.Object{"cells": record.Object{"c": record.Object{"value": "photos"}}}}}}, "layout/a/rows/r/cells/c/value"},
		"in a sentence":     {album(nil), record.Object{"a": record.Object{"kind": "paragraph", "text": "{photos}"}}, "layout/a"},
		"in rows of a list": {record.Object{"rows": record.Object{"kind": "list", "label": "清单", "columns": album(nil)}}, record.Object{}, "fields/rows/columns/photos/kind"},
	} {
		flaws := document.Lint(record.Object{"kind": "own", "fields": c.fields, "layout": c.layout})
		paths := []string{}
		for _, f := range flaws {
			paths = append(paths, f.Path)
		}
		if c.at == "" && len(flaws) > 0 || c.at != "" && !slices.Equal(paths, []string{c.at}) {
			t.Errorf("%s: %v", name, flaws)
		}
	}
}
