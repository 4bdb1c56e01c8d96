package server_test

import (
	"bufio"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// bringer makes this test binary be the devices of a benchmark of uploads: a process of its own, so that what the server's
// process uses is the server's.
const bringer = "FIELDWARDEN_TEST_BRINGER"

// errand is one recording that one device brings.
type errand struct {
	Address, Header, Access, Evidence string
	N                                 int
	Key                               []byte // SEC 1
	Length, Chunk                     int64
}

// devices is the other process, with its connections open and its first proofs not yet made.
type devices struct {
	b     *testing.B
	child *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
}

// send starts devices; they wait for bring.
func send(b *testing.B, errands []errand) *devices {
	b.Helper()
	d := &devices{b: b, child: exec.Command(os.Args[0])}
	d.child.Env, d.child.Stderr = append(os.Environ(), bringer+"=1"), os.Stderr
	out, err := d.child.StdoutPipe()
	if err == nil {
		d.in, err = d.child.StdinPipe()
	}
	if err == nil {
		err = d.child.Start()
	}
	if err == nil {
		err = json.NewEncoder(d.in).Encode(errands)
	}
	if err != nil {
		b.Fatal(err)
	}
	d.out = bufio.NewReader(out)
	d.await("ready\n")
	return d
}

func (d *devices) await(word string) {
	d.b.Helper()
	if line, err := d.out.ReadString('\n'); line != word {
		d.b.Fatalf("the devices say %q, want %q: %v", line, word, err)
	}
}

// bring lets every device bring its recording, all at once, to the last byte sealed.
func (d *devices) bring() {
	d.b.Helper()
	if _, err := fmt.Fprintln(d.in, "go"); err != nil {
		d.b.Fatal(err)
	}
	d.await("done\n")
}

// home ends the devices.
func (d *devices) home() {
	d.b.Helper()
	if err := d.in.Close(); err != nil {
		d.b.Fatal(err)
	}
	if err := d.child.Wait(); err != nil {
		d.b.Fatal(err)
	}
}

// bringAll is what the process of the devices does.
func bringAll() error {
	in := bufio.NewReader(os.Stdin)
	text, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var errands []errand
	if err := json.Unmarshal(text, &errands); err != nil {
		return err
	}
	zeros := filepath.Join(os.TempDir(), fmt.Sprintf("zeros-%d", os.Getpid()))
	if err := os.WriteFile(zeros, make([]byte, kept), 0o600); err != nil {
		return err
	}
	defer os.Remove(zeros)
	all := make([]*sender, len(errands))
	for i, e := range errands {
		if all[i], err = newSender(e, zeros); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	errs := make([]error, len(all))
	var done sync.WaitGroup
	for i, s := range all {
		done.Go(func() { errs[i] = s.bring() })
	}
	done.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	fmt.Println("done")
	_, _ = io.Copy(io.Discard, in)
	return nil
}

// sender is one device, as lean as can be: the kernel sends its bytes from a file.
type sender struct {
	errand
	caller
	conn  *net.TCPConn
	reply *bufio.Reader
	file  *os.File // zeros, sent as often as needed
}

// kept is how long that file is.
const kept = 16 << 20

func newSender(e errand, zeros string) (*sender, error) {
	s := &sender{errand: e, caller: caller{n: e.N, header: e.Header, count: int(time.Now().UnixNano())}}
	var err error
	if s.key, err = x509.ParseECPrivateKey(e.Key); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(e.Access))
	s.ath = base64.RawURLEncoding.EncodeToString(sum[:])
	conn, err := net.Dial("tcp", e.Address)
	if err != nil {
		return nil, err
	}
	s.conn, s.reply = conn.(*net.TCPConn), bufio.NewReader(conn)
	s.file, err = os.Open(zeros)
	return s, err
}

// bring brings the recording in chunks.
func (s *sender) bring() error {
	res, err := s.request("POST", "/v1/uploads", fmt.Sprintf("Upload-Length: %d\r\nUpload-Metadata: evidence %s\r\n", s.Length,
		base64.StdEncoding.EncodeToString([]byte(s.Evidence))), 0)
	if err != nil {
		return err
	}
	path := strings.TrimPrefix(res.Header.Get("Location"), public)
	for at := int64(0); at < s.Length; at += s.Chunk {
		if _, err := s.request("PATCH", path, fmt.Sprintf("Upload-Offset: %d\r\nContent-Type: application/offset+octet-stream\r\n", at),
			min(s.Chunk, s.Length-at)); err != nil {
			return err
		}
	}
	return nil
}

// request makes one request and reads its answer.
func (s *sender) request(method, path, more string, length int64) (*http.Response, error) {
	_, err := fmt.Fprintf(s.conn, "%s %s HTTP/1.1\r\nHost: %s\r\nTus-Resumable: 1.0.0\r\nAuthorization: DPoP %s\r\nDPoP: %s\r\n"+
		"X-Forwarded-For: 10.0.%d.%d\r\nContent-Length: %d\r\n%s\r\n", method, path, s.Address, s.Access, s.proof(method, path),
		s.N/250, s.N%250+1, length, more)
	for sent := int64(0); err == nil && sent < length; {
		if _, err = s.file.Seek(0, io.SeekStart); err == nil {
			var n int64
			n, err = s.conn.ReadFrom(io.LimitReader(s.file, min(kept, length-sent)))
			sent += n
		}
	}
	if err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(s.reply, nil)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s %s", method, path, res.Status, text)
	}
	return res, err
}
