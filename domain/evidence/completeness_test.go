package evidence

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// second is a moment so many seconds after the beginning of a day.
func second(n int) string { return stamp(day("2026-03-01").Add(time.Duration(n) * time.Second)) }

func takenRecord(from, to int, mime string, more record.Object) record.Object {
	return record.Apply(record.Object{"unit": unit, "kind": "video", "officer": "0193f000-0000-7000-8000-000000000001", "startedAt": second(from), "endedAt": second(to),
		"mime": mime, "length": 5.0, "sha256": strings.Repeat("0", 64)}, more)
}

// What is covered, announced and uncovered of an inspection is what one finds who goes along it second by second.
func TestCoverageSecondBySecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const line = 90
		start, end := rapid.IntRange(0, line).Draw(t, "start"), rapid.IntRange(0, line).Draw(t, "end")
		inspection := record.Object{"startedAt": second(start), "endedAt": second(end), "state": "completed"}
		var taken []Taken
		held, told := map[int]bool{}, map[int]bool{}
		for i := range rapid.IntRange(0, 6).Draw(t, "recordings") {
			from := rapid.IntRange(0, line).Draw(t, "from")
			to := from + rapid.IntRange(0, 40).Draw(t, "long")
			more := record.Object{}
			into := told
			if rapid.Bool().Draw(t, "held") {
				more["custody"], into = record.Object{"state": "held"}, held
			}
			covers := [][2]int{{from, to}}
			if n := rapid.IntRange(0, 3).Draw(t, "segments"); n > 0 {
				covers = nil
				segments := record.Object{}
				for s := range n {
					at, long := rapid.IntRange(from, to).Draw(t, "at"), rapid.IntRange(1, 20).Draw(t, "lasts")
					covers = append(covers, [2]int{at, at + long})
					segments[string(rune('0'+s))] = record.Object{"sha256": strings.Repeat("0", 64), "offset": float64(s), "length": 1.0, "at": second(at), "boot": "b",
						"monotonicMs": float64(at * 1000), "durationMs": float64(long * 1000), "hash": strings.Repeat("0", 64)}
				}
				more["segments"] = segments
			}
			mime := rapid.SampledFrom([]string{"video/mp4", "audio/mp4", "image/jpeg"}).Draw(t, "mime")
			step := rapid.SampledFrom([]string{"", "onsite", "hearing"}).Draw(t, "step")
			more["step"] = step
			one, ok := TakenOf(string(rune('a'+i)), takenRecord(from, to, mime, more))
			if !ok {
				t.Fatal("not read")
			}
			taken = append(taken, one)
			for _, c := range covers {
				for s := c[0]; s < c[1] && mime != "image/jpeg" && step != "hearing"; s++ {
					into[s] = true
				}
			}
		}
		d := Recording.Demands(inspection, nil, taken, day("2026-03-02"))[0]
		base := day("2026-03-01").UnixMilli()
		for s := range line + 70 {
			inside := s >= start && s < end
			at := base + int64(s)*1000
			if in(at, d.Covered) != (inside && held[s]) || in(at, d.Announced) != (inside && told[s] && !held[s]) || in(at, d.Uncovered) != (inside && !told[s] && !held[s]) {
				t.Fatalf("second %d of %d to %d: covered %v, announced %v, uncovered %v", s, start, end, d.Covered, d.Announced, d.Uncovered)
			}
		}
	})
}

