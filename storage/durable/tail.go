package durable

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// block is what writes past the kernel's cache must begin at and be whole multiples of; any disk's own blocks divide it.
const block = 4 << 10

// Tail writes at the end of a file. Whole blocks go past the kernel's cache where the file can do that: a recording is written once and read once much
// later, and copying it through the cache costs more than its digest, and other files their place there. What it has written is durable after file.Sync.
type Tail struct {
	File   *os.File
	End    int64 // how far the file is written
	Failed bool  // a write has failed

	direct  bool // writes go past the cache now
	refused bool // they cannot
}

// Take writes src until it ends, see [Copy]. It leaves the file as it was opened.
func (t *Tail) Take(src io.Reader) error {
	err := t.take(src)
	if back := t.turn(false); err == nil {
		err = back
	}
	return err
}

func (t *Tail) take(src io.Reader) error {
	if beyond := t.End % block; beyond != 0 {
		head := &io.LimitedReader{R: src, N: block - beyond}
		if err := Copy(t, head); err != nil || head.N > 0 {
			return err
		}
	}
	return Copy(t, src)
}

// Write implements io.Writer.
func (t *Tail) Write(p []byte) (n int, err error) {
	if t.End%block == 0 && !t.refused {
		n, err = t.put(p[:len(p)&^(block-1)], true)
		if errors.Is(err, syscall.EINVAL) {
			t.refused, err = true, nil
		}
	}
	if err == nil && n < len(p) {
		var more int
		more, err = t.put(p[n:], false)
		n += more
	}
	t.Failed = t.Failed || err != nil
	return n, err
}

// put writes at the end. What cannot go past the cache is syscall.EINVAL.
func (t *Tail) put(p []byte, direct bool) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := t.turn(direct); err != nil {
		return 0, err
	}
	n, err := t.File.WriteAt(p, t.End)
	t.End += int64(n)
	return n, err
}

// turn makes writes go past the cache, or not.
func (t *Tail) turn(direct bool) error {
	if direct == t.direct {
		return nil
	}
	err := past(t.File, direct)
	if err == nil {
		t.direct = direct
	}
	return err
}
