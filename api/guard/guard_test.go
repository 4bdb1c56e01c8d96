package guard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// line is a connection that only remembers its read deadlines.
type line struct {
	net.Conn
	deadlines []time.Time
}

func (l *line) SetReadDeadline(t time.Time) error {
	l.deadlines = append(l.deadlines, t)
	return nil
}

// slow gives one byte at each read.
type slow struct {
	left int
	end  error
}

func (s *slow) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, s.end
	}
	s.left--
	p[0] = 'x'
	return 1, nil
}

func TestTheReadDeadlineRolls(t *testing.T) {
	l := &line{}
	b := &Body{src: &slow{left: 5, end: io.EOF}, declared: 5, conn: l}
	began := time.Now()
	if text, err := io.ReadAll(b); err != nil || len(text) != 5 {
		t.Fatalf("%q, %v", text, err)
	}
	if len(l.deadlines) != 5 {
		t.Fatalf("%d deadlines for 5 reads", len(l.deadlines))
	}
	for i, d := range l.deadlines {
		if d.Before(began.Add(Idle)) || i > 0 && d.Before(l.deadlines[i-1]) {
			t.Errorf("deadline %d is %v after the beginning", i, d.Sub(began))
		}
	}
}

func TestTheReadDeadlineEndsWithTheRequests(t *testing.T) {
	l := &line{}
	until := time.Now().Add(time.Second)
	b := &Body{src: &slow{left: 2, end: io.EOF}, declared: 2, conn: l, until: until}
	if _, err := io.ReadAll(b); err != nil {
		t.Fatal(err)
	}
	for _, d := range l.deadlines {
		if !d.Equal(until) {
			t.Errorf("a read may wait until %v, the request ends at %v", d, until)
		}
	}
}

func TestABodyTellsHowItEnded(t *testing.T) {
	for name, c := range map[string]struct {
		end  error
		code fault.Code
	}{
		"end of the stream": {io.EOF, fault.BodyCut},
		"half a chunk":      {io.ErrUnexpectedEOF, fault.BodyCut},
		"reset":             {errors.New("connection reset by peer"), fault.BodyCut},
		"silence":           {fmt.Errorf("read tcp: %w", os.ErrDeadlineExceeded), fault.RequestTimeout},
	} {
		b := &Body{src: &slow{left: 3, end: c.end}, declared: 5, conn: &line{}}
		text, err := io.ReadAll(b)
		if len(text) != 3 || !errors.Is(err, fault.New(c.code)) {
			t.Errorf("%s: %q, %v, want %s", name, text, err, c.code)
		}
		if _, again := b.Read(make([]byte, 1)); again == nil || again == io.EOF {
			t.Errorf("%s: read again: %v", name, again)
		}
	}
}

func TestAnInterruptEndsTheReadThatWaits(t *testing.T) {
	server, client := net.Pipe()
	defer client.Close()
	b := &Body{src: server, declared: 5, conn: server}
	ended := make(chan error)
	go func() {
		_, err := io.ReadAll(b)
		ended <- err
	}()
	if _, err := client.Write([]byte("ab")); err != nil {
		t.Fatal(err)
	}
	b.Interrupt()
	if err := <-ended; !errors.Is(err, fault.New(fault.BodyCut)) {
		t.Errorf("%v", err)
	}
	b.release()
	b.Interrupt() // must not touch a connection that has gone on
	if _, err := b.Read(make([]byte, 1)); err == nil {
		t.Error("an interrupted body can be read")
	}
}

func TestLimiter(t *testing.T) {
	now := time.Unix(1000, 0)
	l := NewLimiter(Rate{PerSecond: 2, Burst: 3}, 100, func() time.Time { return now })
	for i := range 3 {
		if _, ok := l.Take("a"); !ok {
			t.Fatalf("request %d of a burst of 3 is refused", i)
		}
	}
	wait, ok := l.Take("a")
	if ok || wait != 500*time.Millisecond {
		t.Errorf("the fourth: %v, %v", wait, ok)
	}
	if _, ok := l.Take("b"); !ok {
		t.Error("another key pays for the first")
	}
	now = now.Add(500 * time.Millisecond)
	if _, ok := l.Take("a"); !ok {
		t.Error("refused after the wait that was told")
	}
	now = now.Add(time.Hour)
	for i := range 3 {
		if _, ok := l.Take("a"); !ok {
			t.Errorf("request %d after an hour is refused", i)
		}
	}
	if _, ok := l.Take("a"); ok {
		t.Error("an hour of silence gave more than the burst")
	}
	now = now.Add(-time.Hour) // the clock is set back
	if _, ok := l.Take("a"); ok {
		t.Error("a clock that is set back gives tokens")
	}
}

