package document

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// RefusalUnrecorded is a refusal to sign that names a recording which is not on record.
const RefusalUnrecorded = "refusal.recording"

func refusalGate(cal Calendar) record.Gate {
	return record.Gate{Code: RefusalUnrecorded, Basis: "行政处罚法第四十七条，民事诉讼法第八十九条", Effect: record.Flag, Judge: onIssue(judgeRefusal, cal)}
}

// judgeRefusal looks for the recording that a refusal names. What else a refusal needs [Check] tells, on the handheld too.
func judgeRefusal(ctx context.Context, i *issue) error {
	for _, one := range i.in.Signatures {
		if !one.Refused || one.Recording == "" {
			continue
		}
		_, found, err := i.facts.Find(ctx, "evidence", one.Recording)
		if err != nil {
			return err
		}
		if !found {
			i.say(RefusalUnrecorded, "signatures/"+one.ID+"/recording", "拒签所注明的音像记录没有记录", "the recording that the refusal names is not on record")
		}
	}
	return nil
}
