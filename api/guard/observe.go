package guard

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// Observer stands outermost: it names each request, keeps a panic from ending the process, has errors rendered, closes what must be
// closed, and leaves one line in the log and one count in the metrics.
type Observer struct {
	Log    *slog.Logger
	NewID  func() string
	HTTPS  bool                    // the public address is https
	Render func(*fiber.Ctx, error) // writes the problem document of an error, and logs defects of ours

	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	running  prometheus.Gauge
}

// Register declares the metrics.
func (o *Observer) Register(r prometheus.Registerer) error {
	o.requests = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fieldwarden_http_requests_total",
		Help: "Requests answered, by route pattern."}, []string{"method", "route", "status"})
	o.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "fieldwarden_http_request_seconds",
		Help:    "Time until the answer began, by route pattern.",
		Buckets: []float64{.001, .005, .025, .1, .25, 1, 5, 30}}, []string{"method", "route"})
	o.running = prometheus.NewGauge(prometheus.GaugeOpts{Name: "fieldwarden_http_requests_running",
		Help: "Requests whose handler runs now."})
	return errors.Join(r.Register(o.requests), r.Register(o.duration), r.Register(o.running))
}

// Handle is the guard itself, for the root of the app.
func (o *Observer) Handle(c *fiber.Ctx) error {
	began := time.Now()
	o.running.Inc()
	defer o.running.Dec()
	ID(c, o.NewID)
	Secure(c, o.HTTPS)
	if err := protect(c); err != nil {
		o.Render(c, err)
	}
	settle(c)
	o.Note(c, time.Since(began))
	return nil
}

// protect runs the rest of the chain and turns a panic into an error that carries the place.
func protect(c *fiber.Ctx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.Next()
}

// Note leaves the line in the log and the count in the metrics. It is for requests that never reach Handle, too: those that
// cannot be parsed.
func (o *Observer) Note(c *fiber.Ctx, took time.Duration) {
	method, route, status := label(c.Method()), PatternOf(c), c.Response().StatusCode()
	o.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	o.duration.WithLabelValues(method, route).Observe(took.Seconds())
	attrs := []slog.Attr{slog.String("method", method), slog.String("route", route), slog.Int("status", status), slog.Duration("took", took)}
	if who, ok := c.Locals(subjectLocal).([2]string); ok {
		attrs = append(attrs, slog.String("device", who[0]), slog.String("officer", who[1]))
	}
	if b := BodyOf(c); b != nil && b.read > 0 {
		attrs = append(attrs, slog.Int64("in", b.read))
	}
	o.Log.LogAttrs(c.Context(), slog.LevelInfo, "request", attrs...)
}

// label keeps methods of a client's invention out of the log and the metrics.
func label(method string) string {
	if slices.Contains(fiber.DefaultMethods, method) {
		return method
	}
	return "other"
}
