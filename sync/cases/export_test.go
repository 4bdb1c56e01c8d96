package cases

// TakeTurns takes all turns, and returns what gives them back.
func TakeTurns() func() {
	for range cap(turns) {
		turns <- struct{}{}
	}
	return func() {
		for range cap(turns) {
			<-turns
		}
	}
}
