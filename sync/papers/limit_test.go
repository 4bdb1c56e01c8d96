package papers

// LimitPapers lets a file have so many papers, until it is restored.
func LimitPapers(n int) (restore func()) {
	before := mostPapers
	mostPapers = n
	return func() { mostPapers = before }
}
