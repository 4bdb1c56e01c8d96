package api

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/common/expfmt"

	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Health says that the process runs, or what keeps it from serving.
type Health struct {
	Status string `json:"status"`
}

// Clock is the server's time.
type Clock struct {
	Now time.Time `json:"now"`
}

// Capabilities is what a client may expect of this server.
type Capabilities struct {
	District    string         `json:"district"`
	Limits      Capacity       `json:"limits"`
	Tus         Tus            `json:"tus"`
	Collections map[string]int `json:"collections" doc:"schema version of each collection"`
	Oldest      map[string]int `json:"oldest" doc:"the oldest schema version of each collection that is still spoken"`
	Derivatives Making         `json:"derivatives"`
}

// Making is whether other files are made of recordings, and if not, why.
type Making struct {
	Available bool   `json:"available"`
	Reason    string `json:"reason,omitempty" doc:"off, program_missing or sandbox_refused"`
	Zh        string `json:"zh,omitempty"`
	En        string `json:"en,omitempty"`
}

// Capacity is how much one request may ask.
type Capacity struct {
	PushOps      int   `json:"pushOps"`
	PushOctets   int64 `json:"pushOctets"`
	PullPage     int   `json:"pullPage"`
	UploadOctets int64 `json:"uploadOctets"`
}

// Tus is what of tus is spoken.
type Tus struct {
	Version    string   `json:"version"`
	Extensions []string `json:"extensions"`
	Checksums  []string `json:"checksums"`
}

func (s *server) healthy(r *request) error { return r.reply(http.StatusOK, Health{"ok"}) }

// ready reports whether requests can be served now: a proxy sends none while they cannot.
func (s *server) ready(r *request) error {
	if s.Base.Err() != nil {
		return fault.New(fault.TemporarilyDown)
	}
	if err := s.Ready(r.ctx); err != nil {
		return fault.New(fault.TemporarilyDown).Because(err)
	}
	return r.reply(http.StatusOK, Health{"ok"})
}

func (s *server) time(r *request) error { return r.reply(http.StatusOK, Clock{wire.Moment(s.Now())}) }

func (s *server) capabilities(r *request) error {
	schemas, oldest := make(map[string]int, len(s.Catalogue)), make(map[string]int, len(s.Catalogue))
	for name, c := range s.Catalogue {
		schemas[name], oldest[name] = c.Schema, c.Oldest()
	}
	return r.reply(http.StatusOK, Capabilities{District: s.District, Collections: schemas, Oldest: oldest, Derivatives: s.making(),
		Limits: Capacity{PushOps: push.MaxOps, PushOctets: pushLimit, PullPage: pull.MaxLimit, UploadOctets: evidence.MaxLength},
		Tus:    Tus{Version: tusOne, Extensions: strings.Split(tusExtensions, ","), Checksums: upload.ChecksumAlgorithms}})
}

// making tells whether derivatives are made.
func (s *server) making() Making {
	if s.Derive.Maker != nil {
		return Making{Available: true}
	}
	return Making{Reason: s.Derive.Lacks.Code, Zh: s.Derive.Lacks.Zh, En: s.Derive.Lacks.En}
}

// keys shows the public keys of tokens and receipts. They are kept by clients for a minute at most: rotation must be seen soon.
func (s *server) keys(r *request) error {
	set, err := token.Published(r.ctx, s.Keys)
	if err != nil {
		return err
	}
	r.Set(fiber.HeaderCacheControl, "public, max-age=60")
	return r.reply(http.StatusOK, set)
}

// metrics writes what is counted, in Prometheus' text format.
func (s *server) metrics(r *request) error {
	families, err := s.Metrics.Gather()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&out, f); err != nil {
			return err
		}
	}
	r.Set(fiber.HeaderContentType, mimeMetrics)
	return r.Send(out.Bytes())
}

const (
	mimeMetrics = "text/plain; version=0.0.4; charset=utf-8"
	mimePage    = "text/html"
)

// interfaceDocument gives the OpenAPI document.
func (s *server) interfaceDocument(r *request) error {
	r.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	r.Set(fiber.HeaderCacheControl, "public, max-age=300")
	return r.Send(s.openapi)
}
