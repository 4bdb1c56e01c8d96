package document

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// CaseFiling is the paper by which a case is known: 立案审批表. There are no case files in this version.
const CaseFiling = "case-filing"

// spanning are the kinds of papers that are signed once and then named by the papers of many cases: one comes into a case when a paper of the case names
// it, and leads nowhere. Else who has agreed to electronic service once would make all of his cases one.
var spanning = map[string]bool{"service-address": true} // 送达地址（电子送达）确认书

// Sheet is what a paper says of where it belongs.
type Sheet struct {
	ID         string
	Kind       string
	Void       bool
	Inspection string // "": of none
	IssuedAt   time.Time
	Names      []string // records of the papers that its fields of kind DocumentRef name, sorted
	Corrects   string   // record of the paper that it corrects; "": none
}

// SheetOf reads a paper; false for a draft, which is none yet. No other kind of field has a value with a text "document" (see checkParts), so what a paper names
// is read without its template.
func SheetOf(id string, body record.Object) (Sheet, bool) {
	state := text(body, "state")
	c, _ := CorrectionOf(body)
	s := Sheet{ID: id, Kind: text(body, "kind"), Void: state == Voided, Inspection: text(body, "inspection"), IssuedAt: moment(body, "issuedAt"), Corrects: c.Document}
	for _, value := range object(body, "data") {
		o, _ := value.(record.Object)
		if named := text(o, "document"); recordID.MatchString(named) && named != id {
			s.Names = append(s.Names, named)
		}
	}
	slices.Sort(s.Names)
	s.Names = slices.Compact(s.Names)
	return s, state == Issued || s.Void
}

// leads reports whether one goes on from a paper to what it names: not from a void one, which may be void because it named the wrong one.
func (s Sheet) leads() bool { return !s.Void || s.Kind == CaseFiling }

// Case is what belongs to a case.
type Case struct {
	Filing      string   // the paper that it was asked by
	Papers      []string // by the moment of issue, then by id; the paper of filing among them
	Inspections []string // that the papers belong to, sorted
	// Near are the papers that hang together with these by what they name, without going through another case's filing: they decide whose these are. Who
	// has not read all of the organ's papers must have read what names one of these.
	Near []string
}

// CaseOf finds what belongs to the case of a paper of filing among the papers of its organ; false when that is none. What is asked by a paper of filing and by one that corrects
// it is one case. In it are
//
//   - the paper of filing;
//   - the papers of the inspections that it and its papers belong to;
//   - the papers that name one of its papers or correct it, and what its papers name or correct.
//
// A void paper comes in and leads nowhere (see leads). Another paper of filing never comes in, nor what is another case's own
// and not this one's: two cases of one visit share the papers of the visit, and not each other's.
func CaseOf(filing string, sheets map[string]Sheet) (Case, bool) {
	if sheets[filing].Kind != CaseFiling {
		return Case{Filing: filing}, false
	}
	w := weave(sheets)
	owners := map[string]map[string]bool{} // of a paper, the cases whose own it is
	for root, family := range w.families {
		for id := range w.own(root, family) {
			mark(owners, id, root)
		}
	}
	root := w.root(filing)
	in := newShelf(w.families[root])
	visits := map[string]bool{}
	take := func(id string) {
		if w.admits(id, root) && (len(owners[id]) == 0 || owners[id][root]) {
			in.add(id)
		}
	}
	for in.next() {
		s := sheets[in.at]
		if spanning[s.Kind] {
			continue
		}
		each(take, w.namers[s.ID], w.correctors[s.ID])
		if !s.leads() {
			continue
		}
		each(take, s.Names, []string{s.Corrects})
		if s.Inspection != "" && !visits[s.Inspection] {
			visits[s.Inspection] = true
			each(take, w.visits[s.Inspection])
		}
	}
	return Case{Filing: filing, Papers: w.byIssue(in.has), Inspections: slices.Sorted(maps.Keys(visits)), Near: w.near(in.has)}, true
}

// near goes from papers to all that they name and that name them.
func (w *web) near(papers map[string]bool) []string {
	all := newShelf(slices.Collect(maps.Keys(papers)))
	for all.next() {
		s := w.sheets[all.at]
		if spanning[s.Kind] {
			continue
		}
		each(func(id string) {
			if other, known := w.sheets[id]; known && other.Kind != CaseFiling {
				all.add(id)
			}
		}, w.namers[s.ID], w.correctors[s.ID], s.Names, []string{s.Corrects})
	}
	return slices.Sorted(maps.Keys(all.has))
}

// web is how the papers of an organ hang together.
type web struct {
	sheets             map[string]Sheet
	namers, correctors map[string][]string        // of a paper, those that name it, and those that correct it
	visits             map[string][]string        // the papers of an inspection
	families           map[string][]string        // the papers of filing that are one case, by the first of their ids
	rests              map[string]map[string]bool // of a paper, the cases whose filing it names, or that a paper rests on which it names
}

