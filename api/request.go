package api

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// request is one request as handlers see it.
type request struct {
	*fiber.Ctx
	ctx    context.Context // ends with the route's deadline, and when the server stops; never fasthttp's
	caller people.Caller   // of routes behind a right
}

// decode reads the body, strictly. Bodies are objects; null, which would decode into an empty one, is none.
func (r *request) decode(out any) error {
	text := guard.TextOf(r.Ctx)
	if object := bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")); !object {
		return fault.New(fault.Malformed).Detail("应为 JSON 对象", "want a JSON object")
	}
	if err := wire.Decode(text, out); err != nil {
		return malformed(err)
	}
	return nil
}

// malformed says where and why a body cannot be read.
func malformed(err error) error {
	why := fault.New(fault.Malformed).At(wire.Where(err))
	if zh, en := wire.Why(err); zh != "" {
		why = why.Detail(zh, en)
	}
	return why.Because(err)
}

// reply writes a JSON answer.
func (r *request) reply(status int, body any) error {
	r.Status(status)
	r.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return wire.Write(r.Ctx, body)
}

// id is a path parameter that names a record, a device or the like. What cannot be one is not there.
func (r *request) id(name string) (string, error) {
	id := r.Params(name)
	if !record.IsID(id) {
		return "", fault.New(fault.NotFound)
	}
	return id, nil
}

// text is a path parameter, decoded.
func (r *request) text(name string) (string, error) {
	text, err := url.PathUnescape(r.Params(name))
	if err != nil || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0xFFFD }) {
		return "", fault.New(fault.NotFound)
	}
	return text, nil
}

// moment is a query parameter that is a time; absent is the given one.
func (r *request) moment(name string, otherwise time.Time) (time.Time, error) {
	text := r.Query(name)
	if text == "" {
		return otherwise, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fault.New(fault.FieldInvalid).At(name).Detail("应为 RFC 3339 时间", "want a time by RFC 3339")
	}
	return t.UTC(), nil
}

// seconds reads a length of time that is given in whole seconds.
func seconds(name string, n int64) (time.Duration, error) {
	if n < 0 || n > int64(365*24*time.Hour/time.Second) {
		return 0, fault.New(fault.FieldInvalid).At(name)
	}
	return time.Duration(n) * time.Second, nil
}
