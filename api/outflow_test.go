package api

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api/guard"
)

// patient is a connection that remembers its write deadlines.
type patient struct {
	net.Conn
	deadlines []time.Time
}

func (p *patient) SetWriteDeadline(t time.Time) error {
	p.deadlines = append(p.deadlines, t)
	return nil
}

func TestTheWriteDeadlineRolls(t *testing.T) {
	content := bytes.Repeat([]byte("x"), 3*outBuffer+1)
	for name, read := range map[string]func(*outflow) ([]byte, error){
		"known length": func(o *outflow) ([]byte, error) {
			var out bytes.Buffer
			_, err := o.WriteTo(&out)
			return out.Bytes(), err
		},
		"stream": func(o *outflow) ([]byte, error) { return io.ReadAll(o) },
	} {
		conn, ended := &patient{}, false
		o := &outflow{src: io.NopCloser(bytes.NewReader(content)), conn: conn, cancel: func() { ended = true }}
		began := time.Now()
		got, err := read(o)
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%s: %d bytes, %v", name, len(got), err)
		}
		if len(conn.deadlines) < 4 || conn.deadlines[0].Before(began.Add(guard.Idle)) {
			t.Errorf("%s: deadlines %v", name, conn.deadlines)
		}
		if err := o.Close(); err != nil || !ended {
			t.Errorf("%s: closed with %v, context ended: %v", name, err, ended)
		}
	}
}
