package document

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// SignedLate is a signature that came when the paper had been issued: it is not on what was handed over.
const SignedLate = "paper.signed_late"

// frozenGate finds what was added to a paper after its issue. Its data cannot be changed at all (see the classes of its fields); a
// signature was given in the street, so it is kept, and told.
var frozenGate = record.Gate{Code: SignedLate, Basis: "行政处罚法第五十二条、第五十九条", Effect: record.Flag, Judge: judgeFrozen}

func judgeFrozen(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
	if ev.Before == nil || ev.After == nil || ev.Before["state"] == Draft {
		return nil, nil
	}
	was, is := object(ev.Before, "signatures"), object(ev.After, "signatures")
	var breaches []record.Breach
	for _, id := range slices.Sorted(maps.Keys(is)) {
		if was[id] == nil && len(breaches) < maxBreaches {
			breaches = append(breaches, record.Breach{Code: SignedLate, Field: "signatures/" + id, Zh: "签名在文书签发之后加入，签发的文书上没有该签名",
				En: "the signature came after the issue and is not on the paper that was handed over"})
		}
	}
	return breaches, nil
}

// VoidUnexplained is an issued paper that was made void and nobody said why: its number is void without a reason in the account.
const VoidUnexplained = "paper.void_reason"

// voidGate finds it. The paper is void all the same: what somebody holds must not pass for one in force.
var voidGate = record.Gate{Code: VoidUnexplained, Basis: "行政处罚法第四十七条", Effect: record.Flag, Judge: judgeVoid}

func judgeVoid(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
	if !becameVoid(ev) || strings.TrimSpace(text(ev.After, "voidReason")) != "" {
		return nil, nil
	}
	return []record.Breach{{Code: VoidUnexplained, Field: "voidReason", Zh: "文书作废未注明事由", En: "the paper was made void and nobody said why"}}, nil
}
