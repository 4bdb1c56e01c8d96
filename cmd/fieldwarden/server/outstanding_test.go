package server_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// outstanding is what the leader is told of a device.
type outstanding struct {
	RevokedAt string
	Health    struct {
		Unsent     *int
		AppVersion string
	}
	Outstanding struct {
		Unsent     *int
		Recordings []struct{ Evidence string }
		Numbers    int
		Letters    []string
	}
}

func (r *replica) toldOf(leader *client.Device, device string) (o outstanding) {
	r.t.Helper()
	reply, err := leader.Call(ctx, http.MethodGet, "/v1/devices/"+device, nil, nil, nil)
	r.must(err)
	r.must(json.Unmarshal(reply.Body, &o, json.MatchCaseInsensitiveNames(true)))
	return o
}

// leftBehind lists the findings about revoked devices on the street's desk.
func (r *replica) leftBehind() (bodies [][]byte) {
	r.t.Helper()
	found, err := r.DB.Waiting(ctx, pull.Waiting{Collection: "findings", State: "open", Units: []string{street}, Limit: 100})
	r.must(err)
	for _, f := range found {
		if bytes.Contains(f.Body, []byte(`"device.outstanding"`)) {
			bodies = append(bodies, f.Body)
		}
	}
	return bodies
}

// A handheld tells after each sync what is unsent. When it is lost, its leader sees what it has and nobody else; when it is revoked, that lies as
// one finding on the desk of its unit. One that has left nothing leaves no finding.
func TestWhatARevokedDeviceLeavesBehind(t *testing.T) {
	onBoth(t, func(t *testing.T, r *replica) {
		r.units()
		boss := r.put("officers", record.Object{"name": "队长", "unit": street, "state": "active", "grants": record.Object{
			"l": record.Object{"role": "leader", "unit": street}}})
		leader, lost, tidy := r.handheldOf(boss, t.TempDir()), r.handheld(), r.handheld()
		idOf := func(d *client.Device) string {
			i, err := d.Identity(ctx)
			r.must(err)
			return i.ID
		}
		recording, _ := announce(t, lost)
		_, err := lost.Create(ctx, "subjects", record.Object{"kind": "household", "name": "户", "unit": "120102999"}) // is rejected
		r.must(err)
		r.must(lost.Sync(ctx))
		subject(t, tidy)
		if o := r.toldOf(leader, idOf(lost)); o.Health.Unsent == nil || *o.Health.Unsent != 0 {
			t.Errorf("after its sync: %+v", o)
		}
		_, err = lost.Create(ctx, "subjects", record.Object{"kind": "household", "name": "未提交", "unit": street})
		r.must(err)
		r.must(lost.Report(ctx))
		check := func(revoked bool) {
			t.Helper()
			o := r.toldOf(leader, idOf(lost))
			left := o.Outstanding
			if left.Unsent == nil || *left.Unsent != 1 || len(left.Recordings) != 1 || left.Recordings[0].Evidence != recording || len(left.Letters) != 1 ||
				revoked != (o.RevokedAt != "") {
				t.Errorf("revoked %v: %+v", revoked, o)
			}
		}
		check(false)
		if found := r.leftBehind(); len(found) != 0 {
			t.Errorf("nobody is revoked, and there is %s", found)
		}
		for range 2 {
			for _, d := range []*client.Device{lost, tidy} {
				_, err := leader.Call(ctx, http.MethodDelete, "/v1/devices/"+idOf(d), nil, nil, nil)
				r.must(err)
			}
		}
		eventually(t, "the finding", func() bool { return len(r.leftBehind()) > 0 })
		check(true)
		r.Jobs.Drain(ctx)
		found := r.leftBehind()
		if len(found) != 1 || !bytes.Contains(found[0], []byte(idOf(lost))) || !bytes.Contains(found[0], []byte("unsent ops 1 (told at")) {
			t.Errorf("findings %s", found)
		}
		r.must(leader.Sync(ctx))
		if all, err := leader.List(ctx, "findings"); err != nil || len(all) != 1 {
			t.Errorf("the leader's handheld has %d findings, %v", len(all), err)
		}
		if _, err := tidy.Call(ctx, http.MethodGet, "/v1/devices/"+idOf(lost), nil, nil, nil); err == nil {
			t.Error("a revoked device reads of another")
		}
	})
}
