package api

import (
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
)

// DeviceDetail is a device with what it would leave behind if it came back no more, whether it is lost, revoked or in use.
type DeviceDetail struct {
	Device
	Outstanding Outstanding `json:"outstanding"`
}

// Outstanding is what only a device has, as far as it and the server know, and what of it waits for people. Lists hold the oldest 200.
type Outstanding struct {
	Unsent       *int               `json:"unsent,omitempty" doc:"ops, as the device last told; absent if it never has"`
	OldestUnsent *time.Time         `json:"oldestUnsent,omitempty"`
	ReportedAt   *time.Time         `json:"reportedAt,omitempty"`
	Recordings   []MissingRecording `json:"recordings" doc:"announced and not held"`
	Numbers      int                `json:"numbers" doc:"leased and on no paper that the server has"`
	Blocks       []LeasedBlock      `json:"blocks" doc:"of which some are"`
	Letters      []string           `json:"letters" doc:"record ids of open dead letters about its ops"`
}

// MissingRecording is one of them.
type MissingRecording struct {
	Evidence    string    `json:"evidence" doc:"record id"`
	Octets      int64     `json:"octets"`
	AnnouncedAt time.Time `json:"announcedAt"`
}

// LeasedBlock is a block of numbers.
type LeasedBlock struct {
	ID     string `json:"id"`
	Series string `json:"series"`
	Kind   string `json:"kind"`
	From   uint64 `json:"from"`
	To     uint64 `json:"to"`
	Used   int    `json:"used"`
}

var outstandingRoutes = []Route{
	{Method: "GET", Path: "/v1/devices/{id}", Name: "readDevice", Zh: "设备详情，含停用或遗失时的遗留事项", En: "one device, with what it would leave behind",
		Access: signedIn, Right: "devices.list", Within: soon, Out: DeviceDetail{}, Serve: (*server).readDevice},
}

// readDevice tells how a device is and what is outstanding of it.
func (s *server) readDevice(r *request) error {
	device, err := s.deviceOf(r, "devices.list")
	if err != nil {
		return err
	}
	health, err := s.Health.HealthOf(r.ctx, []string{device.ID}, skewOps)
	if err != nil {
		return err
	}
	left, err := s.Health.Outstanding(r.ctx, device.ID, maxPage)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, DeviceDetail{s.shownDevice(device, health[device.ID]), outstandingOf(left)})
}

func outstandingOf(o people.Outstanding) Outstanding {
	out := Outstanding{OldestUnsent: unlessZero(o.OldestUnsent), ReportedAt: unlessZero(o.ReportedAt), Recordings: []MissingRecording{}, Numbers: o.Numbers,
		Blocks: []LeasedBlock{}, Letters: append([]string{}, o.Open...)}
	if !o.ReportedAt.IsZero() {
		out.Unsent = &o.Unsent
	}
	for _, m := range o.Missing {
		out.Recordings = append(out.Recordings, MissingRecording(m))
	}
	for _, b := range o.Blocks {
		out.Blocks = append(out.Blocks, LeasedBlock(b))
	}
	return out
}