func TestWhatTheRulesAskFor(t *testing.T) {
	shot := func(from, to int, mime string, more record.Object) Taken {
		got, ok := TakenOf("e", takenRecord(from, to, mime, record.Apply(record.Object{"custody": record.Object{"state": "held"}}, more)))
		if !ok {
			t.Fatal("not read")
		}
		return got
	}
	paper := func(kind, state string, at int, data ...any) Paper {
		body := record.Object{"kind": kind, "state": state, "issuedAt": second(at), "data": record.Object{}}
		for i := 0; i < len(data); i += 2 {
			body["data"].(record.Object)[data[i].(string)] = data[i+1]
		}
		return Paper{Body: body}
	}
	ended := record.Object{"state": "completed", "startedAt": second(0), "endedAt": second(600), "certificatesShown": record.Object{"at": second(10)}}
	whole := shot(0, 600, "video/mp4", nil)
	for _, c := range []struct {
		name       string
		inspection record.Object
		papers     []Paper
		taken      []Taken
		want       string // step:verdict:written, sorted as in the table
	}{
		{"nothing", ended, nil, nil, "onsite:open:no"},
		{"on site", ended, []Paper{paper("inspection-record", "issued", 590)}, []Taken{whole}, "onsite:met:yes"},
		{"a draft is no record", ended, []Paper{paper("inspection-record", "draft", 590)}, []Taken{whole}, "onsite:met:no"},
		{"made void", ended, []Paper{paper("summary-penalty", "voided", 590)}, []Taken{whole}, "onsite:met:no"},
		{"punished without a recording", ended, []Paper{paper("summary-penalty", "issued", 500)}, nil, "onsite:open:no summary-penalty:unmet:yes"},
		{"punished, some of it", ended, []Paper{paper("summary-penalty", "issued", 500)}, []Taken{shot(100, 110, "audio/mp4", nil)}, "onsite:met:no summary-penalty:met:yes"},
		{"seized, a gap", ended, []Paper{paper("seizure-decision", "issued", 500)}, []Taken{shot(0, 300, "video/mp4", nil), shot(303, 600, "video/mp4", nil)}, "onsite:met:no seizure:partly:no"},
		{"seized, whole", ended, []Paper{paper("seizure-record", "issued", 900, "startedAt", second(5), "endedAt", second(595)), paper("seizure-decision", "issued", 900)},
			[]Taken{shot(0, 300, "video/mp4", nil), shot(301, 600, "video/mp4", nil)}, "onsite:met:no seizure:met:yes"},
		{"sealed without a recording", ended, []Paper{paper("sealing-decision", "issued", 500)}, nil, "onsite:open:no seizure:unmet:no"},
		{"announced is not held", ended, []Paper{paper("seizure-decision", "issued", 500)}, []Taken{shot(0, 600, "video/mp4", record.Object{"custody": nil})}, "onsite:open:no seizure:unmet:no"},
		{"disposed of is no gap", ended, []Paper{paper("seizure-decision", "issued", 500)}, []Taken{shot(0, 600, "video/mp4", record.Object{"custody": record.Object{"state": "disposed"}})}, "onsite:met:no seizure:met:no"},
		{"two were questioned, one recorded", ended, []Paper{paper("inquiry-record", "issued", 900, "startedAt", second(700), "endedAt", second(720)), paper("inquiry-record", "issued", 900, "startedAt", second(800), "endedAt", second(820))},
			[]Taken{shot(700, 720, "audio/mp4", nil)}, "onsite:open:no inquiry:met:yes inquiry:open:yes"},
		{"a hearing in full", ended, []Paper{paper("hearing-record", "issued", 2000, "heldAt", second(1000), "endedAt", second(1600))}, []Taken{shot(1000, 1590, "video/mp4", nil)}, "onsite:open:no hearing:partly:yes"},
		{"left", ended, []Paper{paper("service-receipt", "issued", 600, "mode", "left", "servedAt", second(500))}, []Taken{shot(600, 610, "video/mp4", nil)}, "onsite:open:no service-left:unmet:yes"},
		{"served otherwise", ended, []Paper{paper("service-receipt", "issued", 600, "mode", "mail", "servedAt", second(500))}, nil, "onsite:open:no"},
		{"a step that no rule has", ended, nil, []Taken{shot(0, 600, "video/mp4", record.Object{"step": "现场检查"})}, "onsite:met:no"},
		{"a recording names its step", ended, nil, []Taken{shot(0, 600, "video/mp4", record.Object{"step": "demolition"})}, "onsite:open:no demolition:met:no"},
		{"posted, a photo", ended, []Paper{paper("service-receipt", "issued", 500, "mode", "announced")}, []Taken{shot(50, 50, "image/jpeg", nil)}, "onsite:open:no service-notice:met:yes"},
		{"posted, no photo", ended, []Paper{paper("service-receipt", "issued", 500, "mode", "announced")}, nil, "onsite:open:no service-notice:unmet:yes"},
		{"reviewed, nobody said when, a photo", ended, []Paper{paper("rectification-review", "issued", 500)}, []Taken{shot(5000, 5000, "image/jpeg", nil)}, "onsite:open:no recheck:met:yes"},
		{"reviewed, a photo of another time", ended, []Paper{paper("rectification-review", "issued", 500, "checkedAt", second(100), "endedAt", second(200))}, []Taken{shot(300, 300, "image/jpeg", nil)}, "onsite:open:no recheck:unmet:yes"},
		{"nobody said when", record.Object{"state": "completed"}, nil, []Taken{whole}, "onsite:unknown:no"},
		{"still open", record.Object{"state": "open", "startedAt": second(0)}, nil, []Taken{whole}, "onsite:met:no"},
	} {
		var got []string
		for _, d := range Recording.Demands(c.inspection, c.papers, c.taken, day("2026-03-01").Add(time.Hour)) {
			written := "no"
			if d.Written != nil && *d.Written {
				written = "yes"
			}
			got = append(got, d.Step+":"+string(d.Recorded)+":"+written)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// Papers that belong to no inspection ask for what they call for themselves: nothing is asked of a visit that there was not, and what is told of a visit is no proof of them.
func TestWhatPapersAskForThatBelongToNoInspection(t *testing.T) {
	taken := func(from, to int, mime, step string) Taken {
		got, ok := TakenOf("e", takenRecord(from, to, mime, record.Object{"custody": record.Object{"state": "held"}, "step": step}))
		if !ok {
			t.Fatal("not read")
		}
		return got
	}
	paper := func(id, kind string, at int, data record.Object) Paper {
		return Paper{ID: id, Body: record.Object{"kind": kind, "state": "issued", "issuedAt": second(at), "data": data}}
	}
	hearing := paper("h", "hearing-record", 2000, record.Object{"heldAt": second(1000), "endedAt": second(1600)})
	left := record.Object{"mode": "left", "servedAt": second(500)}
	for _, c := range []struct {
		name   string
		papers []Paper
		taken  []Taken
		want   string
	}{
		{"nothing", nil, []Taken{taken(0, 600, "video/mp4", "onsite"), taken(0, 600, "video/mp4", "demolition")}, ""},
		{"a paper that asks for nothing", []Paper{paper("f", "case-filing", 100, nil)}, []Taken{taken(0, 600, "video/mp4", "")}, ""},
		{"a hearing", []Paper{hearing}, nil, "h hearing:unmet"},
		{"a hearing in full", []Paper{hearing}, []Taken{taken(900, 1700, "video/mp4", "")}, "h hearing:met"},
		{"a hearing with a gap", []Paper{hearing}, []Taken{taken(900, 1500, "video/mp4", "hearing")}, "h hearing:partly"},
		{"left twice, nobody said since when", []Paper{paper("a", "service-receipt", 600, left), paper("b", "service-receipt", 600, left)}, []Taken{taken(0, 600, "video/mp4", "")}, "a service-left:unknown b service-left:unknown"},
		{"posted: a photo of the visit is none of it", []Paper{paper("p", "service-receipt", 600, record.Object{"mode": "announced"})}, []Taken{taken(50, 50, "image/jpeg", "")}, "p service-notice:unmet"},
		{"posted, with a photo that says so", []Paper{paper("p", "service-receipt", 600, record.Object{"mode": "announced"})}, []Taken{taken(50, 50, "image/jpeg", "service-notice")}, "p service-notice:met"},
	} {
		var got []string
		for _, d := range Recording.Demands(nil, c.papers, c.taken, day("2026-03-02")) {
			got = append(got, d.Document+" "+d.Step+":"+string(d.Recorded))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
	dated, err := ReadRules([]byte("step,from,to,name,paper,papername,also,when,av,begins,ends,hours,confirmed,basis\nonsite,,,n,,,,,yes,inspection.startedAt,inspection.endedAt,,no,b\n" +
		"hearing,2026-04-01,,n,hearing-record,pn,,,full,paper.heldAt,paper.endedAt,,no,b\nhand-in,,,n,,,,,,,,24,no,b"))
	if err != nil {
		t.Fatal(err)
	}
	if got := dated.Demands(nil, []Paper{hearing}, nil, day("2026-05-01")); len(got) != 0 {
		t.Errorf("asked by a rule that came later: %+v", got)
	}
}

func TestRulesThatAreNoneAreRefused(t *testing.T) {
	head := "step,from,to,name,paper,papername,also,when,av,begins,ends,hours,confirmed,basis"
	site, hand := "onsite,,,n,p,pn,q|r,mode=left,yes,inspection.startedAt|paper.issuedAt,inspection.endedAt,,no,b", "hand-in,,,n,,,,,,,,24,no,b"
	if _, err := ReadRules([]byte(strings.Join([]string{head, site, hand}, "\n"))); err != nil {
		t.Fatal(err)
	}
	for _, rows := range [][]string{{}, {site}, {hand}, {site, "hand-in,,,n,,,,,,,,0,no,b"}, {strings.Replace(site, "yes", "perhaps", 1), hand}, {strings.Replace(site, ",no,b", ",no,", 1), hand},
		{strings.Replace(site, "inspection.endedAt", "dawn", 1), hand}, {strings.Replace(site, "paper.issuedAt", "paper.", 1), hand}, {strings.Replace(site, "inspection.endedAt", "", 1), hand},
		{strings.Replace(site, "mode=left", "mode", 1), hand}, {strings.Replace(site, ",p,pn,", ",,,", 1), hand}, {strings.Replace(site, "onsite,,", "onsite,2026-02-30,", 1), hand}, {`"`}, {"a,b"}} {
		if _, err := ReadRules([]byte(strings.Join(append([]string{head}, rows...), "\n"))); err == nil {
			t.Errorf("taken: %v", rows)
		}
	}
}
