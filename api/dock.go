package api

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// DockBerth is what a docking station has still to bring of a recording.
type DockBerth struct {
	Upload    string     `json:"upload" doc:"id of the upload"`
	State     string     `json:"state" doc:"receiving; or whole or held: nothing is missing"`
	Length    int64      `json:"length" doc:"octets of the whole"`
	ExpiresAt time.Time  `json:"expiresAt,omitzero" doc:"until when the addresses are good; ask again for new ones"`
	Parts     []DockPart `json:"parts" doc:"what is missing"`
}

// DockPart is one part: PUT these octets to the address, without any header of yours.
type DockPart struct {
	Number int    `json:"number"`
	From   int64  `json:"from" doc:"octet that it begins with"`
	Length int64  `json:"length"`
	URL    string `json:"url"`
}

var dockRoutes = []Route{
	{Method: "POST", Path: "/v1/evidence/{id}/dock", Name: "dockEvidence", Zh: "采集站直传：取得各部分的上传地址", En: "bring a recording from a docking station straight to the object store: what is missing, and where to put it",
		Access: signedIn, Right: "evidence.upload", Within: later, Out: DockBerth{}, Serve: (*server).dockEvidence},
	{Method: "POST", Path: "/v1/evidence/{id}/dock/complete", Name: "undockEvidence", Zh: "采集站直传：各部分已上传完毕", En: "all parts are there; they are joined, read, compared with the manifest, and held",
		Access: signedIn, Right: "evidence.upload", Within: later, Out: DockBerth{}, Status: fiber.StatusAccepted, Serve: (*server).undockEvidence},
}

func (s *server) dockEvidence(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	berth, err := s.Uploads.Dock(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	out := berthOf(berth.Upload)
	out.ExpiresAt = berth.Until
	for _, p := range berth.Missing {
		out.Parts = append(out.Parts, DockPart(p))
	}
	return r.reply(fiber.StatusOK, out)
}

func (s *server) undockEvidence(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	u, err := s.Uploads.Undock(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	return r.reply(fiber.StatusAccepted, berthOf(u))
}

func berthOf(u upload.Upload) DockBerth {
	return DockBerth{Upload: u.ID, State: string(u.State), Length: u.Length, Parts: []DockPart{}}
}
