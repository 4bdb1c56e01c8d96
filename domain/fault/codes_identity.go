package fault

var identityCodes = map[Code]entry{}
