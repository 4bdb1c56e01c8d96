package document_test

import (
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// A correction names an issued paper of its kind and organ and says why; each way in which it does not is found.
func TestCorrection(t *testing.T) {
	const oldID = "01890000-0000-7000-8000-00000000d009"
	old := edit(paper("rectification-order", "2026-11-20"), "number", record.Object{"text": "津河东东新责改字〔2026〕第3号"})
	corrects := record.Object{"document": oldID, "name": "责令改正通知书", "number": "津河东东新责改字〔2026〕第3号", "reason": "当事人姓名有误"}
	good := edit(paper("rectification-order", "2026-11-25"), "corrects", corrects)
	for name, c := range map[string]struct {
		body, old record.Object
		want      string
	}{
		"good":                   {good, old, ""},
		"by a team of the organ": {edit(good, "unit", street+"01"), old, ""},
		"no correction":          {edit(good, "corrects", nil), nil, ""},
		"of a paper nobody has":  {good, nil, "correction.unknown"},
		"of itself":              {edit(good, "corrects/document", "r"), old, "correction.form correction.unknown"},
		"without a reason":       {edit(good, "corrects/reason", " "), old, "correction.form"},
		"without a name":         {edit(good, "corrects/name", nil), old, "correction.form"},
		"of another number":      {edit(good, "corrects/number", "津河东东新责改字〔2026〕第4号"), old, "correction.form"},
		"of a draft":             {good, edit(old, "state", document.Draft), "correction.state"},
		"of a void paper":        {good, edit(old, "state", document.Voided), "correction.state"},
		"of another kind":        {good, edit(old, "kind", "cessation-order"), "correction.kind"},
		"of another organ":       {good, edit(old, "unit", "120102001"), "correction.organ"},
		"of a later paper":       {good, edit(old, "issuedAt", "2026-11-26T00:00:00Z"), "correction.order"},
	} {
		f := papers(map[string]record.Object{})
		if c.old != nil {
			f["documents"][oldID] = c.old
		}
		if codes := strings.Join(judged(t, f, c.body, nil), " "); codes != c.want {
			t.Errorf("%s: %q, want %q", name, codes, c.want)
		}
	}
	f := papers(map[string]record.Object{oldID: old, otherID: edit(good, "issuedAt", "2026-11-24T00:00:00Z"), laterID: good})
	if codes := strings.Join(judged(t, f, good, nil), " "); codes != "correction.again" {
		t.Errorf("a second correction: %s", codes)
	}
	correctedBy := func() (record.Object, error) {
		return document.CorrectedBy(t.Context(), f, oldID, document.ReadInstance(old))
	}
	by, err := correctedBy()
	if err != nil || by["document"] != otherID || by["name"] != "责令（限期）改正通知书" {
		t.Errorf("corrected by %v, %v", by, err)
	}
	f["documents"][otherID] = edit(f["documents"][otherID], "state", document.Voided)
	if by, _ := correctedBy(); by["document"] != laterID {
		t.Errorf("a void paper corrects nothing: %v", by)
	}
	for path, value := range map[string]string{"unit": "120102001", "kind": "cessation-order"} {
		f["documents"][laterID] = edit(good, path, value)
		if by, _ := correctedBy(); by != nil {
			t.Errorf("a paper of another %s corrects it: %v", path, by)
		}
		if codes := strings.Join(judged(t, f, good, nil), " "); codes != "" {
			t.Errorf("after one of another %s: %s", path, codes)
		}
	}
	c, _ := document.CorrectionOf(good)
	if c.Text() != "本文书更正《责令改正通知书》（津河东东新责改字〔2026〕第3号）。更正事由：当事人姓名有误。" {
		t.Error(c.Text())
	}
}
