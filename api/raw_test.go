package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// wirecut is a raw connection to the server, for requests that no client library would send.
type wirecut struct {
	w *world
	*net.TCPConn
	in *bufio.Reader
}

func (w *world) dial() *wirecut {
	w.t.Helper()
	c, err := net.Dial("tcp", w.address)
	w.must(err)
	w.must(c.SetDeadline(time.Now().Add(30 * time.Second)))
	return &wirecut{w, c.(*net.TCPConn), bufio.NewReader(c)}
}

// write sends text; the peer may have closed already, which is no failure.
func (c *wirecut) write(text string) { _, _ = io.WriteString(c.TCPConn, text) }

// request writes the head of a request. An empty length is none.
func (c *wirecut) request(method, path string, h http.Header, length string) {
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, c.w.address)
	for name, values := range h {
		for _, v := range values {
			fmt.Fprintf(&head, "%s: %s\r\n", name, v)
		}
	}
	if length != "" {
		fmt.Fprintf(&head, "Content-Length: %s\r\n", length)
	}
	head.WriteString("\r\n")
	c.write(head.String())
}

// reply reads one answer.
func (c *wirecut) reply(method string) *reply {
	c.w.t.Helper()
	res, err := http.ReadResponse(c.in, &http.Request{Method: method})
	if err != nil {
		c.w.t.Fatalf("%s: no answer: %v", method, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.w.t.Fatalf("%s: answer: %v", method, err)
	}
	return &reply{c.w.t, method + " (raw)", res.StatusCode, res.Header, text, res.Close}
}

// ended reports whether the server has closed its side without another answer.
func (c *wirecut) ended() bool {
	n, err := io.Copy(io.Discard, c.in)
	return n == 0 && (err == nil || !isTimeout(err))
}

func isTimeout(err error) bool {
	t, ok := err.(net.Error)
	return ok && t.Timeout()
}

// reset closes the connection by RST instead of FIN.
func (c *wirecut) reset() {
	_ = c.SetLinger(0)
	_ = c.Close()
}
