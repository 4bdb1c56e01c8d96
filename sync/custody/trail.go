package custody

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Trail is all that is known of the custody of a recording, and what is not.
type Trail struct {
	Evidence string
	Body     record.Object // of the evidence record
	Acts     []evidence.Entry
	Keeping  evidence.Keeping // of what is held
	Held     bool             // under a hold
	Check    Check            // the last reading; with Checked
	Checked  bool
	Findings []Finding         // about the recording
	Names    map[string]string // of persons by record id, and of units by code, where they are known
	Unknown  []Gap
	At       time.Time // when this was put together
}

// Finding is a finding about the recording, as people see it.
type Finding struct{ Code, State, Zh, En, Explanation string }

// Gap is something that the trail cannot say.
type Gap struct{ Zh, En string }

// Trail puts together what is known of the custody of an evidence, for those who have the right over its unit: absent and foreign are alike
// fault request.not_found. Acts come in the order of their time; the first is the announcement, an op of the device.
func (s *Service) Trail(ctx context.Context, caller people.Caller, id string) (Trail, error) {
	t := Trail{Evidence: id, Names: map[string]string{}, At: s.Now()}
	if !record.IsID(id) {
		return t, fault.New(fault.NotFound)
	}
	var err error
	if t.Body, err = s.find(ctx, evidence.Evidence.Name, id); err != nil {
		return t, err
	}
	if t.Body == nil || !caller.MayAny("custody.read", evidence.Evidence.UnitsOf(t.Body), s.Now()) {
		return t, fault.New(fault.NotFound)
	}
	if err := s.collect(ctx, &t); err != nil {
		return t, err
	}
	t.Keeping = evidence.KeepingOf(t.Body, t.At)
	t.Unknown = t.gaps()
	return t, s.name(ctx, &t)
}

// collect reads what the records say.
func (s *Service) collect(ctx context.Context, t *Trail) error {
	past, err := s.History.Revisions(ctx, t.Evidence)
	if err != nil {
		return err
	}
	if len(past) > 0 {
		first, err := wire.Object(past[0].Body)
		if err != nil {
			return err
		}
		t.Acts = append(t.Acts, announcement(t, text(first, "unit"), past[0]))
	}
	acts, err := s.bodies(ctx, evidence.Custodies.Name, t.Evidence)
	for _, key := range slices.Sorted(maps.Keys(acts)) {
		t.Acts = append(t.Acts, evidence.ReadEntry(acts[key]))
	}
	if err != nil {
		return err
	}
	slices.SortStableFunc(t.Acts, func(a, b evidence.Entry) int { return a.At.Compare(b.At) })
	if t.Held, err = s.heldHere(ctx, t.Evidence); err != nil {
		return err
	}
	if t.Check, t.Checked, err = s.Checks.LastCheck(ctx, Recording(t.Evidence)); err != nil {
		return err
	}
	findings, err := bodiesOf(s.History.Lookup(ctx, "findings", "record", t.Evidence))
	for _, key := range slices.Sorted(maps.Keys(findings)) {
		f := findings[key]
		t.Findings = append(t.Findings, Finding{text(f, "code"), text(f, "state"), text(f, "zh"), text(f, "en"), text(f, "explanation")})
	}
	return err
}

// announcement is the first act: unit is the one that the recording was announced for.
func announcement(t *Trail, unit string, r pull.Revision) evidence.Entry {
	e := evidence.Entry{Evidence: t.Evidence, Unit: text(t.Body, "unit"), Act: evidence.ActCreate, Actor: r.Author, ActorUnit: unit, Device: r.Device, At: r.ReceivedAt, Related: r.Op,
		Detail: record.Object{"claimedAt": r.OccurredAt.UTC().Format(time.RFC3339Nano)}}
	if r.Author == record.ServerAuthor {
		e.Actor, e.ActorUnit = "", ""
	}
	return e
}

