package hostile

import (
	"fmt"
	"strings"
)

// nasty are bodies that fit no route: each route gets them all.
func nasty() (out []seed) {
	for _, text := range []string{``, ` `, `null`, `{}`, `[]`, `[[]]`, `""`, `0`, `1e999`, `{"`, "\x00", "\xff\xfe", "{\"device\":\"\xff\"}", `{"a":1}{"a":1}`,
		`{"device":"a","device":"b"}`, `{"ops":[{"id":"a","id":"b"}]}`, `{"ops":{}}`, `{"ops":null}`, `{"cursor":"\ud800"}`, "\xef\xbb\xbf{}",
		strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200), strings.Repeat("[", 5000), strings.Repeat(`{"ops":[`, 40),
		`{"cursor":"` + strings.Repeat("A", 20000) + `"}`, `{"` + strings.Repeat("k", 5000) + `":1}`, `{"limit":-1}`, `{"limit":9007199254740993}`} {
		out = append(out, seed{text: text})
	}
	return out
}

// pushSeeds are whole pushes: those of the vectors, in their order, and parts of one.
func pushSeeds() []seed {
	out := append(texts("pushes", "vectors"), nasty()...)
	whole := out[len(texts("pushes", "vectors"))-1].text
	for _, share := range []int{1, 2, 3, 5, 7, 9} {
		out = append(out, seed{text: whole[:len(whole)*share/10]})
	}
	return out
}

// opSeeds are lists of ops, without what brings them into the chain.
func opSeeds() []seed {
	deep := strings.Repeat(`{"a":`, 26) + "1" + strings.Repeat("}", 26)
	edit := func(collection, record, patch string) string {
		return fmt.Sprintf(`{"collection":"%s","record":"%s","action":"update","base":1,"patch":%s}`, collection, record, patch)
	}
	create := `{"collection":"subjects","record":"@id","action":"create","patch":{"kind":"household","name":"店","unit":"` + street + `"}}`
	var out []seed
	for _, ops := range [][]string{{}, {create}, {create, create}, {edit("subjects", subject, `{"name":"名"}`)}, {edit("subjects", subject, `{"name":null,"place":{"lat":1e308}}`)},
		{edit("subjects", subject, `{"name":7,"noSuchField":`+deep+`}`)}, {edit("tasks", task, `{"state":"assigned","officers":{"x":{"role":"r"}}}`)},
		{edit("inspections", visit, `{"answers":{"q1":{"value":"否"},"q2":null}}`), edit("inspections", visit, `{"answers":null}`)},
		{edit("inspections", visit, `{"unit":"`+other+`","partners":{"`+other+`":{}}}`)}, {edit("documents", paper, `{"state":"issued","number":{"n":1}}`)},
		{edit("evidence", video, `{"custody":{"state":"held"},"length":-1}`)}, {edit("subjects", elsewise, `{"phone":"3"}`)},
		{edit("officers", "01938f5e-0000-7000-8000-0000000000a1", `{"grants":{"x":{"role":"chief","unit":"120102"}}}`)},
		{edit("conflicts", subject, `{"state":"resolved"}`)}, {edit("deadletters", task, `{"state":"retried","amendment":{"a":[{}]}}`)},
		{`{"collection":"tasks","record":"` + task + `","action":"remove","base":1}`, edit("tasks", task, `{"title":"后"}`)},
		{`{"txn":"@id","collection":"tasks","record":"` + task + `","action":"remove","base":18446744073709551615}`},
		{`{"collection":"subjects","record":"@id","action":"create","patch":{"name":"\u0000","kind":"\uFFFF","unit":"\ud83d\ude00"}}`},
		{`{"collection":"subjects","record":"@id","action":"create","patch":{"a/b~c":1,"":2,"kind":"household","name":"` + strings.Repeat("长", 3000) + `","unit":"` + street + `"}}`},
		{`{"collection":"nothing","record":"x","action":"destroy","schema":-1,"base":-1,"occurredAt":"9999-12-31T23:59:59.999999999Z","patch":[]}`},
		{`{"occurredAt":"0000-01-01T00:00:00Z","clock":{"boot":"","monotonicMs":9007199254740991,"anchor":{"server":"9999-01-01T00:00:00Z","monotonicMs":-9007199254740991}},"collection":"subjects","record":"@id","action":"create","patch":{"kind":"household","name":"店","unit":"` + street + `"}}`},
		{create[:40]}, {`{}`}, {`7`, `null`}} {
		out = append(out, seed{text: "[" + strings.Join(ops, ",") + "]"})
	}
	return append(out, nasty()...)
}

