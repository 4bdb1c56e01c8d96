package api

import (
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
)

// purposeParams document what is asked of whoever wants the bytes of a recording.
var purposeParams = []Param{
	{Name: "reason", In: "query", Zh: "调阅或下载的理由，至多五百字", En: "why, in at most 500 characters; kept in the chain of custody", Required: true, Schema: ""},
	{Name: "as", In: "query", Zh: "download 为下载，缺省为调阅", En: "download, or view if absent", Schema: ""},
}

// playEvidence gives out the bytes of a recording. That they are seen or taken away, by whom and why, is written before the first of them goes
// out; which of them did, afterwards. A request that gets none needs no reason.
func (s *server) playEvidence(r *request) error {
	id, err := r.id("id")
	if err != nil {
		return err
	}
	content, err := s.Uploads.Content(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	act, reason, why := r.purpose()
	return s.serve(r.Ctx, media{size: content.Length, sha: content.SHA256, mime: content.MIME, name: id, take: act == evidence.ActDownload,
		open: s.watched(s.Custody.By(r.caller, act, id, content.Unit, reason), why, content.OpenRange), doubt: s.doubt(custody.Recording(id))})
}

// doubt has something read again when the store did not give somebody what is on record.
func (s *server) doubt(of custody.Item) func(error) {
	return func(err error) { s.Custody.Doubt(s.Base, of, err) }
}

// purpose reads what somebody wants with a recording, and why.
func (r *request) purpose() (act evidence.Act, reason string, err error) {
	act, reason = evidence.ActView, strings.TrimSpace(r.Query("reason"))
	switch r.Query("as", "view") {
	case "view":
	case "download":
		act = evidence.ActDownload
	default:
		return act, "", fault.New(fault.FieldInvalid).At("as")
	}
	if reason == "" || len([]rune(reason)) > evidence.MaxReason || !record.Storable(reason) || strings.ContainsRune(reason, '\uFFFD') || strings.ToValidUTF8(reason, "") != reason {
		return act, "", fault.New(fault.ReasonNeeded).At("reason")
	}
	return act, reason, nil
}
