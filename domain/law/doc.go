// Package law holds what statutes and national standards fix: the form and check digits of codes, how periods are counted,
// which days are working days, how the district is divided, and the catalogue of what an organ may enforce.
//
// It must not know cases, people or papers, nor a clock: the day that counts is an argument. What a lawyer still has to
// confirm, or what changes by notice, is data here and never a constant in an algorithm.
package law

import (
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Beijing is the one zone that dates of Chinese law are in.
var Beijing = record.Beijing

// DayOf is the Beijing calendar day of a moment, as its first instant.
func DayOf(moment time.Time) time.Time {
	y, m, d := moment.In(Beijing).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, Beijing)
}
