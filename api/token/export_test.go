package token

// Shrink makes the memory of used proofs small, so that a test can flood it.
func (p *Proofs) Shrink(n int) {
	p.bound, p.free = newReplays(n, n, false), newReplays(n, n, true)
}
