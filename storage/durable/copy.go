package durable

import "io"

// Copy moves src to dst until src ends. Full buffers are written, so that a source that trickles does not cost a system
// call per drop; what came before an error of src is written too.
func Copy(dst io.Writer, src io.Reader) error {
	buffer := lendSmall()
	defer func() { giveBack(buffer) }()
	for {
		n, err := fill(src, buffer)
		if _, writeErr := dst.Write(buffer[:n]); writeErr != nil {
			return Fault(writeErr)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case len(buffer) == small: // it is a long one
			giveBack(buffer)
			buffer = lend()
		}
	}
}

// fill is io.ReadFull that returns the source's own error, whatever came before it.
func fill(src io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		var more int
		more, err = src.Read(buffer[n:])
		n += more
	}
	return n, err
}