func TestTheLimitersMemoryIsBounded(t *testing.T) {
	now := time.Unix(1000, 0)
	l := NewLimiter(Rate{PerSecond: 0.001, Burst: 1}, 100, func() time.Time { return now })
	for i := range 10_000 {
		l.Take(fmt.Sprint("key ", i))
		l.Take("steady") // in use all the time: never forgotten
		if n := l.Keys(); n > 101 {
			t.Fatalf("%d keys are remembered", n)
		}
	}
	if _, ok := l.Take("steady"); ok {
		t.Error("a key in use was forgotten")
	}
}

// asked makes a request as Fiber would see it from a peer.
func asked(t *testing.T, peer string, headers map[string]string) *fiber.Ctx {
	t.Helper()
	app := fiber.New(fiber.Config{Immutable: true})
	rc := &fasthttp.RequestCtx{}
	rc.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.ParseIP(peer), Port: 4711}, nil)
	for name, value := range headers {
		rc.Request.Header.Set(name, value)
	}
	c := app.AcquireCtx(rc)
	t.Cleanup(func() { app.ReleaseCtx(c) })
	return c
}

func TestAddress(t *testing.T) {
	for _, c := range []struct{ peer, forwarded, trusted, want string }{
		{"192.0.2.1", "", "", "192.0.2.1"},
		{"192.0.2.1", "203.0.113.9", "", "192.0.2.1"},
		{"192.0.2.1", "203.0.113.9", "192.0.2.99", "192.0.2.1"},
		{"192.0.2.1", "203.0.113.9", "192.0.2.1", "203.0.113.9"},
		{"192.0.2.1", "1.1.1.1, 203.0.113.9", "192.0.2.1", "203.0.113.9"},
		{"192.0.2.1", "1.1.1.1,203.0.113.9, nonsense", "192.0.2.1", "192.0.2.1"},
		{"192.0.2.1", "", "192.0.2.1", "192.0.2.1"},
		{"192.0.2.1", "::ffff:203.0.113.9", "192.0.2.1", "203.0.113.9"},
		{"2001:db8::1", "", "", "2001:db8::1"},
	} {
		ctx := asked(t, c.peer, map[string]string{"X-Forwarded-For": c.forwarded})
		if got := Address(ctx, c.trusted); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}

func TestDeadlineComesFromTheBase(t *testing.T) {
	base, stop := context.WithCancel(context.Background())
	defer stop()
	ctx, cancel := within(base, time.Hour)
	defer cancel()
	if d, ok := ctx.Deadline(); !ok || time.Until(d) > time.Hour {
		t.Errorf("%v, %v", d, ok)
	}
	free, cancel2 := within(base, 0)
	defer cancel2()
	if _, ok := free.Deadline(); ok {
		t.Error("a route without a deadline has one")
	}
	stop()
	if ctx.Err() == nil || free.Err() == nil {
		t.Error("a request outlives the base")
	}
}

func TestAListenersConnectionsCloseAsTheyMust(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Listener(inner)
	defer l.Close()
	client, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	accepted.(*conn).linger.Store(true)
	sent := make(chan error)
	go func() {
		_, err := client.Write(bytes.Repeat([]byte("x"), 8<<20)) // more than the sockets hold
		sent <- errors.Join(err, client.(*net.TCPConn).CloseWrite())
	}()
	if _, err := accepted.Write([]byte("why")); err != nil {
		t.Fatal(err)
	}
	if err := accepted.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Errorf("the client was cut while it sent: %v", err)
	}
	if text, err := io.ReadAll(client); err != nil || string(text) != "why" {
		t.Errorf("the client read %q, %v", text, err)
	}
}

func TestIds(t *testing.T) {
	for id, want := range map[string]bool{"12345678": true, "a-b_c.D-9": true, "1234567": false, "white space": false, "semi;colon": false, "": false,
		string(bytes.Repeat([]byte("a"), 64)): true, string(bytes.Repeat([]byte("a"), 65)): false} {
		c := asked(t, "192.0.2.1", map[string]string{RequestIDHeader: id})
		got := ID(c, func() string { return "made" })
		if (got == id) != want || !want && got != "made" {
			t.Errorf("%q: %q", id, got)
		}
		if again := ID(c, func() string { return "other" }); again != got {
			t.Errorf("%q: named twice, %q and %q", id, got, again)
		}
	}
}
