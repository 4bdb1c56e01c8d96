package durable

import "os"

// ahead is how much of a file may wait in the kernel's cache before the disk is told to begin with it.
const ahead = 8 << 20

// Tail writes at the end of a file. What it has written is durable after File.Sync, which finds all but the last octets on their way to the disk: a
// sync that begins with a whole recording keeps every other one waiting, those of the database above all.
type Tail struct {
	File   *os.File
	End    int64 // how far the file is written
	Failed bool  // a write has failed

	waiting int64 // octets before End that the disk has not been told of
}

// Write implements io.Writer.
func (t *Tail) Write(p []byte) (int, error) {
	n, err := t.File.WriteAt(p, t.End)
	t.End += int64(n)
	t.Failed = t.Failed || err != nil
	if t.waiting += int64(n); t.waiting >= ahead {
		start(t.File, t.End-t.waiting, t.waiting)
		t.waiting = 0
	}
	return n, err
}
