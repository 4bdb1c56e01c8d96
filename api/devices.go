package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Device is an enrolled device.
type Device struct {
	ID         string        `json:"id"`
	Name       string        `json:"name"`
	Unit       string        `json:"unit"`
	Thumbprint string        `json:"thumbprint"`
	EnrolledAt time.Time     `json:"enrolledAt"`
	RevokedAt  *time.Time    `json:"revokedAt,omitempty"`
	SetAsideAt *time.Time    `json:"setAsideAt,omitempty" doc:"when it was found to have forked; a person must decide"`
	Health     *DeviceHealth `json:"health"`
}

// Devices is a page of them.
type Devices struct {
	Devices []Device `json:"devices"`
	Next    string   `json:"next,omitempty" doc:"to ask for the next page with; absent at the end"`
	// Restored is there when the server's database was put back from a backup: devices that look behind may just not have been back since.
	Restored *Restoration `json:"restored,omitempty"`
}

// Restoration is a restore of the database from a backup.
type Restoration struct {
	At        time.Time `json:"at"`
	Announced bool      `json:"announced" doc:"false: nobody has said so, a device has shown it; see the finding server.restored_unannounced"`
}

// How many rows a page of a list has.
const (
	usualPage = 50
	maxPage   = 200
)

// listDevices lists the devices of a unit and of those below it; without one, of the caller's own.
func (s *server) listDevices(r *request) error {
	after, limit, err := r.page()
	if err != nil {
		return err
	}
	if after != "" && !record.IsID(after) {
		return fault.New(fault.FieldInvalid).At("after")
	}
	found, err := s.Sessions.Devices(r.ctx, r.caller, r.Query("unit", r.caller.Unit), after, limit)
	if err != nil {
		return err
	}
	ids := make([]string, len(found))
	for i, d := range found {
		ids[i] = d.ID
	}
	health, err := s.Health.HealthOf(r.ctx, ids, skewOps)
	if err != nil {
		return err
	}
	out := Devices{Devices: make([]Device, len(found))}
	for i, d := range found {
		out.Devices[i] = s.shownDevice(d, health[d.ID])
	}
	if len(found) == limit {
		out.Next = found[limit-1].ID
	}
	restored, err := s.Health.LastRestoration(r.ctx)
	if err != nil {
		return err
	}
	if !restored.At.IsZero() {
		out.Restored = &Restoration{restored.At, restored.Announced}
	}
	return r.reply(http.StatusOK, out)
}

func (s *server) shownDevice(d people.Device, h people.Health) Device {
	return Device{d.ID, d.Name, d.Unit, d.Thumbprint, d.EnrolledAt, unlessZero(d.RevokedAt), unlessZero(d.SetAsideAt), s.healthOf(h)}
}

// page reads which page of a list is asked for: what the page before gave as next, and how many rows.
func (r *request) page() (after string, limit int, err error) {
	limit = usualPage
	if text := r.Query("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxPage {
			return "", 0, fault.New(fault.FieldInvalid).At("limit").Detail("应在 1 至 200 之间", "want 1 to 200")
		}
	}
	return r.Query("after"), limit, nil
}

// pageParams document the parameters of every list that comes in pages.
var pageParams = []Param{
	{Name: "after", In: "query", Zh: "上一页给出的 next", En: "what the page before gave as next", Schema: ""},
	{Name: "limit", In: "query", Zh: "每页条数，最多 200", En: "rows of a page, at most 200", Schema: 0},
}
