package api

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Routes of clients that others wrote. Their addresses and parameters are those that the clients ask for.
var foreignRoutes = []Route{
	{Method: "GET", Path: "/v1/rxdb/{collection}/{version}/pull", Name: "rxdbPull", Zh: "RxDB 拉取", En: "RxDB: documents behind a checkpoint",
		Access: signedIn, Right: "sync.pull", Within: later, Out: wire.RxPage{}, Serve: (*server).rxdbPull,
		Params: []Param{{Name: "id", In: "query", Zh: "检查点的 id", En: "the checkpoint's id; empty at the beginning", Schema: ""},
			{Name: "lwt", In: "query", Zh: "检查点的 lwt，不使用", En: "the checkpoint's lwt; not used", Schema: ""},
			{Name: "limit", In: "query", Zh: "每页文档数，一至一千", En: "documents a page, 1 to 1000", Schema: 0}}},
	{Method: "POST", Path: "/v1/rxdb/{collection}/{version}/push", Name: "rxdbPush", Zh: "RxDB 提交", En: "RxDB: changed documents; the answer holds those that are otherwise here",
		Access: signedIn, Right: "sync.push", Body: jsonBody, Limit: pushLimit, Within: later,
		In: []wire.RxRow{}, Out: []map[string]any{}, Serve: (*server).rxdbPush},
	{Method: "GET", Path: "/v1/rxdb/{collection}/{version}/pullStream", Name: "rxdbPullStream", Zh: "RxDB 实时变更", En: "RxDB: documents as they change, as server-sent events",
		Access: signedIn, Right: "sync.pull", Within: later, Out: wire.RxPage{}, Media: mimeEvents, Serve: (*server).rxdbPullStream},
	{Method: "POST", Path: "/v1/watermelon/pull", Name: "watermelonPull", Zh: "WatermelonDB 拉取", En: "WatermelonDB: what has changed since a number",
		Access: signedIn, Right: "sync.pull", Body: jsonBody, Limit: smallLimit, Within: later,
		In: wire.WmPull{}, Out: wire.WmPage{}, Serve: (*server).watermelonPull},
	{Method: "POST", Path: "/v1/watermelon/push", Name: "watermelonPush", Zh: "WatermelonDB 提交", En: "WatermelonDB: changed rows; the answer names those that were refused",
		Access: signedIn, Right: "sync.push", Body: jsonBody, Limit: pushLimit, Within: later,
		In: wire.WmPush{}, Out: wire.WmPushed{}, Serve: (*server).watermelonPush},
}

// rxdbRoutes begins the addresses of RxDB.
const rxdbRoutes = "/v1/rxdb/"

// rxdbLimit is a page's size where the client names none.
const rxdbLimit = 100

// rxdbPull gives an RxDB client what has changed behind its checkpoint.
func (s *server) rxdbPull(r *request) error {
	version, err := r.schemaVersion()
	if err != nil {
		return err
	}
	limit := rxdbLimit
	if text := r.Query("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil {
			return fault.New(fault.FieldInvalid).At("limit").Because(err)
		}
	}
	out, err := s.Foreign.RxPull(r.ctx, r.caller, r.Params("collection"), version, r.Query("id"), limit)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, out)
}

// rxdbPush takes in what an RxDB client has changed.
func (s *server) rxdbPush(r *request) error {
	version, err := r.schemaVersion()
	if err != nil {
		return err
	}
	rows, err := wire.RxRows(guard.TextOf(r.Ctx))
	if err != nil {
		return malformed(err)
	}
	out, err := s.Foreign.RxPush(r.ctx, r.caller, r.Params("collection"), version, rows)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, out)
}

// schemaVersion is the version in the path: of the client's schema.
func (r *request) schemaVersion() (int, error) {
	version, err := strconv.Atoi(r.Params("version"))
	if err != nil {
		return 0, fault.New(fault.NotFound)
	}
	return version, nil
}

// watermelonPull gives a WatermelonDB client what has changed since it last pulled.
func (s *server) watermelonPull(r *request) error {
	var in wire.WmPull
	if err := r.lenient(&in); err != nil {
		return err
	}
	out, err := s.Foreign.WmPull(r.ctx, r.caller, in)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, out)
}

// watermelonPush takes in what a WatermelonDB client has changed.
func (s *server) watermelonPush(r *request) error {
	var in wire.WmPush
	if err := r.lenient(&in); err != nil {
		return err
	}
	out, err := s.Foreign.WmPush(r.ctx, r.caller, in)
	if err != nil {
		return err
	}
	return r.reply(http.StatusOK, out)
}

// lenient is decode for what JavaScript may write and nobody could send otherwise.
func (r *request) lenient(out any) error {
	text := guard.TextOf(r.Ctx)
	if object := bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")); !object {
		return fault.New(fault.Malformed).Detail("应为 JSON 对象", "want a JSON object")
	}
	if err := wire.WmRead(text, out); err != nil {
		return malformed(err)
	}
	return nil
}
