package api

import (
	"net/http"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Report is what a device tells of itself.
type Report struct {
	Unsent       *int       `json:"unsent" doc:"ops in the queue"`
	OldestUnsent *time.Time `json:"oldestUnsent,omitempty" doc:"when the oldest of them was made"`
	AppVersion   string     `json:"appVersion,omitempty"`
}

// DeviceHealth is how a device is, as far as it and the server know. What is absent is unknown.
type DeviceHealth struct {
	ContactAt    *time.Time   `json:"contactAt,omitempty" doc:"last pull or push, to the minute"`
	ReportedAt   *time.Time   `json:"reportedAt,omitempty"`
	Unsent       *int         `json:"unsent,omitempty" doc:"as the device last told"`
	OldestUnsent *time.Time   `json:"oldestUnsent,omitempty"`
	AppVersion   string       `json:"appVersion,omitempty"`
	LastSeq      uint64       `json:"lastSeq"`
	Rejected     int          `json:"rejected" doc:"ops"`
	Held         int          `json:"held" doc:"ops"`
	Missing      MissingBytes `json:"missing" doc:"recordings announced by this device that the server does not hold"`
	Skew         *Skew        `json:"skew,omitempty" doc:"absent when no recent op has an anchor"`
}

// MissingBytes is what was announced and has not come.
type MissingBytes struct {
	Recordings int        `json:"recordings"`
	Octets     int64      `json:"octets"`
	Oldest     *time.Time `json:"oldest,omitempty" doc:"when the oldest was announced"`
}

// Skew is how far a device's wall clock is off, in milliseconds, ahead when positive.
type Skew struct {
	LatestMs int64 `json:"latestMs"`
	MedianMs int64 `json:"medianMs"`
	MaxMs    int64 `json:"maxMs" doc:"the one furthest from zero"`
	Ops      int   `json:"ops" doc:"of how many"`
	Skewed   bool  `json:"skewed" doc:"the median is beyond the configured boundary; never a reason to refuse"`
}

const (
	skewOps       = 50              // of which the skew of a device is told
	usualSkew     = 2 * time.Minute // from which it is called skewed, unless configured
	contactsEvery = time.Minute     // how exactly the last contact is kept
	maxVersion    = 100             // octets of an app's version
)

var healthRoutes = []Route{
	{Method: "POST", Path: "/v1/devices/current/report", Name: "reportHealth", Zh: "设备自报同步状况", En: "what the device tells of its queue",
		Access: signedIn, Right: "sync.pull", Body: jsonBody, Limit: smallLimit, Within: soon,
		In: Report{}, Status: http.StatusNoContent, Serve: (*server).reportHealth},
}

func (s *server) reportHealth(r *request) error {
	var in Report
	if err := r.decode(&in); err != nil {
		return err
	}
	if in.Unsent == nil {
		return fault.New(fault.FieldInvalid).At("unsent")
	}
	report := people.Report{Unsent: *in.Unsent, AppVersion: in.AppVersion}
	if in.OldestUnsent != nil {
		report.OldestUnsent = in.OldestUnsent.UTC().Truncate(time.Microsecond)
	}
	switch year := report.OldestUnsent.Year(); {
	case report.Unsent < 0 || report.Unsent > 1<<31:
		return fault.New(fault.FieldInvalid).At("unsent")
	case in.OldestUnsent != nil && (report.Unsent == 0 || year < 2000 || year > 2200):
		return fault.New(fault.FieldInvalid).At("oldestUnsent")
	case len(in.AppVersion) > maxVersion || !record.Storable(in.AppVersion):
		return fault.New(fault.FieldInvalid).At("appVersion")
	}
	r.Status(http.StatusNoContent)
	return s.Health.Report(r.ctx, r.caller.Device, report, s.Now())
}

// contacts remembers when the last contact of each device was written, so that an idle pull costs no write but one a minute.
type contacts struct {
	mu      sync.Mutex
	written map[string]time.Time // guarded by mu
}

// due reports whether a contact is to be written now.
func (c *contacts) due(device string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := now.Sub(c.written[device]); age >= 0 && age < contactsEvery {
		return false
	}
	if c.written == nil || len(c.written) >= knownKeys {
		c.written = map[string]time.Time{}
	}
	c.written[device] = now
	return true
}

// heardOf notes that a device was here. It never fails what the device came for.
func (s *server) heardOf(r *request) {
	if s.Health == nil || !s.contacts.due(r.caller.Device, s.Now()) {
		return
	}
	if err := s.Health.Contact(r.ctx, r.caller.Device, s.Now()); err != nil {
		s.Log.WarnContext(r.ctx, "a contact could not be noted", "device", r.caller.Device, "error", err)
	}
}

func (s *server) healthOf(h people.Health) *DeviceHealth {
	out := &DeviceHealth{ContactAt: unlessZero(h.ContactAt), ReportedAt: unlessZero(h.ReportedAt), OldestUnsent: unlessZero(h.OldestUnsent),
		AppVersion: h.AppVersion, LastSeq: h.LastSeq, Rejected: h.Rejected, Held: h.Held,
		Missing: MissingBytes{h.Missing.Recordings, h.Missing.Octets, unlessZero(h.Missing.Oldest)}}
	if !h.ReportedAt.IsZero() {
		out.Unsent = &h.Unsent
	}
	boundary := s.SkewBoundary
	if boundary == 0 {
		boundary = usualSkew
	}
	if h.SkewKnown {
		out.Skew = &Skew{h.Skew.Latest.Milliseconds(), h.Skew.Median.Milliseconds(), h.Skew.Max.Milliseconds(), h.Skew.Ops, h.Skew.Beyond(boundary)}
	}
	return out
}
