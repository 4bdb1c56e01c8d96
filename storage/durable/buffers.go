package durable

import (
	"sync"
	"sync/atomic"
)

// A stream has one buffer at a time. Each full one costs waking those who sent it, so those who come first have large ones, out of a
// stock that the process makes once and keeps; the others have small ones of their own. So memory is the stock and, for each stream, 128 KiB, however long it is.
const (
	small     = 128 << 10
	large     = 1 << 20
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
