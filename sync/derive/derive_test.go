package derive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/derive"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// maker makes the same of everything, or fails.
type maker struct {
	err  error
	made int
	was  derive.Source
}

func (m *maker) Make(_ context.Context, of derive.Source, r evidence.Recipe) (derive.Made, error) {
	m.made, m.was = m.made+1, of
	if m.err != nil {
		return derive.Made{}, m.err
	}
	octets := []byte("made: " + r.Kind)
	sum := sha256.Sum256(octets)
	return derive.Made{File: io.NopCloser(bytes.NewReader(octets)), Digest: evidence.Digest{Length: int64(len(octets)), SHA256: hex.EncodeToString(sum[:])},
		MIME: "image/jpeg", Tools: record.Object{"ffmpeg": "5"}}, nil
}

func caller(role people.Role, unit string) people.Caller {
	return people.Caller{Officer: newID(), Device: newID(), Unit: unit, Grants: []people.Grant{{Role: role, Unit: unit}}}
}

func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if !errors.Is(err, fault.New(code)) {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// TestADerivativeIsAskedForAndMade: it is linked to its evidence, has its own digest, recipe and tools, and asking is an act of custody.
func TestADerivativeIsAskedForAndMade(t *testing.T) {
	w, m := newWorld(t), &maker{}
	w.Maker = m
	octets := sample(t, "frag.mp4")
	id, officer := w.hold(octets, nil), caller(people.RoleOfficer, street)
	poster := record.Object{"kind": "poster", "atMs": 1000.0}
	made, err := w.Request(ctx, officer, id, poster, "核对现场画面")
	w.must(err)
	_, err = w.Content(ctx, officer, made)
	wantFault(t, "before it is made", err, fault.DerivePending)
	for range 2 { // done again it changes nothing
		w.must(w.Derive(ctx, made))
	}
	body := w.body("derivatives", made)
	file, _ := body["file"].(record.Object)
	if m.made != 1 || m.was.Format.Name != "mp4" || m.was.Digest.Length != int64(len(octets)) || body["state"] != "made" || body["unit"] != street || body["evidence"] != id ||
		body["of"] != m.was.Digest.SHA256 || file["mime"] != "image/jpeg" || body["requestedBy"] != officer.Officer {
		t.Errorf("%v by %+v, %d times", body, m.was, m.made)
	}
	f, err := w.Content(ctx, officer, made)
	w.must(err)
	r, err := f.OpenRange(ctx, 0, -1)
	w.must(err)
	got, _ := io.ReadAll(r)
	if r.Close(); string(got) != "made: poster" || f.Evidence != id {
		t.Errorf("%q of %s", got, f.Evidence)
	}
	again, err := w.Request(ctx, officer, id, poster, "再看一次")
	if err != nil || again != made {
		t.Errorf("asked again it is another: %v", err)
	}
	acts := slices.DeleteFunc(w.about("custody", "evidence", id), func(act record.Object) bool { return act["act"] == "receive" })
	if len(acts) != 1 || acts[0]["act"] != "derive" || acts[0]["actor"] != officer.Officer || acts[0]["related"] != made || acts[0]["reason"] != "核对现场画面" {
		t.Errorf("acts %v", acts)
	}
	stored, err := w.blobs.OpenRange(ctx, evidence.Key(evidence.Recordings, m.was.Digest.SHA256), 0, -1)
	w.must(err)
	defer stored.Close()
	if original, _ := io.ReadAll(stored); !bytes.Equal(original, octets) {
		t.Error("the original has changed")
	}
	w.own(push.ServerOp{Collection: "evidence", Record: id, Action: record.Update, Patch: record.Object{"custody": record.Object{"state": "disposed"}}})
	_, err = w.Content(ctx, officer, made)
	wantFault(t, "of a recording that was disposed of", err, fault.Disposed)
	for range 2 { // done again it changes nothing
		w.must(w.Forget(ctx, id))
	}
	_, err = w.blobs.Stat(ctx, file["key"].(string))
	wantFault(t, "its file", err, fault.NotFound)
	if body := w.body("derivatives", made); body["state"] != "disposed" || body["file"] != nil {
		t.Errorf("%v", body)
	}
}

// TestADamagedCopyIsMadeAnew: where the store has other bytes under its name, and the nightly reading has said so, who asks again gets it.
func TestADamagedCopyIsMadeAnew(t *testing.T) {
	w := newWorld(t)
	w.Maker = &maker{}
	id, officer, poster := w.hold(sample(t, "frag.mp4"), nil), caller(people.RoleOfficer, street), record.Object{"kind": "poster"}
	first, err := w.Request(ctx, officer, id, poster, "核对现场画面")
	w.must(err)
	w.must(w.Derive(ctx, first))
	w.spoil(w.body("derivatives", first)["file"].(record.Object)["key"].(string), "spoilt: it")
	w.own(push.ServerOp{Collection: "derivatives", Record: first, Action: record.Update, Patch: record.Object{"state": "failed", "file": nil,
		"failure": record.Object{"code": string(fault.DeriveDamaged)}}})
	_, err = w.Content(ctx, officer, first)
	wantFault(t, "the damaged one", err, fault.DeriveDamaged)
	second, err := w.Request(ctx, officer, id, poster, "重新制作")
	if err != nil || second == first {
		t.Fatalf("asked again it is the damaged one: %v", err)
	}
	if err := w.Derive(ctx, second); err != nil {
		wantFault(t, "the first try, which finds the place taken", err, fault.StoreDiffers)
		w.must(w.Derive(ctx, second))
	}
	f, err := w.Content(ctx, officer, second)
	w.must(err)
	r, err := f.OpenRange(ctx, 0, -1)
	w.must(err)
	defer r.Close()
	if got, _ := io.ReadAll(r); string(got) != "made: poster" {
		t.Errorf("%q", got)
	}
}

// TestWhatCannotBeMadeIsSaid, and may be asked for again; what may pass is tried again.
func TestWhatCannotBeMadeIsSaid(t *testing.T) {
	w, m := newWorld(t), &maker{err: fault.New(fault.DeriveTooMuch)}
	w.Maker = m
	id, officer := w.hold(sample(t, "frag.mp4"), nil), caller(people.RoleOfficer, street)
	first, err := w.Request(ctx, officer, id, record.Object{"kind": "sprite"}, "x")
	w.must(err)
	w.must(w.Derive(ctx, first))
	if body := w.body("derivatives", first); body["state"] != "failed" || body["failure"].(record.Object)["code"] != "derive.too_much" {
		t.Errorf("%v", body)
	}
	_, err = w.Content(ctx, officer, first)
	wantFault(t, "what has failed", err, fault.DeriveTooMuch)
	second, err := w.Request(ctx, officer, id, record.Object{"kind": "sprite"}, "x")
	if err != nil || second == first {
		t.Errorf("a failed one is given again: %v", err)
	}
	m.err = fault.New(fault.TemporarilyDown)
	wantFault(t, "a store that is down", w.Derive(ctx, second), fault.TemporarilyDown)
	if w.body("derivatives", second)["state"] != "asked" {
		t.Error("a store that is down has ended it")
	}
	unknown := w.hold([]byte("#EXTM3U\nfile:///etc/passwd\n"), nil)
	playlist, err := w.Request(ctx, officer, unknown, record.Object{"kind": "playable"}, "x")
	w.must(err)
	made := m.made
	w.must(w.Derive(ctx, playlist))
	if body := w.body("derivatives", playlist); body["state"] != "failed" || m.made != made {
		t.Errorf("a playlist was given to the maker: %v", body)
	}
}

// TestWhoMayAsk: foreign and absent are alike; without programs nothing is promised.
func TestWhoMayAsk(t *testing.T) {
	w := newWorld(t)
	id := w.hold(sample(t, "frag.mp4"), nil)
	poster := record.Object{"kind": "poster"}
	_, err := w.Request(ctx, caller(people.RoleOfficer, street), id, poster, "x")
	wantFault(t, "no programs", err, fault.DeriveOff)
	w.Maker = &maker{}
	for name, c := range map[string]struct {
		who people.Caller
		id  string
	}{"another street": {caller(people.RoleOfficer, "120102002"), id}, "an administrator": {caller(people.RoleSysAdmin, "120102"), id},
		"absent": {caller(people.RoleOfficer, street), newID()}} {
		_, err := w.Request(ctx, c.who, c.id, poster, "x")
		wantFault(t, name, err, fault.NotFound)
		_, err = w.List(ctx, c.who, c.id)
		wantFault(t, name, err, fault.NotFound)
	}
	made, err := w.Request(ctx, caller(people.RoleSupervisor, "120102"), id, poster, "x")
	w.must(err)
	_, err = w.Content(ctx, caller(people.RoleOfficer, "120102002"), made)
	wantFault(t, "its content for another street", err, fault.NotFound)
	if all, err := w.List(ctx, caller(people.RoleLeader, street), id); err != nil || len(all) != 1 || all[made]["state"] != "asked" {
		t.Errorf("%v, %v", all, err)
	}
}

// TestRecipesThatAreNone are refused by the field that is wrong.
func TestRecipesThatAreNone(t *testing.T) {
	box := record.Object{"x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5}
	for field, recipe := range map[string]record.Object{
		"kind":      {"kind": "movie"},
		"atMs":      {"kind": "poster", "atMs": -1.0},
		"blur":      {"kind": "poster", "blur": record.Object{"a": box}},
		"blur/a":    {"kind": "redacted", "blur": record.Object{"a": record.Object{"x": 0.9, "y": 0.0, "width": 0.5, "height": 0.5}}},
		"mute/a":    {"kind": "redacted", "mute": record.Object{"a": record.Object{"fromMs": 5.0, "toMs": 5.0}}},
		"watermark": {"kind": "playable", "watermark": "a\x00b"},
		"filter":    {"kind": "poster", "filter": "movie=/etc/passwd"},
	} {
		_, err := evidence.RecipeOf(recipe)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != fault.RecipeInvalid || f.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	whole := record.Object{"kind": "redacted", "watermark": "甲", "blur": record.Object{"a": box}, "mute": record.Object{"b": record.Object{"fromMs": 1.0, "toMs": 2.0}}}
	r, err := evidence.RecipeOf(whole)
	if err != nil || len(r.Blur) != 1 || len(r.Mute) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if back, err := evidence.RecipeOf(r.Object()); err != nil || back.Blur[0] != r.Blur[0] || back.Mute[0] != r.Mute[0] || back.Watermark != "甲" {
		t.Errorf("%+v, %v", back, err)
	}
}
