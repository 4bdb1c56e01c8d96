package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/seed"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// hand is a handheld in somebody's hand, with the network between it and the server.
type hand struct {
	*client.Device
	who  seed.Person
	unit string
	dir  string
	net  *network
}

// newHand makes a new handheld: its own key, its own local file.
func (d *day) newHand(ctx context.Context, who seed.Person) (*hand, error) {
	h := &hand{who: who, unit: who.Unit, dir: filepath.Join(d.handhelds, who.Account), net: &network{base: d.transport}}
	var err error
	h.Device, err = client.Open(ctx, client.Config{Dir: h.dir, BaseURL: d.server.URL(), HTTP: h.net, Chunk: firstPiece, AppVersion: "demo " + server.Version()})
	if err != nil {
		return nil, fmt.Errorf("handheld of %s: %w", who.Account, err)
	}
	d.hands = append(d.hands, h)
	return h, nil
}

// start enrols the handheld by a code, signs its person in and pulls everything.
func (h *hand) start(ctx context.Context, code, password string) error {
	if err := h.Enrol(ctx, code, "FW-DEMO "+h.who.Account); err != nil {
		return fmt.Errorf("enrol %s: %w", h.who.Account, err)
	}
	if err := h.SignIn(ctx, h.who.Account, password); err != nil {
		return fmt.Errorf("sign in %s: %w", h.who.Account, err)
	}
	return h.Sync(ctx)
}

// keep lays a file on the handheld, as its camera would.
func (h *hand) keep(name string, body []byte) (path string, err error) {
	dir := filepath.Join(h.dir, "camera")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	return path, os.WriteFile(path, body, 0o600)
}

// object asks the server for a JSON object, over HTTP.
func (h *hand) object(ctx context.Context, method, path string, query url.Values, in any) (record.Object, error) {
	reply, err := h.Call(ctx, method, path, query, nil, in)
	if err != nil {
		return nil, err
	}
	return wire.Object(reply.Body)
}

// record reads a record from the server, over HTTP.
func (h *hand) record(ctx context.Context, collection, id string) (version uint64, body record.Object, err error) {
	reply, err := h.object(ctx, http.MethodGet, "/v1/records/"+collection+"/"+id, nil, nil)
	if err != nil {
		return 0, nil, err
	}
	n, _ := reply["version"].(float64)
	body, ok := reply["body"].(record.Object)
	if !ok {
		return 0, nil, errors.New("the reply has no body")
	}
	return uint64(n), body, nil
}

// standing asks what a certificate is worth now.
func (h *hand) standing(ctx context.Context, number string) (string, error) {
	reply, err := h.object(ctx, http.MethodGet, "/v1/certificates/"+number+"/check", nil, nil)
	if err != nil {
		return "", err
	}
	standing, _ := reply["standing"].(string)
	return standingText(people.Standing(standing)), nil
}

func standingText(s people.Standing) string { return fmt.Sprintf("%s %s", s.Zh(), s) }

// sum counts records and sums up what they say, so that two sides can be compared.
type sum struct{ lines []string }

func (s *sum) add(collection, id string, version uint64, body []byte) {
	s.lines = append(s.lines, fmt.Sprintf("%s/%s %d %x", collection, id, version, sha256.Sum256(body)))
}

func (s *sum) text() string {
	slices.Sort(s.lines)
	digest := sha256.Sum256([]byte(strings.Join(s.lines, "\n")))
	return fmt.Sprintf("%d 条 records, %s", len(s.lines), short(hex.EncodeToString(digest[:])))
}

// seen sums up the records of a feed as the handheld shows them.
func (h *hand) seen(ctx context.Context, feed string) (string, error) {
	var s sum
	for _, collection := range pulled {
		all, err := h.List(ctx, collection)
		if err != nil {
			return "", err
		}
		for _, r := range all {
			if r.Feed != feed && r.Feed != "" {
				continue
			}
			text, err := wire.Canonical(r.Body)
			if err != nil {
				return "", err
			}
			s.add(collection, r.ID, r.Version, text)
		}
	}
	return s.text(), nil
}

// pulled are the collections that a handheld of a street gets.
var pulled = []string{"units", "officers", "certificates", "items", "calendars", "checklists", "templates", "subjects", "tasks",
	"inspections", "documents", "evidence", "custody", "holds", "disposals", "findings", "conflicts", "deadletters", "blocks"}

// feedOnServer sums up a feed as the server gives it out whole, over HTTP.
func (h *hand) feedOnServer(ctx context.Context, feed string) (string, error) {
	reply, err := h.Call(ctx, http.MethodGet, "/v1/sync/snapshot/"+feed, nil, nil, nil)
	if err != nil {
		return "", err
	}
	var s sum
	whole := false
	for line := range strings.Lines(string(reply.Body)) {
		var l wire.SnapshotLine
		if err := wire.Decode([]byte(strings.TrimSpace(line)), &l); err != nil {
			return "", err
		}
		if l.End != nil {
			whole = l.End.Count == uint64(len(s.lines))
		}
		if l.Body == nil {
			continue // the end, or the seal of a chunk
		}
		text, err := wire.Canonicalize(l.Body.Clone())
		if err != nil {
			return "", err
		}
		s.add(l.Collection, l.ID, l.Version, text)
	}
	if !whole {
		return "", errors.New("the snapshot is cut")
	}
	return s.text(), nil
}
