package client

// TellFew makes edits tell so many segments at most, until the returned function is called.
func TellFew(n int) (restore func()) {
	before := segmentsInEdit
	segmentsInEdit = n
	return func() { segmentsInEdit = before }
}
