package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/share"
)

// NewShare is under which terms a recording is shown to somebody outside.
type NewShare struct {
	Name       string    `json:"name" doc:"of the outsider"`
	Organ      string    `json:"organ" doc:"that he belongs to"`
	Reason     string    `json:"reason"`
	ExpiresAt  time.Time `json:"expiresAt" doc:"at most 90 days from now"`
	MaxViews   int       `json:"maxViews,omitempty" doc:"1 to 100; default 1"`
	Derivative string    `json:"derivative,omitempty" doc:"show this in place of the original"`
	Watermark  bool      `json:"watermark,omitempty" doc:"burn name, organ and time into a copy, and show that"`
}

// Share is a link that was given out. URL is told once, when it is made.
type Share struct {
	ID         string    `json:"id"`
	URL        string    `json:"url,omitempty" doc:"told once; whoever has it may look"`
	Evidence   string    `json:"evidence"`
	Derivative string    `json:"derivative,omitempty"`
	Name       string    `json:"name"`
	Organ      string    `json:"organ"`
	Reason     string    `json:"reason"`
	CreatedBy  string    `json:"createdBy" doc:"officer"`
	CreatedAt  time.Time `json:"createdAt"`
	ExpiresAt  time.Time `json:"expiresAt"`
	MaxViews   int       `json:"maxViews"`
	Views      int       `json:"views"`
	RevokedAt  time.Time `json:"revokedAt,omitzero"`
}

// Shares is what was given out of a recording.
type Shares struct {
	Shares []Share `json:"shares"`
}

// Revocation says why a link ends.
type Revocation struct {
	Reason string `json:"reason"`
}

var shareRoutes = []Route{
	{Method: "POST", Path: "/v1/evidence/{id}/shares", Name: "shareEvidence", Zh: "对外提供录音录像（限人、限时、限次）", En: "make a link by which one person outside may see a recording",
		Access: signedIn, Right: "evidence.share", Body: jsonBody, Limit: smallLimit, Within: soon, In: NewShare{}, Out: Share{}, Status: fiber.StatusCreated, Serve: (*server).shareEvidence},
	{Method: "GET", Path: "/v1/evidence/{id}/shares", Name: "listShares", Zh: "录音录像的对外提供记录", En: "the links to a recording, and how often each was used",
		Access: signedIn, Right: "evidence.share", Within: soon, Out: Shares{}, Serve: (*server).listShares},
	{Method: "POST", Path: "/v1/shares/{id}/revocation", Name: "revokeShare", Zh: "撤销对外提供", En: "end a link, with the views that are under way",
		Access: signedIn, Right: "evidence.share", Body: jsonBody, Limit: smallLimit, Within: soon, In: Revocation{}, Status: fiber.StatusNoContent, Serve: (*server).revokeShare},
	{Method: "GET", Path: "/share/{token}", Name: "sharePage", Zh: "对外提供的查看页", En: "what a link opens, before it is used",
		Access: public, Within: soon, Media: mimePage, Page: true, Serve: (*server).sharePage},
	{Method: "POST", Path: "/share/{token}", Name: "openShare", Zh: "使用一次查看", En: "use one view of a link; leads to the view",
		Access: public, Within: soon, Page: true, Status: fiber.StatusSeeOther, Serve: (*server).openShare},
	{Method: "GET", Path: "/share-views/{view}", Name: "shareView", Zh: "查看录音录像", En: "the page of one view",
		Access: public, Within: soon, Media: mimePage, Page: true, Serve: (*server).shareView},
	{Method: "GET", Path: "/share-views/{view}/content", Name: "shareContent", Zh: "被查看的录音录像", En: "the bytes of one view, whole or in ranges",
		Access: public, Within: soon, Media: "application/octet-stream", Serve: (*server).shareContent},
}

func shareOf(s share.Share) Share {
	return Share{ID: s.ID, Evidence: s.Evidence, Derivative: s.Derivative, Name: s.Name, Organ: s.Organ, Reason: s.Reason, CreatedBy: s.CreatedBy, CreatedAt: s.CreatedAt,
		ExpiresAt: s.ExpiresAt, MaxViews: s.MaxViews, Views: s.Views, RevokedAt: s.RevokedAt}
}

