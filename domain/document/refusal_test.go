package document_test

import (
	"slices"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

const recordingID = "01890000-0000-7000-8000-00000000e001"

// refusal is a party that will not sign, with pairs of what else is said of it.
func refusal(more ...string) record.Object {
	out := record.Object{"role": "party", "at": "2026-11-25T07:00:00Z", "refused": true}
	for i := 0; i < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

func witness() record.Object {
	return record.Object{"role": "witness", "name": "孙某", "at": "2026-11-25T07:00:00Z", "image": picture(40, 20)}
}

// A refusal says why, two officers sign beside it, and a witness or a recording shows it: each that is missing is told at its place.
func TestRefusal(t *testing.T) {
	tpl := document.ReadTemplate(seed(t, document.SummaryPenalty))
	good := edit(penalty(), "signatures/p", refusal("reason", "认为处罚过重", "recording", recordingID))
	for name, c := range map[string]struct {
		body record.Object
		want []string
	}{
		"with a recording":       {good, nil},
		"with a witness":         {edit(edit(good, "signatures/p/recording", nil), "signatures/w", witness()), nil},
		"without either":         {edit(good, "signatures/p/recording", nil), []string{"signatures/p/recording"}},
		"a recording by name":    {edit(good, "signatures/p/recording", "记录仪3号"), []string{"signatures/p/recording"}},
		"a witness who refused":  {edit(edit(good, "signatures/p/recording", nil), "signatures/w", record.Object{"role": "witness", "at": "2026-11-25T07:00:00Z", "refused": true, "reason": "不便"}), []string{"signatures/p/recording"}},
		"without a reason":       {edit(good, "signatures/p/reason", " "), []string{"signatures/p/reason"}},
		"one officer":            {edit(good, "signatures/b", nil), []string{"signatures", "signatures/p/refused"}},
		"one officer twice":      {edit(good, "signatures/b/officer", officerA), []string{"signatures", "signatures/p/refused"}},
		"an officer who refuses": {edit(good, "signatures/b", record.Object{"role": "officer", "officer": officerB, "at": "2026-11-25T07:00:00Z", "refused": true, "reason": "回避"}), []string{"signatures/p/refused"}},
	} {
		var got []string
		for _, f := range document.Check(tpl, document.ReadInstance(c.body)) {
			got = append(got, f.Path)
			if f.Zh == "" || f.En == "" {
				t.Errorf("%s: a flaw says nothing: %v", name, f)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// The recording that a refusal names is on record, or that is found.
func TestRefusalNamesARecording(t *testing.T) {
	body := edit(penalty(), "signatures/p", refusal("reason", "认为处罚过重", "recording", recordingID))
	if codes := judged(t, state(t), body, nil); len(codes) > 0 {
		t.Errorf("flagged: %v", codes)
	}
	f := state(t)
	delete(f, "evidence")
	if codes := judged(t, f, body, nil); !slices.Equal(codes, []string{document.RefusalUnrecorded}) {
		t.Errorf("a recording that is not there: %v", codes)
	}
}