func weave(sheets map[string]Sheet) *web {
	w := &web{sheets, map[string][]string{}, map[string][]string{}, map[string][]string{}, map[string][]string{}, map[string]map[string]bool{}}
	for id, s := range sheets {
		for _, named := range s.Names {
			w.namers[named] = append(w.namers[named], id)
		}
		if s.Corrects != "" {
			w.correctors[s.Corrects] = append(w.correctors[s.Corrects], id)
		}
		if s.Inspection != "" {
			w.visits[s.Inspection] = append(w.visits[s.Inspection], id)
		}
	}
	for id, s := range sheets {
		if s.Kind == CaseFiling {
			root := w.root(id)
			w.families[root] = append(w.families[root], id)
		}
	}
	for root, family := range w.families {
		up := newShelf(family)
		for up.next() {
			for _, id := range w.namers[up.at] {
				if w.sheets[id].Kind != CaseFiling && up.add(id) {
					mark(w.rests, id, root)
				}
			}
		}
	}
	return w
}

// root names the case of a paper of filing: the first by id of those that correct each other.
func (w *web) root(filing string) string {
	all := newShelf([]string{filing})
	for all.next() {
		each(func(id string) {
			if w.sheets[id].Kind == CaseFiling {
				all.add(id)
			}
		}, w.correctors[all.at], []string{w.sheets[all.at].Corrects})
	}
	return slices.Min(slices.Collect(maps.Keys(all.has)))
}

// admits reports whether a paper may be of a case: none that rests on other cases alone, nor a paper of filing.
func (w *web) admits(id, root string) bool {
	s, known := w.sheets[id]
	return known && s.Kind != CaseFiling && (len(w.rests[id]) == 0 || w.rests[id][root])
}

// own are the papers that are of this case by themselves, whatever visit they bear: those that name or correct its filing or another of its own, and
// those that its own name and that were issued after it was filed. What was there before is what the case grew out of, and others may have grown out of it too.
func (w *web) own(root string, family []string) map[string]bool {
	filed := w.sheets[slices.MinFunc(family, func(a, b string) int { return w.sheets[a].IssuedAt.Compare(w.sheets[b].IssuedAt) })].IssuedAt
	own := newShelf(family)
	take := func(id string) {
		if w.admits(id, root) && !spanning[w.sheets[id].Kind] {
			own.add(id)
		}
	}
	for own.next() {
		s := w.sheets[own.at]
		each(take, w.namers[s.ID], w.correctors[s.ID])
		if !s.leads() {
			continue
		}
		each(func(id string) {
			if !w.sheets[id].IssuedAt.Before(filed) {
				take(id)
			}
		}, s.Names, []string{s.Corrects})
	}
	return own.has
}

// byIssue sorts papers by the moment of issue, then by id.
func (w *web) byIssue(ids map[string]bool) []string {
	return slices.SortedFunc(maps.Keys(ids), func(a, b string) int {
		return cmp.Or(w.sheets[a].IssuedAt.Compare(w.sheets[b].IssuedAt), cmp.Compare(a, b))
	})
}

// shelf is what has been found, and what is still to be gone through of it.
type shelf struct {
	has  map[string]bool
	left []string
	at   string
}

func newShelf(ids []string) *shelf {
	s := &shelf{has: map[string]bool{}}
	for _, id := range ids {
		s.add(id)
	}
	return s
}

// add reports whether it is new.
func (s *shelf) add(id string) bool {
	if s.has[id] {
		return false
	}
	s.has[id], s.left = true, append(s.left, id)
	return true
}

func (s *shelf) next() bool {
	if len(s.left) == 0 {
		return false
	}
	s.at, s.left = s.left[len(s.left)-1], s.left[:len(s.left)-1]
	return true
}

func each(do func(string), lists ...[]string) {
	for _, list := range lists {
		for _, id := range list {
			do(id)
		}
	}
}

func mark(sets map[string]map[string]bool, key, member string) {
	if sets[key] == nil {
		sets[key] = map[string]bool{}
	}
	sets[key][member] = true
}

// RecordingsOf lists the records of evidence that a paper names: of the pictures that it shows, and of recordings that show a refusal to sign. Sorted.
func RecordingsOf(body record.Object) []string {
	named := map[string]bool{}
	note := func(row record.Object, key string) {
		if id := text(row, key); recordID.MatchString(id) {
			named[id] = true
		}
	}
	signatures, data := object(body, "signatures"), object(body, "data")
	for id := range signatures {
		note(object(signatures, id), "recording")
	}
	for field := range data {
		rows := object(data, field)
		for id := range rows {
			note(object(rows, id), "evidence")
		}
	}
	return slices.Sorted(maps.Keys(named))
}