func (s *server) shareEvidence(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	var in NewShare
	if err := r.decode(&in); err != nil {
		return err
	}
	made, token, err := s.Shares.Create(r.ctx, r.caller, id, share.Terms{Name: in.Name, Organ: in.Organ, Reason: in.Reason, ExpiresAt: in.ExpiresAt,
		MaxViews: in.MaxViews, Derivative: in.Derivative, Watermark: in.Watermark})
	if err != nil {
		return err
	}
	out := shareOf(made)
	out.URL = s.PublicURL + "/share/" + token
	return r.reply(fiber.StatusCreated, out)
}

func (s *server) listShares(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	found, err := s.Shares.List(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	out := Shares{Shares: []Share{}}
	for _, one := range found {
		out.Shares = append(out.Shares, shareOf(one))
	}
	return r.reply(fiber.StatusOK, out)
}

func (s *server) revokeShare(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	var in Revocation
	if err := r.decode(&in); err != nil {
		return err
	}
	if err := s.Shares.Revoke(r.ctx, r.caller, id, in.Reason); err != nil {
		return err
	}
	r.Status(fiber.StatusNoContent)
	return nil
}

// shareAbout is what the pages of a link say.
type shareAbout struct {
	Name, Organ, Unit, Expires, Address, Kind string
	Left                                      int
}

func (s *server) shareAbout(r *request, found share.Share) (shareAbout, error) {
	unit, err := s.unitName(r.ctx, found.Unit)
	return shareAbout{Name: found.Name, Organ: found.Organ, Unit: unit, Left: found.MaxViews - found.Views,
		Expires: found.ExpiresAt.In(beijing).Format("2006年1月2日 15:04")}, err
}

// sharePage does not use the link: programs that look ahead at addresses would use it up.
func (s *server) sharePage(r *request) error {
	found, err := s.Shares.Look(r.ctx, r.Params("token"))
	if err != nil {
		return err
	}
	about, err := s.shareAbout(r, found)
	if err != nil {
		return err
	}
	about.Address = "/share/" + r.Params("token")
	return pageWith(r.Ctx, http.StatusOK, "share", "查看录音录像", strings.Replace(pagePolicy, "form-action 'none'", "form-action 'self'", 1), about)
}

func (s *server) openShare(r *request) error {
	ticket, err := s.Shares.Open(r.ctx, r.Params("token"))
	if err != nil {
		return err
	}
	r.Set(fiber.HeaderLocation, s.PublicURL+"/share-views/"+ticket)
	r.Status(fiber.StatusSeeOther)
	return nil
}

func (s *server) shareView(r *request) error {
	found, file, err := s.Shares.Content(r.ctx, r.Params("view"))
	if err != nil {
		return err
	}
	about, err := s.shareAbout(r, found)
	if err != nil {
		return err
	}
	kind, inline := evidence.ServedAs(file.MIME)
	if inline {
		about.Kind, _, _ = strings.Cut(kind, "/")
	}
	about.Address = "/share-views/" + r.Params("view") + "/content"
	return pageWith(r.Ctx, http.StatusOK, "view", "查看录音录像", pagePolicy+"; media-src 'self'; img-src 'self'", about)
}

func (s *server) shareContent(r *request) error {
	found, file, err := s.Shares.Content(r.ctx, r.Params("view"))
	if err != nil {
		return err
	}
	seen := evidence.Entry{Evidence: found.Evidence, Unit: found.Unit, Act: evidence.ActView, At: s.Now(), Reason: found.Reason, Related: found.ID,
		Detail: record.Object{"name": found.Name, "organ": found.Organ}}
	return s.serve(r.Ctx, media{size: file.Length, sha: file.SHA256, mime: file.MIME, name: found.ID, open: s.watched(seen, nil, file.OpenRange), doubt: s.doubt(custody.Recording(found.Evidence))})
}
