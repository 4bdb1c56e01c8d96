package document

import "strings"

// checkSigned lists what is wrong with the signatures on a paper, each by itself.
func checkSigned(in Instance) []Flaw {
	var flaws []Flaw
	for _, one := range in.Signatures {
		for _, flaw := range one.flaws(in) {
			flaw.Path = "signatures/" + one.ID + "/" + flaw.Path
			flaws = append(flaws, flaw)
		}
	}
	return flaws
}

func (s *Signature) flaws(in Instance) []Flaw {
	if s.Refused {
		return checkRefusal(in, *s)
	}
	var flaws []Flaw
	if flaw, bad := s.check(); bad {
		flaws = append(flaws, flaw)
	}
	if s.Role.Own() && s.Officer == "" {
		flaws = append(flaws, Flaw{"officer", "未注明签名人是谁", "officer is the record of the person who signs"})
	}
	return flaws
}

// refusalOfficers is how many officers stand by a refusal with their signatures.
const refusalOfficers = 2

// checkRefusal lists what a refusal to sign (拒签) lacks: its reason, two officers who signed, and a witness who signed or the record of a
// recording that shows it (处罚法第五十二条、强制法第十八条、民事诉讼法第八十九条). Whether the recording is on record the server judges. Paths
// are relative to the signature. An officer who does not sign is no refusal of a party: his reason is enough.
func checkRefusal(in Instance, s Signature) []Flaw {
	var flaws []Flaw
	if strings.TrimSpace(s.Reason) == "" {
		flaws = append(flaws, Flaw{"reason", "拒绝签名未注明理由", "a refusal to sign must say why"})
	}
	if s.Role != ByParty {
		return flaws
	}
	if officersSigned(in) < refusalOfficers {
		flaws = append(flaws, Flaw{"refused", "当事人拒绝签名的，应由两名执法人员签名注明", "two officers sign beside a refusal to sign"})
	}
	if !recordID.MatchString(s.Recording) && !witnessed(in) {
		flaws = append(flaws, Flaw{"recording", "当事人拒绝签名的，应有见证人签名或者注明音像记录编号", "a witness signs beside a refusal, or it names the recording that shows it"})
	}
	return flaws
}
