package api_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// TestProblemsOfRxDBHaveTheMemberError: rxdb-server's client takes an answer without it for a page, whatever its status, and its pull
// never recovers from that.
func TestProblemsOfRxDBHaveTheMemberError(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{"/v1/rxdb/tasks/0/pull?id=forged&limit=10": "pull.cursor_invalid", "/v1/rxdb/tasks/0/pull?limit=0": "request.field_invalid",
		"/v1/rxdb/tasks/7/pull?limit=1": "request.not_found"} {
		var p struct{ Error, Code string }
		w.officer.send("GET", path, nil).into(&p)
		if p.Error == "" || p.Error != p.Code || p.Code != want {
			t.Errorf("%s: %+v, want %s", path, p, want)
		}
	}
	var p struct{ Error string }
	w.send("GET", "/v1/rxdb/tasks/0/pull", nil, nil).want(401).into(&p)
	if p.Error != "token.missing" {
		t.Errorf("at the door: %+v", p)
	}
	if elsewhere := w.officer.send("GET", "/v1/records/tasks/"+newID(), nil).want(404); strings.Contains(string(elsewhere.body), `"error"`) {
		t.Errorf("elsewhere: %s", elsewhere.body)
	}
}

// TestABadRowIsAnsweredAndNotRefused over HTTP, with what JavaScript may write and strict JSON may not hold.
func TestABadRowIsAnsweredAndNotRefused(t *testing.T) {
	w := newWorld(t)
	id := newID()
	rows := `[{"newDocumentState":{"id":"` + id + `","kind":"enterprise","name":"半个\ud83d","unit":"` + street + `","_deleted":false}},` +
		`{"newDocumentState":{"id":"nonsense","_deleted":false}},{"newDocumentState":{"id":"` + newID() + `","place":` + strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60) + `}}]`
	var back []map[string]any
	w.officer.send("POST", "/v1/rxdb/subjects/0/push", []byte(rows), "Content-Type", "application/json").want(200).into(&back)
	if len(back) != 2 || back[0]["_deleted"] != true || back[1]["_deleted"] != true {
		t.Errorf("came back %v", back)
	}
	var page struct{ Documents []map[string]any }
	w.officer.send("GET", "/v1/rxdb/subjects/0/pull?id=&lwt=0&limit=10", nil).want(200).into(&page)
	if len(page.Documents) != 1 || page.Documents[0]["name"] != "半个\ufffd" {
		t.Errorf("the page is %v", page.Documents)
	}
}

// TestAStreamOfRxDBTellsDocumentsOnly: its events are pages, never RESYNC, and it ends for who is signed out.
func TestAStreamOfRxDBTellsDocumentsOnly(t *testing.T) {
	w := newWorld(t)
	path := "/v1/rxdb/subjects/0/pullStream"
	req, err := http.NewRequest("GET", "http://"+w.address+path, nil)
	w.must(err)
	req.Header = w.officer.credentials("GET", path)
	res, err := client.Do(req)
	w.must(err)
	defer res.Body.Close()
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %d, %v", res.StatusCode, res.Header)
	}
	id := w.put("subjects", record.Object{"kind": "enterprise", "name": "新设", "unit": street})
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line == ":" {
			continue
		}
		if !strings.HasPrefix(line, `data: {"checkpoint":{"id":"`) || !strings.Contains(line, id) || strings.Contains(line, "RESYNC") {
			t.Fatalf("the stream says %s", line)
		}
		break
	}
	w.officer.send("DELETE", "/v1/sessions/current", nil).want(204)
	ended := make(chan struct{})
	go func() {
		for lines.Scan() {
		}
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Error("the stream goes on for who has signed out")
	}
}

// TestAStreamTooManyEndsTheOldest: what one device can make the server hold is bounded, and whoever connected last is heard.
func TestAStreamTooManyEndsTheOldest(t *testing.T) {
	w := newWorld(t)
	path := "/v1/rxdb/subjects/0/pullStream"
	var streams []*bufio.Reader
	listen := func() *bufio.Reader {
		req, err := http.NewRequest("GET", "http://"+w.address+path, nil)
		w.must(err)
		req.Header = w.officer.credentials("GET", path)
		res, err := client.Do(req)
		w.must(err)
		t.Cleanup(func() { res.Body.Close() })
		if res.StatusCode != 200 {
			t.Fatalf("status %d", res.StatusCode)
		}
		return bufio.NewReader(res.Body)
	}
	for range 5 {
		streams = append(streams, listen())
	}
	if rest, err := io.ReadAll(streams[0]); err != nil || strings.Contains(string(rest), "data:") {
		t.Errorf("the oldest ends with %v, having said %q", err, rest)
	}
	id := w.put("subjects", record.Object{"kind": "enterprise", "name": "新设", "unit": street})
	for i, stream := range streams[1:] {
		for {
			line, err := stream.ReadString('\n')
			if err != nil {
				t.Fatalf("stream %d: %v", i+2, err)
			}
			if strings.Contains(line, id) {
				break
			}
		}
	}
}
