package fault

var documentCodes = map[Code]entry{}
