package fault

var syncCodes = map[Code]entry{}
