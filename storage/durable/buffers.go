package durable

import (
	"sync"
	"sync/atomic"
)

// A stream has two buffers at a time. A disk takes a MiB in hardly more time than a tenth of it, so those who come first have large ones, out of a
// stock that the process makes once and keeps; the others have small ones of their own. So memory is the stock and, for each stream, less
// than 256 KiB, however long it is.
const (
	small     = 64 << 10
	large     = 1 << 20 // whole blocks, as small is
	stockMost = 16
)

var (
	stock = make(chan []byte, stockMost) // large ones that nobody has
	made  atomic.Int64                   // large ones that there are
	own   = sync.Pool{New: func() any { return new([small]byte) }}
	lent  atomic.Int64 // of both
)

// lend gives the largest buffer there is; give it back.
func lend() []byte {
	select {
	case b := <-stock:
		lent.Add(1)
		return b
	default:
	}
	if made.Add(1) <= stockMost {
		lent.Add(1)
		return make([]byte, large)
	}
	made.Add(-1)
	return lendSmall()
}

// lendSmall gives what is always there.
func lendSmall() []byte {
	lent.Add(1)
	return own.Get().(*[small]byte)[:]
}

func giveBack(b []byte) {
	lent.Add(-1)
	if len(b) == large {
		stock <- b
		return
	}
	own.Put((*[small]byte)(b))
}
