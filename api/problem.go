package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Problem is what a client gets instead of an answer (RFC 9457). Title is what the registry says of the code, detail what is
// to be said of this case; both in Chinese, with English beside it.
type Problem struct {
	Type     string     `json:"type" format:"uri" doc:"the code's page"`
	Title    string     `json:"title"`
	TitleEn  string     `json:"titleEn"`
	Status   int        `json:"status"`
	Detail   string     `json:"detail"`
	DetailEn string     `json:"detailEn"`
	Code     fault.Code `json:"code" doc:"stable; branch on this"`
	Field    string     `json:"field,omitempty" doc:"which field or header is meant"`
	Instance string     `json:"instance" doc:"the request's id, as in the server's log"`
	Expected uint64     `json:"expected,omitzero" doc:"push.sequence_gap: the seq to push from"`
	Error    fault.Code `json:"error,omitempty" doc:"under /v1/rxdb: the code again; rxdb-server's client takes an answer without it for a page"`
}

// MIMEProblem is the media type of a problem document.
const MIMEProblem = "application/problem+json"

// statuses maps the kinds of faults to HTTP. It is the only place that does.
var statuses = map[fault.Kind]int{
	fault.Unknown:          http.StatusInternalServerError,
	fault.Invalid:          http.StatusBadRequest,
	fault.Unauthenticated:  http.StatusUnauthorized,
	fault.Forbidden:        http.StatusForbidden,
	fault.Absent:           http.StatusNotFound,
	fault.Conflict:         http.StatusConflict,
	fault.Gone:             http.StatusGone,
	fault.Precondition:     http.StatusPreconditionFailed,
	fault.TooLarge:         http.StatusRequestEntityTooLarge,
	fault.Unsupported:      http.StatusUnsupportedMediaType,
	fault.RangeUnsatisfied: http.StatusRequestedRangeNotSatisfiable,
	fault.Checksum:         460, // tus
	fault.TooMany:          http.StatusTooManyRequests,
	fault.Unavailable:      http.StatusServiceUnavailable,
	fault.OutOfSpace:       http.StatusInsufficientStorage,
}

// exact are the codes for which HTTP has a status more exact than the kind's.
var exact = map[fault.Code]int{
	fault.MethodNotAllowed: http.StatusMethodNotAllowed,
	fault.LengthRequired:   http.StatusLengthRequired,
	fault.RequestTimeout:   http.StatusRequestTimeout,
	fault.HeadersTooLarge:  http.StatusRequestHeaderFieldsTooLarge,
	fault.ClientOutdated:   http.StatusUpgradeRequired,
}

// statusOf is the HTTP status of a fault.
func statusOf(f *fault.Error) int {
	if status, ok := exact[f.Code]; ok {
		return status
	}
	if status, ok := statuses[f.Kind]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// routing maps what Fiber and fasthttp say before any handler runs. 502 is how they report a connection that broke while the
// head of a body was read.
var routing = map[int]fault.Code{
	http.StatusBadRequest:                  fault.Malformed,
	http.StatusNotFound:                    fault.NotFound,
	http.StatusMethodNotAllowed:            fault.MethodNotAllowed,
	http.StatusRequestTimeout:              fault.RequestTimeout,
	http.StatusRequestEntityTooLarge:       fault.BodyTooLarge,
	http.StatusRequestHeaderFieldsTooLarge: fault.HeadersTooLarge,
	http.StatusBadGateway:                  fault.BodyCut,
}

// faultOf finds the fault that an error amounts to. What nobody has foreseen is a defect of ours: code internal.
func faultOf(err error) *fault.Error {
	var known *fault.Error
	var fromFiber *fiber.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &fromFiber):
		if code, ok := routing[fromFiber.Code]; ok {
			return fault.New(code) // without its cause: that quotes the path, where people paste tokens
		}
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.DeadlineExceeded).Because(err)
	case errors.Is(err, context.Canceled):
		return fault.New(fault.TemporarilyDown).Because(err)
	}
	return fault.Of(err)
}

// fail writes the problem document of an error. Causes are for the log only.
func (s *server) fail(c *fiber.Ctx, err error) {
	f := faultOf(err)
	id := guard.ID(c, s.NewID)
	s.logFailure(c, f)
	about := fault.New(f.Code)
	p := Problem{Type: s.PublicURL + "/problems/" + string(f.Code), Title: about.Zh, TitleEn: about.En, Status: statusOf(f),
		Detail: f.Zh, DetailEn: f.En, Code: f.Code, Field: f.Field, Instance: id}
	var gap *push.Gap
	if errors.As(err, &gap) {
		p.Expected = gap.Expected
	}
	if strings.HasPrefix(guard.PatternOf(c), rxdbRoutes) {
		p.Error = f.Code
	}
	s.clean(c, p.Status)
	if wait := retryAfter(f, p.Status); wait > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
	}
	if s.wantsPage(c) {
		s.problemPage(c, p)
		return
	}
	c.Set(fiber.HeaderContentType, MIMEProblem)
	if err := wire.Write(c, p); err != nil {
		s.Log.ErrorContext(c.Context(), "problem document", "error", err)
	}
}

// clean takes back what a handler may have prepared for a success, and sets what clients need to try again.
func (s *server) clean(c *fiber.Ctx, status int) {
	c.Response().ResetBody()
	for _, name := range []string{fiber.HeaderETag, fiber.HeaderContentEncoding, fiber.HeaderContentDisposition, fiber.HeaderAcceptRanges} {
		c.Response().Header.Del(name)
	}
	c.Status(status)
	guard.Secure(c, s.https())
	if status == http.StatusUnauthorized {
		c.Set(fiber.HeaderWWWAuthenticate, `DPoP algs="ES256"`)
	}
}

// retryAfter is how long a client should wait before it asks again; zero where waiting does not help.
func retryAfter(f *fault.Error, status int) time.Duration {
	if f.RetryAfter > 0 {
		return f.RetryAfter
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		return time.Second
	}
	return 0
}

func (s *server) logFailure(c *fiber.Ctx, f *fault.Error) {
	switch f.Kind {
	case fault.Unknown:
		s.Log.ErrorContext(c.Context(), "defect", "route", guard.PatternOf(c), "error", f)
	case fault.Unavailable, fault.OutOfSpace:
		s.Log.WarnContext(c.Context(), "unavailable", "route", guard.PatternOf(c), "error", f)
	default:
		s.Log.DebugContext(c.Context(), "refused", "route", guard.PatternOf(c), "error", f)
	}
}
