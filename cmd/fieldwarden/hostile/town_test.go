package hostile

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"

	"github.com/fieldwarden/fieldwarden/api/session"
	"github.com/fieldwarden/fieldwarden/api/token"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"

	"crypto/x509"
	"time"
)

const (
	district = "120102"
	street   = "120102001"
	other    = "120102002"
	password = "一把很长的钥匙 2026"
	vectors  = "../../../docs/protocol/vectors/"
)

// Records that the town is founded with. Corpora name them, so their ids are for good.
const (
	subject  = "01938f60-0000-7000-8000-00000000f001"
	task     = "01938f60-0000-7000-8000-00000000f002"
	visit    = "01938f60-0000-7000-8000-00000000f003"
	paper    = "01938f60-0000-7000-8000-00000000f004"
	video    = "01938f60-0000-7000-8000-00000000f005"
	elsewise = "01938f60-0000-7000-8000-00000000f006" // a subject of the other street
)

// town is what every world begins with.
type town struct {
	ids
	data, url string
	officer   *person // with the device and the key of the push vectors
	stranger  *person // of the other street
	colleague *person // of the officer's street

	cursor, foreign, lost string // the officer's, the stranger's, and the officer's of a history that was lost
	checkpoint            string // of RxDB
	mark                  int64  // of WatermelonDB
}

// found fills an empty server. A conflict and a dead letter are on the desk in the end.
func (w *world) found() {
	w.Helper()
	var file struct {
		Device struct {
			ID         string
			PrivateKey struct{ D string }
		}
		Officer string
	}
	text, err := os.ReadFile(vectors + "pushes.json")
	w.must(err)
	w.into(text, &file)
	w.own(op("units", w.newID(), record.Object{"code": district, "name": "河东区", "kind": "district"}),
		op("units", w.newID(), record.Object{"code": street, "name": "大王庄街道", "kind": "street", "parent": district}),
		op("units", w.newID(), record.Object{"code": other, "name": "大直沽街道", "kind": "street", "parent": district}))
	w.officer = w.hire(file.Officer, file.Device.ID, keyOf(w, file.Device.PrivateKey.D), street, "officer", "leader")
	w.stranger = w.hire(w.newID(), w.newID(), keyOf(w, base64.RawURLEncoding.EncodeToString([]byte("another key, of 32 octets, fixed"))), other, "officer")
	w.colleague = w.hire(w.newID(), w.newID(), keyOf(w, base64.RawURLEncoding.EncodeToString([]byte("a third key, of 32 octets, fixed"))), street, "officer")
	w.own(op("subjects", subject, record.Object{"kind": "enterprise", "name": "某某超市", "unit": street}),
		op("tasks", task, record.Object{"title": "日常检查", "unit": street, "kind": "routine", "state": "draft"}),
		op("inspections", visit, record.Object{"unit": street, "state": "planned", "summary": "检查", "answers": record.Object{"q1": record.Object{"value": "是"}}}),
		op("documents", paper, record.Object{"unit": street, "kind": "record", "template": w.newID(), "templateVersion": 1.0, "state": "draft"}),
		op("evidence", video, record.Object{"unit": street, "kind": "video", "officer": w.officer.officer, "mime": "video/mp4", "length": 3.0,
			"startedAt": "2026-11-25T01:00:00Z", "endedAt": "2026-11-25T01:01:00Z", "sha256": fmt.Sprintf("%x", sha256.Sum256([]byte("abc")))}),
		op("subjects", elsewise, record.Object{"kind": "enterprise", "name": "别处", "unit": other}))
	w.own(push.ServerOp{Collection: "subjects", Record: subject, Action: record.Update, Patch: record.Object{"phone": "1"}})
	w.desk()
	w.places()
}

func op(collection, id string, body record.Object) push.ServerOp {
	return push.ServerOp{Collection: collection, Record: id, Action: record.Create, Patch: body}
}

func (w *world) own(ops ...push.ServerOp) {
	w.Helper()
	w.must(w.core.Push.ApplyOwn(ctx, ops))
}