func onlineSeeds() []seed {
	var out []seed
	for _, ops := range []string{`{"id":"@id","collection":"subjects","record":"` + subject + `","action":"update","base":1,"patch":{"name":"线上"}}`,
		`{"id":"@id","collection":"tasks","record":"` + task + `","action":"remove","base":1,"unattended":true}`,
		`{"id":"@id","collection":"subjects","record":"` + elsewise + `","action":"update","base":1,"patch":{"name":"越界"},"unattended":true,"schema":9}`,
		`{"id":"x","collection":"","record":"","action":"","base":0}`, `{"id":"@id","txn":"t","collection":"subjects","record":"@id","action":"create","base":0,"patch":{}}`} {
		out = append(out, seed{text: `{"ops":[` + ops + `]}`}, seed{text: `{"ops":[` + ops + `,` + ops + `]}`})
	}
	return append(out, nasty()...)
}

func pullSeeds() []seed {
	out := append(texts("pulls", "requests"), nasty()...)
	for _, text := range []string{`{"cursor":"@cursor"}`, `{"cursor":"@foreign"}`, `{"cursor":"@lost","limit":1000}`, `{"cursor":"@checkpoint"}`, `{"cursor":"@cursor","acked":2}`,
		`{"cursor":"@cursor","acked":9007199254740991,"limit":1}`} {
		out = append(out, seed{text: text})
	}
	for _, text := range []string{`{"head":1,"buckets":["a3"]}`, `{"head":18446744073709551615,"buckets":["zz","","a3","a3"],"after":9}`, `{"head":0,"buckets":[]}`} {
		out = append(out, seed{1, text})
	}
	for _, text := range []string{`{"feed":"unit/` + street + `","ids":["` + subject + `","` + subject + `","x"]}`, `{"feed":"unit/` + other + `","ids":["` + elsewise + `"]}`,
		`{"feed":"","ids":[]}`, `{"feed":"device/` + "\u0000" + `","ids":["\u0000"]}`} {
		out = append(out, seed{2, text})
	}
	return out
}

func cursorSeeds() (out []seed) {
	for which := range uint8(4) {
		for _, text := range []string{"", "@cursor", "@foreign", "@lost", "@checkpoint", "@cursorA", "A@cursor", "@cursor\n", "\r@checkpoint", "@cursor=", "AAAA", "....", "%00", "\x00", "\xff",
			"eyJkIjoiZCIsImUiOiJmaXJzdCIsImYiOnt9fQ", strings.Repeat("A", 3000)} {
			out = append(out, seed{which, text})
		}
	}
	return out
}

func rxSeeds() []seed {
	var out []seed
	for _, text := range []string{`[{"newDocumentState":{"id":"@id","name":"a","kind":"household","unit":"` + street + `","_deleted":false}}]`,
		`[{"assumedMasterState":{"id":"` + subject + `","_deleted":true,"serverVersion":1e300},"newDocumentState":{"id":"` + subject + `","_deleted":1}}]`,
		`[{"assumedMasterState":{"id":"` + subject + `","name":"某某超市","serverVersion":1},"newDocumentState":{"id":"` + subject + `","name":"新","serverVersion":1}}]`,
		`[{"newDocumentState":{"id":"x","name":"\ud800","\u0000":"\u0000"}},{"newDocumentState":{"id":"x"}}]`, `[{"newDocumentState":{}}]`, `[null]`,
		`[{"assumedMasterState":{"id":"` + subject + `","_deleted":false},"newDocumentState":{"id":"` + subject + `","_deleted":false}},{"assumedMasterState":{"id":"` + elsewise + `","_deleted":false},"newDocumentState":{"id":"` + elsewise + `","_deleted":false}}]`,
		`[{"newDocumentState":{"id":"a","id":"b"}}]`, `[{"newDocumentState":{"id":"@id","collectionField":[[[[{}]]]],"unit":7}}]`,
		`[{"newDocumentState":{"id":"` + elsewise + `","name":"越界","unit":"` + street + `"}}]`,
		`[{"newDocumentState":{"id":"@id","place":` + strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60) + `}}]`} {
		for _, which := range []uint8{0, 10, 11} {
			out = append(out, seed{which, text})
		}
	}
	return append(out, nasty()...)
}

