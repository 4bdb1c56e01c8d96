package fault

var lawCodes = map[Code]entry{}
