// Package people says who acts: units, officers, their enforcement certificates and what these are worth at a moment, accounts and
// devices, and the one table of who may do what. Gates that judge an act by the people named in it stand here too.
//
// It must not know HTTP, tokens, SQL or a clock, nor what kinds of acts there are: those who declare an act say which gates judge it.
package people
