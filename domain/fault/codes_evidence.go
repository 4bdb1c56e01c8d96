package fault

var evidenceCodes = map[Code]entry{}
