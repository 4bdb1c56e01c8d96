package api_test

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/api"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// acts are the acts on an evidence as they are stored, with what was seen until now.
func (w *world) acts(id string) (all []evidence.Entry) {
	w.t.Helper()
	w.must(w.deps.Custody.Flush(context.Background(), true))
	found, err := w.db.Lookup(context.Background(), "custody", "evidence", id)
	w.must(err)
	for _, r := range found {
		body, err := wire.Object(r.Body)
		w.must(err)
		if e := evidence.ReadEntry(body); e.Act != evidence.ActReceive {
			all = append(all, e)
		}
	}
	return all
}

func TestWhoWantsARecordingSaysWhy(t *testing.T) {
	w := newWorld(t)
	content := bytes.Repeat([]byte("0123456789"), 1000)
	id := w.hold(street, content)
	path := "/v1/evidence/" + id + "/content"
	for _, reason := range []string{"", "?reason=", "?reason=%20%20", "?reason=" + strings.Repeat("x", evidence.MaxReason+1), "?reason=%00", "?reason=%ff", "?reason=a%EF%BF%BD"} {
		w.officer.send("GET", path+reason, nil).fails(400, "custody.reason_needed")
	}
	w.officer.send("GET", path+"?reason=x&as=theft", nil).fails(400, "request.field_invalid")
	w.officer.send("HEAD", path, nil).want(200)
	w.officer.send("GET", path, nil, "If-None-Match", "*").want(304)
	w.officer.send("GET", path+"?reason=x", nil, "Range", "bytes=20000-").fails(416, "evidence.range_unsatisfied")
	if acts := w.acts(id); len(acts) != 0 {
		t.Fatalf("acts without an octet: %+v", acts)
	}
	why := "?reason=" + url.QueryEscape("复议调阅")
	w.officer.send("GET", path+why, nil, "Range", "bytes=0-99").want(206)
	w.officer.send("GET", path+why, nil, "Range", "bytes=50-199").want(206)
	w.officer.send("GET", path+why, nil, "Range", "bytes=9000-").want(206)
	saved := w.leader.send("GET", path+"?as=download&reason=archive", nil).want(200)
	if !strings.HasPrefix(saved.header.Get("Content-Disposition"), "attachment; ") {
		t.Error(saved.header.Get("Content-Disposition"))
	}
	acts := w.acts(id)
	for range 100 { // the reply is whole at the client before the server has closed it
		if len(acts) == 2 && evidence.Total(acts[1].Ranges...) == 10000 {
			break
		}
		time.Sleep(20 * time.Millisecond)
		acts = w.acts(id)
	}
	if len(acts) != 2 {
		t.Fatalf("%+v", acts)
	}
	view, download := acts[0], acts[1]
	if view.Act != evidence.ActView || view.Actor != w.officer.officer || view.Device != w.officer.device || view.Reason != "复议调阅" || view.ActorUnit != street || view.Unit != street ||
		len(view.Ranges) != 2 || view.Ranges[0] != (evidence.Range{From: 0, To: 200}) || view.Ranges[1] != (evidence.Range{From: 9000, To: 10000}) || view.Until.Before(view.At) {
		t.Errorf("%+v", view)
	}
	if download.Act != evidence.ActDownload || download.Actor != w.leader.officer || download.Reason != "archive" || evidence.Total(download.Ranges...) != 10000 {
		t.Errorf("%+v", download)
	}
}

func TestWhatWasDisposedOfIsGoneAndSaysSo(t *testing.T) {
	w := newWorld(t)
	content := []byte("once here")
	id := w.hold(street, content)
	for _, state := range []string{"disposing", "disposed"} {
		w.own(push.ServerOp{Collection: "evidence", Record: id, Action: record.Update, Patch: record.Object{"custody": record.Object{"state": state, "key": nil}}})
		w.officer.send("GET", "/v1/evidence/"+id+"/content?reason=x", nil).fails(410, "evidence.disposed")
		w.officer.send("POST", "/v1/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Length", "9",
			"Upload-Metadata", "evidence "+b64(id)).fails(410, "evidence.disposed")
		w.stranger.send("GET", "/v1/evidence/"+id+"/content?reason=x", nil).fails(404, "request.not_found")
	}
}

func TestTheTrailOfARecording(t *testing.T) {
	w := newWorld(t)
	id := w.hold(street, bytes.Repeat([]byte("x"), 1000))
	w.officer.send("GET", "/v1/evidence/"+id+"/content?reason="+url.QueryEscape("复议调阅"), nil, "Range", "bytes=0-99").want(206)
	w.must(w.deps.Custody.Flush(context.Background(), true))
	var trail api.Custody
	w.leader.send("GET", "/v1/evidence/"+id+"/custody", nil).want(200).into(&trail)
	var names []string
	for _, a := range trail.Acts {
		names = append(names, a.Act)
	}
	if strings.Join(names, " ") != "create receive view" || trail.State != "held" || trail.Length != 1000 || len(trail.Unknown) < 3 || len(trail.Retention.By) != 1 || trail.Retention.Until == nil {
		t.Errorf("%v %+v", names, trail)
	}
	if view := trail.Acts[2]; view.Reason != "复议调阅" || trail.Names[view.Actor] != "赵一" || len(view.Ranges) != 1 || view.Ranges[0] != [2]int64{0, 100} {
		t.Errorf("%+v %v", view, trail.Names)
	}
	pdf := w.leader.send("GET", "/v1/evidence/"+id+"/custody.pdf", nil).want(200)
	if !bytes.HasPrefix(pdf.body, []byte("%PDF-")) || pdf.header.Get("Content-Type") != "application/pdf" {
		t.Errorf("%v %.20q", pdf.header, pdf.body)
	}
	w.officer.send("GET", "/v1/evidence/"+id+"/custody", nil).fails(403, "access.denied")
}
