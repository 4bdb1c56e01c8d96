package document

import (
	"regexp"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

var recordIDs = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// proofTest is a proof of service: where on the receipt it is, what is said when it is not given, and how it is known.
type proofTest struct {
	code   string // of the finding
	fields []string
	zh, en string
	given  func(r *receipt) bool
}

// The ways in which a receipt of service can fail to prove it.
const (
	ServiceUnproven   = "service.proof"    // something that the law asks of its mode is missing
	ServiceMode       = "service.mode"     // there is no such mode, or was none on that day
	ServiceDate       = "service.date"     // the day is not the one that the law gives, or cannot be told
	ServicePaper      = "service.paper"    // the paper that was served is not on record, another organ's, or not issued
	ServiceEarly      = "service.order"    // served before it was issued
	ServiceLate       = "G18.late"         // served later than the law allows
	ServiceUnagreed   = "G19.confirmation" // electronic, and the party has not agreed to it in a signed confirmation
	ServiceElsewhere  = "G19.address"      // electronic, and not to the address that the party confirmed
	serversOfReceipts = 2
)

// proofTests are the proofs there are, by their word in the table.
var proofTests = map[string]proofTest{
	"receiver": {ServiceUnproven, []string{"signatures"}, "直接送达应由受送达人或者依法可以代收的人签收并注明日期", "whoever received it signs, with the day",
		func(r *receipt) bool { return !r.base(datedBySignature).IsZero() }},
	"relation": {ServiceUnproven, []string{"data/relation"}, "签收人不是受送达人的，应注明与受送达人的关系", "a receiver who is not the addressee: say in what relation he stands",
		func(r *receipt) bool {
			who, to := text(r.in.Data, "receiver"), text(r.in.Data, "addressee")
			return who == "" || who == to || r.says("relation")
		}},
	"servers": {ServiceUnproven, []string{"signatures"}, "应由两名送达人签名", "two who served it sign",
		func(r *receipt) bool { return officersSigned(r.in) >= serversOfReceipts }},
	"refusal": {ServiceUnproven, []string{"data/refusal"}, "留置送达应注明拒收事由", "say why it was not accepted", func(r *receipt) bool { return r.says("refusal") }},
	"witness": {ServiceUnproven, []string{"data/witness"}, "留置送达应有见证人签名，或者以拍照、录像记录送达过程（注明音像记录编号）", "a witness signs, or a recording on record shows how it was left",
		func(r *receipt) bool { return witnessed(r.in) || r.recordings > 0 }},
	"consent": {ServiceUnagreed, []string{"data/confirmation"}, "电子送达应有当事人签名同意的送达地址（电子送达）确认书", "the party has agreed to electronic service in a signed confirmation of its address",
		func(r *receipt) bool { return r.agreed() }},
	"address": {ServiceElsewhere, []string{"data/channel"}, "送达地址与当事人确认的电子送达地址不一致", "it was not sent to the address that the party confirmed",
		func(r *receipt) bool {
			confirmed := text(object(r.confirmation, "data"), "electronic")
			return confirmed == "" || confirmed == text(r.in.Data, "channel")
		}},
	"through": {ServiceUnproven, []string{"data/through"}, "应注明受委托或者代为转交的单位", "say who was entrusted with it", func(r *receipt) bool { return r.says("through") }},
	"slip": {ServiceUnproven, []string{"data/slip", "data/slipOn"}, "应有注明签收日期的回执", "the slip that came back, with its day",
		func(r *receipt) bool { return r.says("slip") && !r.base(datedBySlip).IsZero() }},
	"course": {ServiceUnproven, []string{"data/course"}, "公告送达应在案卷中记明原因和经过", "the reason and the course of it are noted", func(r *receipt) bool { return r.says("course") }},
}

// missing lists the proofs that the receipt's mode needs and that it does not give.
func (r *receipt) missing() []Proof {
	return slices.DeleteFunc(slices.Clone(proofs), func(p Proof) bool { return p.Mode != r.mode() || proofTests[p.Proof].given(r) })
}

func (r *receipt) says(field string) bool { return !empty(r.in.Data[field]) }

// agreed reports whether the party has confirmed its address and agreed to electronic service, with a signature, before it was served so.
func (r *receipt) agreed() bool {
	in := ReadInstance(r.confirmation)
	signed := slices.ContainsFunc(in.SignedBy(ByParty), func(s Signature) bool { return !s.Refused })
	served := moment(r.in.Data, "servedAt")
	theirs := partyName(in)
	return in.Kind == ServiceAddress && in.State == Issued && text(in.Data, "consent") == "yes" && signed &&
		(served.IsZero() || !in.IssuedAt.After(served)) && (theirs == "" || theirs == text(r.in.Data, "addressee"))
}

// officersSigned counts the officers who have signed.
func officersSigned(in Instance) int {
	who := map[string]bool{}
	for _, one := range in.SignedBy(ByOfficer) {
		if !one.Refused {
			who[signerOf(one)] = true
		}
	}
	return len(who)
}

func signerOf(s Signature) string {
	if s.Officer != "" {
		return s.Officer
	}
	return s.ID
}

// witnessed reports whether a witness has signed.
func witnessed(in Instance) bool {
	return slices.ContainsFunc(in.SignedBy(ByWitness), func(s Signature) bool { return !s.Refused && (s.Image != "" || s.Strokes != "") })
}

// proofField reports whether a proof speaks of a place of the receipt, so that nothing is found twice.
func proofField(data record.Object, path string) bool {
	return slices.ContainsFunc(proofs, func(p Proof) bool {
		return p.Mode == text(data, "mode") && slices.Contains(proofTests[p.Proof].fields, path)
	})
}
