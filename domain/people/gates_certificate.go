package people

import (
	"context"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// certificateBasis asks for reasons and approval of every change of a certificate, and for nobody to approve himself.
const certificateBasis = "河东政办发〔2024〕3号第（一）条、第（三）条"

// CertificateGates judge changes of certificates. All refuse: to issue and to suspend is done at a desk, and waits for the
// server.
func CertificateGates() []record.Gate {
	gates := []record.Gate{
		{Code: "certificate.unreadable", Judge: readable},
		{Code: "certificate.own", Judge: notOnesOwn},
		{Code: "certificate.reason", Judge: reasoned},
		{Code: "certificate.number", Judge: numberIsFree},
	}
	for i := range gates {
		gates[i].Basis, gates[i].Effect = certificateBasis, record.Refuse
	}
	return gates
}

// readable: a certificate that nobody could read would silently certify nobody.
func readable(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
	if ev.After == nil {
		return nil, nil
	}
	if _, err := ReadCertificate(ev.After); err != nil {
		return refusal(fault.Of(err)), nil
	}
	return nil, nil
}

// notOnesOwn: nobody issues, changes or restores his own certificate, and nobody makes it another's to get round that.
func notOnesOwn(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
	for _, body := range []record.Object{ev.Before, ev.After} {
		if body != nil && body["officer"] == ev.Op.Author {
			return []record.Breach{{Zh: "本人不得办理本人的执法证", En: "nobody may change his own certificate", Field: "officer"}}, nil
		}
	}
	return nil, nil
}

// reasoned: every change comes with an event of the same op that says why, and every event has a reason.
func reasoned(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
	switch {
	case ev.After == nil || record.Equal(ev.Before, ev.After):
		return nil, nil
	case ev.Before == nil:
		return eventsLackReason(nil, ev.After), nil
	}
	before, _ := ev.Before["events"].(record.Object)
	after, _ := ev.After["events"].(record.Object)
	if len(after) <= len(before) {
		return []record.Breach{{Zh: "变更执法证须同时登记事由（events）", En: "a change of a certificate needs an event with its reason",
			Field: "events"}}, nil
	}
	return eventsLackReason(before, ev.After), nil
}

// eventsLackReason finds new events without a reason.
func eventsLackReason(before, body record.Object) []record.Breach {
	events, _ := body["events"].(record.Object)
	for _, key := range slices.Sorted(maps.Keys(events)) {
		entry, _ := events[key].(record.Object)
		if before[key] == nil && text(entry["reason"]) == "" {
			return []record.Breach{{Zh: "未填写事由", En: "a reason is missing", Field: "events/" + key + "/reason"}}
		}
	}
	return nil
}

// numberIsFree: two cards of one number would make checking a card by its number meaningless.
func numberIsFree(ctx context.Context, ev record.Event, facts record.Facts) ([]record.Breach, error) {
	number, _ := ev.After["number"].(string)
	if number == "" || ev.Before["number"] == ev.After["number"] {
		return nil, nil
	}
	found, err := facts.Match(ctx, Certificates.Name, "number", number)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return []record.Breach{{Zh: "证号已存在：" + number, En: "the number is taken: " + number, Field: "number"}}, nil
}