// desk leaves a conflict and a dead letter: two ops of the colleague's device.
func (w *world) desk() {
	w.Helper()
	ops := `[{"collection":"subjects","record":"` + subject + `","action":"update","base":1,"patch":{"phone":"2"}},` +
		`{"collection":"subjects","record":"` + elsewise + `","action":"update","base":1,"patch":{"phone":"2"}}]`
	body, _ := w.sealed(w.colleague, []byte(ops))
	var r wire.PushReply
	w.into(w.mustAsk(w.colleague, "POST", "/v1/sync/push", string(body)), &r)
	if r.Outcomes[0].Conflict == "" || r.Outcomes[1].Letter == "" {
		w.Fatalf("want a conflict and a letter: %+v", r.Outcomes)
	}
}

// places collects what clients hold of where they stand.
func (w *world) places() {
	w.Helper()
	cursor := func(p *person) string {
		var page wire.PullReply
		w.into(w.mustAsk(p, "POST", "/v1/sync/pull", `{"limit":3}`), &page)
		return page.Cursor
	}
	w.lost = cursor(w.officer)
	_, err := w.core.Restored(ctx, 1)
	w.must(err)
	w.cursor, w.foreign = cursor(w.officer), cursor(w.stranger)
	var page wire.RxPage
	w.into(w.mustAsk(w.officer, "GET", "/v1/rxdb/subjects/0/pull?id=&lwt=0&limit=1", ""), &page)
	w.checkpoint = page.Checkpoint.ID
	var marked wire.WmPage
	w.into(w.mustAsk(w.officer, "POST", "/v1/watermelon/pull", `{"tables":{"subjects":1,"tasks":1}}`), &marked)
	w.mark = marked.Timestamp
}

// person is somebody with a device, signed in.
type person struct {
	key                     *ecdsa.PrivateKey
	officer, device, access string
	header, ath             string // of proofs, encoded
}

// hire makes an officer with roles in a unit and signs him in on a device.
func (w *world) hire(officer, device string, key *ecdsa.PrivateKey, unit string, roles ...string) *person {
	w.Helper()
	p := &person{key: key, officer: officer, device: device}
	grants := record.Object{}
	for _, role := range roles {
		grants[role] = record.Object{"role": role, "unit": unit}
	}
	w.own(op("officers", officer, record.Object{"name": "赵一", "unit": unit, "state": people.Active, "grants": grants}))
	_, err := w.core.Sessions.CreateAccountByServer(ctx, session.NewAccount{Name: "user-" + device, Password: password, Officer: officer})
	w.must(err)
	jwk, err := token.FromKey(&key.PublicKey)
	w.must(err)
	header, err := wire.Canonical(map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk})
	w.must(err)
	p.header = base64.RawURLEncoding.EncodeToString(header)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	w.must(err)
	w.must(w.core.DB.CreateCode(ctx, people.EnrolmentCode{Digest: device, Unit: unit, CreatedBy: "server", ExpiresAt: start.Add(time.Hour)}))
	_, err = w.core.DB.Enrol(ctx, device, people.Device{ID: device, Name: "手持机", PublicKey: der, Thumbprint: keyring.Thumbprint(&key.PublicKey), EnrolledAt: start}, start)
	w.must(err)
	body, err := wire.Canonical(map[string]any{"account": "user-" + device, "password": password, "device": device})
	w.must(err)
	var t struct{ AccessToken string }
	w.into(w.mustAsk(p, "POST", "/v1/sessions", string(body)), &t)
	sum := sha256.Sum256([]byte(t.AccessToken))
	p.access, p.ath = t.AccessToken, base64.RawURLEncoding.EncodeToString(sum[:])
	return p
}

// proof makes the DPoP proof of a request.
func (p *person) proof(w *world, method, path string) string {
	claims := fmt.Appendf(nil, `{"jti":"%s","htm":"%s","htu":"%s%s","iat":%d`, w.newID(), method, public, path, start.Unix())
	if p.access != "" {
		claims = fmt.Appendf(claims, `,"ath":"%s"`, p.ath)
	}
	signed := p.header + "." + base64.RawURLEncoding.EncodeToString(append(claims, '}'))
	signature, err := wire.Sign(p.key, []byte(signed))
	w.must(err)
	return signed + "." + signature
}
