package durable

import "os"

// BufferSize is the largest buffer's.
const BufferSize = large

// Ahead is how much waits at most.
const Ahead = ahead

// OnStart has f called in place of the disk, until the returned function is.
func OnStart(f func(offset, n int64)) (restore func()) {
	before := start
	start = func(_ *os.File, offset, n int64) { f(offset, n) }
	return func() { start = before }
}

// Lent counts the buffers that are lent.
func Lent() int64 { return lent.Load() }
