package fault

import "maps"

// Code is the stable name of one way to fail. Clients branch on it; it never changes its meaning.
type Code string

// entry is what the registry says of a code: its primary definition and its documentation.
type entry struct {
	Kind   Kind
	Zh, En string // what is wrong and what to do
}

// registry holds every code. Each area keeps its own block, in the file codes_<area>.go.
var registry = union(requestCodes, syncCodes, identityCodes, evidenceCodes, mediaCodes, documentCodes, lawCodes, storageCodes, clientCodes, foreignCodes)

func union(blocks ...map[Code]entry) map[Code]entry {
	all := map[Code]entry{}
	for _, block := range blocks {
		maps.Copy(all, block)
	}
	return all
}

// Codes lists every registered code with its kind and texts, for the reference page and its test.
func Codes() map[Code]Error {
	all := make(map[Code]Error, len(registry))
	for code, e := range registry {
		all[code] = Error{Kind: e.Kind, Code: code, Zh: e.Zh, En: e.En}
	}
	return all
}