func wmSeeds() []seed {
	var out []seed
	for _, text := range []string{`{"lastPulledAt":@mark,"tables":{"subjects":1},"changes":{"subjects":{"created":[{"id":"@id","name":"a","kind":"household","unit":"` + street + `"}],"updated":[],"deleted":[]}}}`,
		`{"lastPulledAt":@mark,"tables":{"subjects":1},"changes":{"subjects":{"updated":[{"id":"` + subject + `","_changed":"name,phone","name":"新","phone":null,"serverVersion":1}]}}}`,
		`{"lastPulledAt":-1,"tables":{"tasks":1},"changes":{"tasks":{"updated":[{"id":"` + task + `","_changed":"officers,,id,x","officers":"[[[","serverVersion":2}],"deleted":["` + task + `",""]}}}`,
		`{"lastPulledAt":@mark,"tables":{"subjects":1,"tasks":1},"changes":{"subjects":{"deleted":["` + subject + `"]},"tasks":{"created":[{"id":"` + subject + `"}]}},"keepRefused":true}`,
		`{"lastPulledAt":@mark,"tables":{"subjects":1},"changes":{"subjects":{"deleted":["` + subject + `"]}},"deletedVersions":{"subjects":{"` + subject + `":18446744073709551615,"":0},"x":{}}}`,
		`{"lastPulledAt":@mark,"tables":{"subjects":1},"changes":{"subjects":{"created":[{"id":"` + subject + `","_changed":"name","name":"又","phone":"1","seenVersions":"{\"phone\":2,\"name\":9007199254740991}"}],"updated":[{"id":"` + subject + `","_changed":"name,phone,address","name":"新","phone":"1","address":null,"serverVersion":1,"seenVersions":"{\"phone\":2,\"address\":1,\"_changed\":3}"}]}}}`,
		`{"lastPulledAt":@mark,"tables":{"subjects":1},"changes":{"subjects":{"updated":[{"id":"` + subject + `","_changed":"name,phone","name":"新","serverVersion":-1,"seenVersions":"{\"name\":-1}"},{"id":"` + subject + `","_changed":"name","seenVersions":[{"name":1}]}]}}}`,
		`{"tables":{"subjects":1},"changes":{"tasks":{}}}`, `{"tables":null,"changes":{"\ud800":{"created":[null]}}}`,
		`{"tables":{"subjects":1},"changes":{"subjects":{"created":[{"id":"@id","place":"{\"a\":[{}]}","name":"\ud800","unit":"\u0000"}]}}}`} {
		out = append(out, seed{text: text})
	}
	for _, text := range []string{`{"tables":{"subjects":1}}`, `{"lastPulledAt":@mark,"tables":{"subjects":1,"tasks":1}}`, `{"lastPulledAt":@mark,"tables":{"subjects":1},"limit":1}`,
		`{"lastPulledAt":-9223372036854775808,"tables":{"subjects":1,"tasks":1},"limit":1}`, `{"lastPulledAt":null,"tables":{"subjects":9223372036854775807}}`,
		`{"tables":{"subjects":-9223372036854775808}}`, `{"tables":{"subjects":1},"schemaVersion":[[{}]],"migration":{"from":1,"tables":["x"],"columns":[{"table":"subjects","columns":null}]}}`} {
		out = append(out, seed{1, text})
	}
	for _, s := range nasty() {
		out = append(out, s, seed{1, s.text})
	}
	return out
}
