package render

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// tabled lays out one table and returns what stands where.
func tabled(t *testing.T, columns []any, rows record.Object, data record.Object) []setting {
	t.Helper()
	tpl := document.ReadTemplate(record.Object{"fields": record.Object{"a": record.Object{"kind": "longtext", "label": "甲"}},
		"layout": record.Object{"t": record.Object{"kind": "table", "columns": columns, "rows": rows}}})
	p := Paper{Words: document.Words{Template: tpl, Instance: document.Instance{State: document.Issued, Data: data}}}
	return settings(t, traced(t, p))
}

func cellOf(order float64, text string, more ...any) record.Object {
	c := record.Object{"order": order, "text": text}
	for i := 0; i < len(more); i += 2 {
		c[more[i].(string)] = more[i+1]
	}
	return c
}

func find(t *testing.T, all []setting, text string) setting {
	t.Helper()
	for _, s := range all {
		if s.text == text {
			return s
		}
	}
	t.Fatalf("%q is not on the page", text)
	return setting{}
}

// A cell that reaches down stands in the middle of its rows, and the rows beside it go on in the columns that are left.
func TestCellsThatReachDown(t *testing.T) {
	all := tabled(t, []any{20.0, 40.0, 40.0}, record.Object{
		"r1": record.Object{"order": 1.0, "cells": record.Object{"a": cellOf(1, "高", "rows", 3.0), "b": cellOf(2, "一"), "c": cellOf(3, "二")}},
		"r2": record.Object{"order": 2.0, "cells": record.Object{"b": cellOf(1, "三"), "c": cellOf(2, "四")}},
		"r3": record.Object{"order": 3.0, "cells": record.Object{"b": cellOf(1, "五", "span", 2.0)}},
	}, nil)
	tall, one, three, five := find(t, all, "高"), find(t, all, "一"), find(t, all, "三"), find(t, all, "五")
	if tall.y != three.y || one.x != three.x || five.x <= one.x || !(one.y < three.y && three.y < five.y) {
		t.Errorf("高 %v 一 %v 三 %v 五 %v", tall, one, three, five)
	}
}

// Rows that share a cell go to the next page together.
func TestRowsThatHangTogetherMoveTogether(t *testing.T) {
	rows := record.Object{"r0": record.Object{"order": 0.0, "height": 33.0, "cells": record.Object{"a": cellOf(1, "上"), "b": cellOf(2, "方")}},
		"r1": record.Object{"order": 1.0, "cells": record.Object{"a": cellOf(1, "连", "rows", 2.0), "b": cellOf(2, "一")}},
		"r2": record.Object{"order": 2.0, "cells": record.Object{"b": cellOf(1, "二")}}}
	all := tabled(t, []any{50.0, 50.0}, rows, nil)
	if one, two := find(t, all, "一"), find(t, all, "二"); one.y > top+40 || two.y < one.y {
		t.Errorf("一 %v 二 %v", one, two)
	}
}

// A cell that no page can hold is taken apart, and nothing of it is lost.
func TestCellTallerThanAPage(t *testing.T) {
	long := strings.Repeat("长", 3000)
	all := tabled(t, []any{50.0, 50.0}, record.Object{
		"r1": record.Object{"order": 1.0, "cells": record.Object{"a": cellOf(1, long, "rows", 2.0), "b": cellOf(2, "一")}},
		"r2": record.Object{"order": 2.0, "cells": record.Object{"b": cellOf(1, "二")}},
	}, nil)
	n := 0
	for _, s := range all {
		n += strings.Count(s.text, "长")
	}
	if n != 3000 {
		t.Errorf("%d of 3000 characters", n)
	}
	find(t, all, "一")
	find(t, all, "二")
}

// A template that was not linted breaks nothing: cells beyond the last column are left out.
func TestTooManyCells(t *testing.T) {
	all := tabled(t, []any{50.0, 50.0}, record.Object{"r": record.Object{"cells": record.Object{
		"a": cellOf(1, "一", "span", 9.0), "b": cellOf(2, "二")}}}, nil)
	find(t, all, "一")
	for _, s := range all {
		if s.text == "二" {
			t.Error("二 has no place")
		}
	}
	tabled(t, nil, record.Object{"r": record.Object{"party": "a"}}, nil)
	tabled(t, []any{1.0}, record.Object{"r": record.Object{"party": "a"}}, nil)
}

// A field left empty is struck, so that nothing can be added to the signed paper.
func TestEmptyFieldsAreStruck(t *testing.T) {
	all := tabled(t, []any{30.0, 70.0}, record.Object{"r": record.Object{"cells": record.Object{
		"a": record.Object{"order": 1.0, "label": "a"}, "b": record.Object{"order": 2.0, "value": "a"}}}}, nil)
	find(t, all, "甲")
	find(t, all, nothing)
}

// Options that do not fit beside each other go on in the next line, whole; and the chosen one is ticked there too.
func TestOptionsStayWhole(t *testing.T) {
	options := record.Object{}
	for i, name := range []string{"违法事实不能成立", "超过追责期限", "不属于本机关管辖", "其他情形"} {
		options[string(rune('a'+i))] = record.Object{"order": float64(i), "label": name}
	}
	tpl := document.ReadTemplate(record.Object{"fields": record.Object{"why": record.Object{"kind": "enum", "label": "情形", "options": options}},
		"layout": record.Object{"t": record.Object{"kind": "table", "columns": []any{55.0, 45.0}, "rows": record.Object{"r": record.Object{"cells": record.Object{
			"a": record.Object{"order": 1.0, "label": "why"}, "b": record.Object{"order": 2.0, "value": "why", "choices": true}}}}}}})
	all := settings(t, traced(t, Paper{Words: document.Words{Template: tpl, Instance: document.Instance{State: document.Issued, Data: record.Object{"why": "c"}}}}))
	first := find(t, all, "□违法事实不能成立")
	if one, two := find(t, all, "□超过追责期限"), find(t, all, "■不属于本机关管辖　□其他情形"); first.x != one.x || one.x != two.x || !(first.y < one.y && one.y < two.y) {
		t.Errorf("%v %v %v", first, one, two)
	}
}
