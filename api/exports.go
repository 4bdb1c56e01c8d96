package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

// NewExport says which papers are wanted as one file: those of an inspection, those of a case, those of a unit and a month, or those named.
type NewExport struct {
	Form       string   `json:"form" doc:"pdf: one file with an outline; zip: every paper as it is stored, with a manifest of digests"`
	Reason     string   `json:"reason" doc:"why; kept in the chain of custody of each paper"`
	Inspection string   `json:"inspection,omitempty"`
	Case       string   `json:"case,omitempty" doc:"record id of the paper of filing (case-filing)"`
	Unit       string   `json:"unit,omitempty" doc:"with month; those below it too; default this device's"`
	Month      string   `json:"month,omitempty" doc:"YYYY-MM in Beijing"`
	Documents  []string `json:"documents,omitempty" doc:"at most 500"`
}

// Export tells how far an export is.
type Export struct {
	ID        string            `json:"id"`
	State     string            `json:"state" doc:"queued, working, done, failed, cancelled, expired"`
	Form      string            `json:"form"`
	Total     int               `json:"total" doc:"papers; 0 until they are counted"`
	Done      int               `json:"done" doc:"papers looked at"`
	Missing   map[string]string `json:"missing,omitempty" doc:"papers that are not in it, with the code of what stood in the way"`
	Failure   string            `json:"failure,omitempty" doc:"a code"`
	SHA256    string            `json:"sha256,omitempty"`
	Length    int64             `json:"length,omitzero"`
	CreatedAt string            `json:"createdAt" format:"date-time"`
	ExpiresAt string            `json:"expiresAt,omitempty" format:"date-time"`
}

var exportRoutes = []Route{
	{Method: "POST", Path: "/v1/exports", Name: "exportPapers", Zh: "批量导出文书（合订 PDF 或者 ZIP）", En: "make one file of many papers",
		Access: signedIn, Right: "documents.export", Body: jsonBody, Limit: recordsLimit, Within: soon, In: NewExport{}, Out: Export{}, Status: fiber.StatusAccepted, Serve: (*server).exportPapers},
	{Method: "GET", Path: "/v1/exports/{id}", Name: "readExport", Zh: "导出进度", En: "how far an export is",
		Access: signedIn, Right: "documents.export", Within: soon, Out: Export{}, Serve: (*server).readExport},
	{Method: "DELETE", Path: "/v1/exports/{id}", Name: "cancelExport", Zh: "取消导出并删除文件", En: "cancel an export; its file goes",
		Access: signedIn, Right: "documents.export", Within: soon, Status: fiber.StatusNoContent, Serve: (*server).cancelExport},
	{Method: "GET", Path: "/v1/exports/{id}/content", Name: "downloadExport", Zh: "下载导出的文件", En: "the file of an export, whole or in ranges",
		Access: signedIn, Right: "documents.export", Within: soon, Media: "application/octet-stream", Serve: (*server).downloadExport},
}

func (s *server) exportPapers(r *request) error {
	var in NewExport
	if err := r.decode(&in); err != nil {
		return err
	}
	id, err := s.Papers.Export(r.ctx, r.caller, papers.Wanted(in))
	if err != nil {
		return err
	}
	body, err := s.Papers.Exported(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	return r.reply(http.StatusAccepted, exportOf(id, body))
}

func (s *server) readExport(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	body, err := s.Papers.Exported(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, exportOf(id, body))
}

func exportOf(id string, body record.Object) Export {
	count := func(name string) int {
		n, _ := body[name].(float64)
		return int(n)
	}
	e := Export{ID: id, State: text(body, "state"), Form: text(body, "form"), Total: count("total"), Done: count("done"), Failure: text(body, "failure"), SHA256: text(body, "sha256"),
		Length: int64(count("length")), CreatedAt: text(body, "createdAt"), ExpiresAt: text(body, "expiresAt"), Missing: map[string]string{}}
	for id := range object(body, "missing") {
		e.Missing[id] = text(object(body, "missing"), id)
	}
	return e
}

func (s *server) cancelExport(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	if err := s.Papers.CancelExport(r.ctx, r.caller, id); err != nil {
		return err
	}
	r.Status(fiber.StatusNoContent)
	return nil
}

// exportMedia are the media types of the forms.
var exportMedia = map[string]string{papers.FormPDF: mimePDF, papers.FormZIP: "application/zip"}

func (s *server) downloadExport(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	f, err := s.Papers.ExportFile(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	name := "papers-" + s.Now().In(beijing).Format(time.DateOnly) + "." + f.Form
	return s.serve(r.Ctx, media{size: f.Length, sha: f.SHA256, mime: exportMedia[f.Form], name: name, ours: true, open: func(ctx context.Context, from, n int64) (io.ReadCloser, error) {
		return s.Blobs.OpenRange(ctx, f.Key, from, n)
	}})
}
