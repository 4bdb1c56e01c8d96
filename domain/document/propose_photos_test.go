package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

const photoA, photoB, photoC = "01890000-0000-7000-8000-0000000000a1", "01890000-0000-7000-8000-0000000000a2", "01890000-0000-7000-8000-0000000000a3"

// photo is the record of a photograph of a visit.
func photo(more record.Object) record.Object {
	return record.Apply(record.Object{"kind": "photo", "mime": "image/jpeg", "officer": officerB, "startedAt": "2026-11-25T01:40:00Z", "length": 2_000_000.0,
		"sha256": strings.Repeat("0a", 32), "place": record.Object{"address": "津塘路132号二层"}}, more)
}

// withPhotos is a visit with photographs, of which the second in the order of ids was taken first, and with what is no photograph for a page.
func withPhotos() document.Visit {
	v := visit("transfer")
	v.Inspection, v.Checklist, v.Items, v.Task = record.Object{"unit": street}, nil, nil, nil
	v.Evidence = map[string]record.Object{photoA: photo(nil), photoB: photo(record.Object{"mime": "image/png", "startedAt": "2026-11-25T01:35:00Z", "custody": record.Object{"state": "held"}}),
		photoC: photo(record.Object{"officer": subjectID, "place": record.Object{"address": nil, "lat": 39.1}, "startedAt": "2026-11-25T01:45:00Z"}),
		"v":    photo(record.Object{"kind": "video", "mime": "video/mp4"}), "s": photo(record.Object{"kind": "sketch"}), "h": photo(record.Object{"mime": "image/heic"}),
		"d": photo(record.Object{"custody": record.Object{"state": "disposed"}}), "m": photo(record.Object{"custody": record.Object{"state": "mismatch"}})}
	return v
}

// The photographs of a visit stand on the paper that explains them, with what their records say and no word that nobody has said: captions are asked.
func TestPhotographsAreFilledIn(t *testing.T) {
	v := withPhotos()
	p := proposal(t, document.Propose(v, editions(t, false), "2026-11-25"), "evidence-extraction")
	rows, _ := inside(p.Draft, "data/photos").(record.Object)
	want := record.Object{
		"p01": record.Object{"order": 1.0, "evidence": photoB, "sha256": strings.Repeat("0a", 32), "length": 2_000_000.0, "at": "2026-11-25T01:35:00Z", "place": "津塘路132号二层", "by": "钱珺"},
		"p02": record.Object{"order": 2.0, "evidence": photoA, "sha256": strings.Repeat("0a", 32), "length": 2_000_000.0, "at": "2026-11-25T01:40:00Z", "place": "津塘路132号二层", "by": "钱珺"},
		"p03": record.Object{"order": 3.0, "evidence": photoC, "sha256": strings.Repeat("0a", 32), "length": 2_000_000.0, "at": "2026-11-25T01:45:00Z"}}
	if !record.Equal(rows, want) {
		t.Errorf("%v\nwant %v", rows, want)
	}
	i := slices.IndexFunc(p.Missing, func(g document.Gap) bool { return g.Field == "photos" })
	if i < 0 || p.Missing[i].Type != document.Pictures || p.Missing[i].Question != "photos" {
		t.Fatalf("%+v", p.Missing)
	}
	var paths []string
	for _, f := range p.Missing[i].Refused {
		paths = append(paths, f.Path)
	}
	if !slices.Equal(paths, []string{"p01/caption", "p02/caption", "p03/caption", "p03/place", "p03/by"}) || p.Missing[i].Refused[0].Zh != "中“说明”未填写" {
		t.Errorf("%+v", p.Missing[i].Refused)
	}
	answered := record.Object{}
	for id, row := range rows {
		answered[id] = record.Apply(row.(record.Object), record.Object{"caption": "疏散通道堆放纸箱", "place": "二层", "by": "赵翀"})
	}
	v.Given = record.Object{"photos": answered}
	p = proposal(t, document.Propose(v, editions(t, false), "2026-11-25"), "evidence-extraction")
	if !record.Equal(inside(p.Draft, "data/photos"), answered) || slices.ContainsFunc(p.Missing, func(g document.Gap) bool { return g.Field == "photos" }) {
		t.Errorf("%v, %+v", p.Draft, p.Missing)
	}
	v.Given = record.Object{"photos": nil}
	p = proposal(t, document.Propose(v, editions(t, false), "2026-11-25"), "evidence-extraction")
	if inside(p.Draft, "data/photos") != nil || slices.ContainsFunc(p.Missing, func(g document.Gap) bool { return g.Field == "photos" }) {
		t.Errorf("left open: %v, %+v", p.Draft, p.Missing)
	}
}

// A picture that no page can hold is not in the draft, and it is told why; more than a paper may have are not chosen among.
func TestPhotographsThatDoNotFit(t *testing.T) {
	v := withPhotos()
	v.Evidence[photoA] = photo(record.Object{"length": 17.0 * (1 << 20)})
	p := proposal(t, document.Propose(v, editions(t, false), "2026-11-25"), "evidence-extraction")
	if rows, _ := inside(p.Draft, "data/photos").(record.Object); len(rows) != 2 || rows["p02"] != nil {
		t.Errorf("%v", rows)
	}
	for i := range 30 {
		v.Evidence[visitID[:len(visitID)-2]+string(rune('a'+i/10))+string(rune('0'+i%10))] = photo(nil)
	}
	p = proposal(t, document.Propose(v, editions(t, false), "2026-11-25"), "evidence-extraction")
	i := slices.IndexFunc(p.Missing, func(g document.Gap) bool { return g.Field == "photos" })
	if inside(p.Draft, "data/photos") != nil || i < 0 || p.Missing[i].Refused[0].Zh != "共33行，超过20行" {
		t.Errorf("%v %+v", inside(p.Draft, "data/photos"), p.Missing)
	}
}
