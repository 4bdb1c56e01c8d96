package document

import "github.com/fieldwarden/fieldwarden/domain/record"

// Corrected is the standing of a paper that another corrects. It is no state: the paper stays issued.
const Corrected = "corrected"

// Standing says what has become of a paper: [Draft], [Issued] if it is in force, [Corrected], or [Voided], which outweighs a correction.
func Standing(body record.Object) string {
	state := text(body, "state")
	if state == Issued && text(object(body, "correctedBy"), "document") != "" {
		return Corrected
	}
	return state
}

// CorrectedText names the paper that corrects another, as "correctedBy" tells it: 《当场行政处罚决定书》（津河东东新执当罚决字〔2026〕第13号）. "" when there is none.
func CorrectedText(body record.Object) string {
	by := object(body, "correctedBy")
	if text(by, "document") == "" {
		return ""
	}
	if text(by, "name") == "" {
		return "另一文书"
	}
	return referenceText(by)
}
