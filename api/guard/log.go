package guard

import (
	"context"
	"log/slog"
)

// Named wraps a log handler so that every line that is written for a request carries the request's id, whoever writes it: the
// context of a request knows its id. Wrapping twice is wrapping once.
func Named(h slog.Handler) slog.Handler {
	if already, ok := h.(named); ok {
		return already
	}
	return named{h}
}

type named struct{ slog.Handler }

// Handle implements slog.Handler.
func (n named) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(idLocal).(string); ok {
		r = r.Clone()
		r.AddAttrs(slog.String("request", id))
	}
	return n.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (n named) WithAttrs(attrs []slog.Attr) slog.Handler { return named{n.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (n named) WithGroup(name string) slog.Handler { return named{n.Handler.WithGroup(name)} }
