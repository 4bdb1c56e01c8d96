// Package document says what a paper of enforcement is: templates as data, the fields a paper has, what is wrong with one,
// its number, its amounts in words, and the rules of law about handing it over (G04, G05, G07). Subpackage render makes the
// PDF; subpackage templates holds the templates that a new district begins with.
//
// It must not know where papers are kept, how they travel, or who may write them: the two officers of a paper are judged in
// domain/people.
package document
