package demo

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// heard counts what a server was told, and keeps the last body.
type heard struct {
	requests atomic.Int64
	body     chan []byte
}

func listen(t *testing.T) (*heard, *network, string) {
	t.Helper()
	h := &heard{body: make(chan []byte, 8)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.requests.Add(1)
		h.body <- body
		io.WriteString(w, "reply")
	}))
	t.Cleanup(s.Close)
	return h, &network{base: &http.Transport{}}, s.URL
}

func post(n *network, url string, body []byte) (string, error) {
	res, err := (&http.Client{Transport: n}).Post(url, "text/plain", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

func TestALostReplyReachesTheServerOnce(t *testing.T) {
	h, n, url := listen(t)
	n.arm(mishap{method: "POST", path: "/v1/sync/push", loseReply: true})
	if _, err := post(n, url+"/v1/sync/push", []byte("x")); !errors.Is(err, errLost) || h.requests.Load() != 1 {
		t.Errorf("%v after %d requests", err, h.requests.Load())
	}
	if reply, err := post(n, url+"/v1/sync/push", []byte("x")); reply != "reply" || err != nil {
		t.Errorf("the second time: %q, %v", reply, err)
	}
	past := n.past("POST", "/v1/sync")
	if len(past) != 2 || past[0].Status != 0 || string(past[0].Reply) != "reply" || past[1].Status != 200 || string(past[1].Reply) != "reply" {
		t.Errorf("trips %+v", past)
	}
}

func TestACutBodyArrivesInPart(t *testing.T) {
	h, n, url := listen(t)
	n.arm(mishap{method: "POST", path: "/x", cutAfter: 100_000})
	if _, err := post(n, url+"/x", bytes.Repeat([]byte("x"), 300_000)); !errors.Is(err, errCut) {
		t.Errorf("error %v", err)
	}
	if got := <-h.body; len(got) == 0 || len(got) > 100_000 {
		t.Errorf("%d octets arrived", len(got))
	}
	if past := n.past("POST", "/x"); len(past) != 1 || past[0].Sent != 100_000 {
		t.Errorf("trips %+v", past)
	}
}

func TestNothingGetsThroughWithoutNetwork(t *testing.T) {
	h, n, url := listen(t)
	n.switchTo(false)
	if _, err := post(n, url, nil); !errors.Is(err, errNoNetwork) || h.requests.Load() != 0 {
		t.Errorf("%v after %d requests", err, h.requests.Load())
	}
	n.switchTo(true)
	if _, err := post(n, url, nil); err != nil {
		t.Error(err)
	}
}

func TestTheFirstOpOfAPushIsLost(t *testing.T) {
	h, n, url := listen(t)
	n.arm(mishap{method: "POST", path: "/v1/sync/push", skipFirst: true})
	text, err := wire.Canonical(wire.Push{Device: "d", Head: "h", Ops: []jsontext.Value{[]byte(`{"seq":1}`), []byte(`{"seq":2}`)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := post(n, url+"/v1/sync/push", text); err != nil {
		t.Fatal(err)
	}
	if got := string(<-h.body); strings.Contains(got, `"seq":1`) || !strings.Contains(got, `"seq":2`) || !strings.Contains(got, `"head":"h"`) {
		t.Errorf("the server got %s", got)
	}
}
