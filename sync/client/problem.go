package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Problem is what the server said instead of doing what it was asked (RFC 9457). It unwraps to its fault, so callers branch
// by errors.Is(err, fault.New(fault.EpochChanged)).
type Problem struct {
	Status   int
	Fault    *fault.Error
	Expected uint64 // of push.sequence_gap: the seq to push from
	Request  string // the request's id, for whoever reads the server's log
	retry    time.Duration
}

func (p *Problem) Error() string {
	return fmt.Sprintf("%s (HTTP %d, request %s)", p.Fault, p.Status, p.Request)
}

// Unwrap gives the fault.
func (p *Problem) Unwrap() error { return p.Fault }

// problemOf reads an error reply. A reply that is no problem document (a proxy's page, say) still has its status.
func problemOf(res response) *Problem {
	var doc struct {
		Code     fault.Code `json:"code"`
		Title    string     `json:"title"`
		TitleEn  string     `json:"titleEn"`
		Detail   string     `json:"detail"`
		DetailEn string     `json:"detailEn"`
		Field    string     `json:"field"`
		Instance string     `json:"instance"`
		Expected uint64     `json:"expected"`
	}
	p := &Problem{Status: res.status, Request: res.header.Get("X-Request-Id")}
	if seconds, err := strconv.Atoi(res.header.Get("Retry-After")); err == nil && seconds > 0 {
		p.retry = min(time.Duration(seconds)*time.Second, maxWait)
	}
	if err := decode(res.body, &doc); err != nil || doc.Code == "" {
		p.Fault = fault.New(fault.Unexpected).Detail(http.StatusText(res.status), http.StatusText(res.status))
		return p
	}
	p.Expected = doc.Expected
	p.Fault = fault.New(doc.Code).At(doc.Field) // a code newer than this program has the kind Unknown, and its own texts
	p.Fault.Zh, p.Fault.En = first(doc.Detail, doc.Title, p.Fault.Zh), first(doc.DetailEn, doc.TitleEn, p.Fault.En)
	if p.Request == "" {
		p.Request = doc.Instance
	}
	return p
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// is reports whether an error is a fault of one of the codes.
func is(err error, codes ...fault.Code) bool {
	var f *fault.Error
	if !errors.As(err, &f) {
		return false
	}
	for _, code := range codes {
		if f.Code == code {
			return true
		}
	}
	return false
}

// transient reports whether the same request may do better a little later.
func transient(ctx context.Context, err error) bool {
	var p *Problem
	switch {
	case ctx.Err() != nil:
		return false
	case errors.As(err, &p):
		return p.Status == http.StatusTooManyRequests || p.Status == http.StatusRequestTimeout ||
			p.Status >= 500 && p.Status != http.StatusNotImplemented && p.Status != http.StatusInsufficientStorage
	default:
		return is(err, fault.Unreachable)
	}
}
