package document

// Copy is one of the copies of a paper that is made in several (一式几份), as it is marked.
type Copy struct{ Key, Name string }

// The copies there are, in the order in which they are counted: a paper in two has the first two. That the list of things sealed or seized is made in two is
// 行政强制法第二十四条第二款; of others it is the practice of files, and the names are too (待核实).
var copies = []Copy{{"served", "送达联"}, {"file", "归档联"}, {"report", "备案联"}}

// CopyList lists the copies of a paper of the kind; none for a paper of which there is one alone, which is not marked.
func (k Kind) CopyList() []Copy {
	if k.Copies < 2 {
		return nil
	}
	return copies[:min(k.Copies, len(copies))]
}

var numerals = []string{"", "一", "两", "三"}

// CopyMark is what stands on a copy: 送达联（一式两份）. ok is false when a paper of the kind has no such copy.
func (k Kind) CopyMark(key string) (mark string, ok bool) {
	all := k.CopyList()
	for _, c := range all {
		if c.Key == key {
			return c.Name + "（一式" + numerals[len(all)] + "份）", true
		}
	}
	return "", false
}