// gaps lists what nobody can say from here.
func (t *Trail) gaps() []Gap {
	gaps := []Gap{{"设备登记之前的情况：录制、保存和登记之间，内容只在设备上，服务器没有见证。",
		"What was before the announcement: until the bytes came they were on the device alone, and the server has witnessed nothing of it."},
		{"设备时间是设备自称的；服务器只能证明何时收到。", "Times of the device are what it claims; the server can only say when it received."}}
	custody, _ := t.Body["custody"].(record.Object)
	if segments, _ := t.Body["segments"].(record.Object); len(segments) == 0 {
		gaps = append(gaps, Gap{"该录音录像没有分段签名，登记之前是否剪辑过，不能由分段链证明。",
			"The recording has no signed segments: that it was not cut before it was announced cannot be shown by them."})
	}
	switch evidence.StateOf(t.Body) {
	case evidence.CustodyHeld, evidence.CustodyDisposing, evidence.CustodyDisposed:
	default:
		gaps = append(gaps, Gap{"内容尚未到达服务器。", "The server does not hold the bytes yet."})
	}
	unseen, seen := 0, 0
	for _, e := range t.Acts {
		if e.Act == evidence.ActView || e.Act == evidence.ActDownload {
			if seen++; len(e.Ranges) == 0 {
				unseen++
			}
		}
	}
	if seen > 0 {
		gaps = append(gaps, Gap{"调阅范围是服务器发出的字节；屏幕前另有何人、是否翻拍，不得而知。",
			"Ranges are the octets that the server sent out; who else sat before the screen, and whether it was filmed, is not known."})
	}
	if unseen > 0 {
		gaps = append(gaps, Gap{fmt.Sprintf("有 %d 次调阅没有范围：仍在进行，或服务器中断时最多五分钟的范围丢失。", unseen),
			fmt.Sprintf("%d viewings have no ranges: they go on, or a server that broke off has lost at most five minutes of them.", unseen)})
	}
	if text(custody, "receipt") != "" && (!t.Checked || !t.Check.At.After(received(custody))) && evidence.StateOf(t.Body) == evidence.CustodyHeld {
		gaps = append(gaps, Gap{"入库校验之后尚未复核。", "It was not read again since it was taken into custody."})
	}
	if t.Check.Unread > 0 {
		gaps = append(gaps, Gap{fmt.Sprintf("自 %s 起 %d 次复核未能读出内容，其间是否完好不得而知。", t.Check.UnreadSince.In(record.Beijing).Format("2006-01-02 15:04"), t.Check.Unread),
			fmt.Sprintf("The bytes could not be read since %s, in %d readings: whether they are sound since then is not known.",
				t.Check.UnreadSince.UTC().Format(time.RFC3339), t.Check.Unread)})
	}
	if slices.ContainsFunc(t.Keeping.By, func(term evidence.Term) bool { return !term.Confirmed }) {
		gaps = append(gaps, Gap{"保存期限的依据待核实。", "The basis of the retention is not confirmed yet."})
	}
	return gaps
}

func received(custody record.Object) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, text(custody, "receivedAt"))
	return at
}

// name finds the names of the persons and units that the trail names.
func (s *Service) name(ctx context.Context, t *Trail) error {
	persons, units := map[string]bool{text(t.Body, "officer"): true}, map[string]bool{text(t.Body, "unit"): true}
	for _, e := range t.Acts {
		persons[e.Actor], units[e.ActorUnit], units[e.Unit] = true, true, true
	}
	for id := range persons {
		if !record.IsID(id) {
			continue
		}
		body, err := s.find(ctx, people.Officers.Name, id)
		if err != nil {
			return err
		}
		if name := text(body, "name"); name != "" {
			t.Names[id] = name
		}
	}
	for code := range units {
		found, err := s.History.Lookup(ctx, people.Units.Name, "code", code)
		if err != nil {
			return err
		}
		for _, r := range found {
			body, err := wire.Object(r.Body)
			if err != nil {
				return err
			}
			t.Names[code] = text(body, "name")
		}
	}
	return nil
}
