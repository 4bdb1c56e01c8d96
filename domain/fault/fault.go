// Package fault is the one shape of an error that people and clients may see: a kind (which decides the HTTP status at
// the edge), a stable code (which clients branch on) and a text in Chinese first, then English, that says what is
// wrong and what to do.
//
// It must not know HTTP, SQL or JSON: the edge maps kinds to statuses, storage maps its own errors to faults.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what class of thing went wrong. The order is fixed: kinds are logged by name and counted in metrics.
type Kind int

// The kinds. Unknown is the zero value and means a defect of ours: it never describes bad input.
const (
	Unknown          Kind = iota // our defect: 500
	Invalid                      // the request cannot be understood or breaks a rule of form: 400 / 422
	Unauthenticated              // no valid proof of who asks: 401
	Forbidden                    // known caller, not allowed: 403
	Absent                       // not there, or not for the caller's eyes; both answer alike: 404
	Conflict                     // the state of the server contradicts the request: 409
	Gone                         // was there, is no longer; start anew: 410
	Precondition                 // If-Match or a tus precondition failed: 412
	TooLarge                     // body over the route's limit: 413
	Unsupported                  // media type or encoding not taken here: 415
	RangeUnsatisfied             // 416
	Checksum                     // tus: 460 checksum mismatch
	TooMany                      // rate limit: 429
	Unavailable                  // a dependency is down or busy; try again: 503
	OutOfSpace                   // no room to store what was sent: 507
)

// Error is a fault with its registered code. Compare with errors.Is against another *Error: equal codes match.
type Error struct {
	Kind  Kind
	Code  Code
	Zh    string // 中文说明
	En    string
	Field string // path of the offending field, "" where the whole is meant
	Cause error  // for the log only; never shown to a client

	RetryAfter time.Duration // how long to wait before asking again; zero where waiting does not help or nobody knows
}

// New builds the fault of a registered code. Texts come from the registry; see [Error.At] and [Error.Because].
func New(code Code) *Error {
	entry, ok := registry[code]
	if !ok {
		return &Error{Kind: Unknown, Code: code, Zh: "系统内部错误", En: "internal error"}
	}
	return &Error{Kind: entry.Kind, Code: code, Zh: entry.Zh, En: entry.En}
}

// At returns a copy that names the offending field.
func (e *Error) At(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// After returns a copy that says how long to wait before asking again.
func (e *Error) After(wait time.Duration) *Error {
	c := *e
	c.RetryAfter = wait
	return &c
}

// Because returns a copy that carries the cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Detail returns a copy with a more precise text appended in both languages.
func (e *Error) Detail(zh, en string) *Error {
	c := *e
	c.Zh = e.Zh + "：" + zh
	c.En = e.En + ": " + en
	return &c
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s / %s", e.Code, e.Zh, e.En)
	if e.Field != "" {
		s += " [" + e.Field + "]"
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the cause, so errors.Is sees context.Canceled and the like.
func (e *Error) Unwrap() error { return e.Cause }

// Is matches faults by code.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// Of finds the fault in an error chain. An error without one is a defect of ours: kind Unknown, code internal.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(Internal).Because(err)
}
