package demo

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/seed"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// morning: the leader's handheld is enrolled by whoever runs the server; the leader makes the codes for the others.
func (d *day) morning(ctx context.Context) error {
	leader, first, second, third, _, err := d.cast()
	if err != nil {
		return err
	}
	if d.leader, err = d.byServer(ctx, leader, street); err != nil {
		return err
	}
	supervisors := d.district.In(law.District, people.RoleSupervisor)
	if d.desk, err = d.byServer(ctx, supervisors[0], law.District); err != nil {
		return err
	}
	for _, seat := range []struct {
		who seed.Person
		at  **hand
	}{{first, &d.first}, {second, &d.second}, {third, &d.third}} {
		if *seat.at, err = d.byLeader(ctx, seat.who); err != nil {
			return err
		}
	}
	d.compare("devices", "五台终端登记，人员登录", "five devices are enrolled, their people signed in",
		"街道 street: 4; 区 district: 1; 均绑定本机密钥 bound to their keys", func() (string, error) { return d.enrolled(ctx) })
	for _, h := range []*hand{d.first, d.third} {
		shown, err := h.seen(ctx, "ref/"+law.District)
		if err != nil {
			return err
		}
		d.compare("pull."+h.who.Account, h.who.Name+"的终端取得全区基础数据", h.who.Account+"'s device has the district's reference data",
			shown, func() (string, error) { return h.feedOnServer(ctx, "ref/"+law.District) })
	}
	return nil
}

// byServer enrols a handheld with a code that the command line would give out.
func (d *day) byServer(ctx context.Context, who seed.Person, unit string) (*hand, error) {
	code, err := d.server.Sessions.CreateCodeByServer(ctx, unit, time.Hour)
	if err != nil {
		return nil, err
	}
	return d.give(ctx, who, unit, code.Code)
}

// byLeader enrols a handheld with a code that the leader asks for over HTTP.
func (d *day) byLeader(ctx context.Context, who seed.Person) (*hand, error) {
	reply, err := d.leader.object(ctx, http.MethodPost, "/v1/enrolment-codes", nil, record.Object{"unit": street})
	if err != nil {
		return nil, fmt.Errorf("enrolment code: %w", err)
	}
	code, _ := reply["code"].(string)
	return d.give(ctx, who, street, code)
}

func (d *day) give(ctx context.Context, who seed.Person, unit, code string) (*hand, error) {
	h, err := d.newHand(ctx, who)
	if err != nil {
		return nil, err
	}
	h.unit = unit
	d.story.tell(who.Name, "用登记码 "+code+" 登记终端并登录", "enrols by code, signs in")
	return h, h.start(ctx, code, d.password)
}

// enrolled counts the day's devices as the server lists them, each bound to the key that is on it.
func (d *day) enrolled(ctx context.Context) (string, error) {
	counts := map[string]int{}
	for _, h := range d.hands {
		i, err := h.Identity(ctx)
		if err != nil {
			return "", err
		}
		on, err := d.server.DB.Device(ctx, i.ID)
		if err != nil {
			return "", err
		}
		if on.RevokedAt.IsZero() && len(on.PublicKey) > 0 && on.Unit == h.unit {
			counts[on.Unit]++
		}
	}
	return fmt.Sprintf("街道 street: %d; 区 district: %d; 均绑定本机密钥 bound to their keys", counts[street], counts[law.District]), nil
}

// certificates: two certificates are looked up; then the supervisor suspends one, while its holder is out of reach.
func (d *day) certificates(ctx context.Context) error {
	third := d.third.who
	if err := d.lift(ctx, third); err != nil {
		return err
	}
	d.story.tell(d.leader.who.Name, "核验"+d.first.who.Name+"、"+third.Name+"的执法证", "checks two certificates")
	for _, who := range []seed.Person{d.first.who, third} {
		d.compare("certificate."+who.Account, "亮证核验："+who.Name+"（"+who.Certificate+"）", "certificate of "+who.Account+" is checked",
			standingText(people.Valid), func() (string, error) { return d.leader.standing(ctx, who.Certificate) })
	}
	d.third.net.switchTo(false)
	d.story.tell(third.Name, "外出，终端无网络", "is out, without network")
	d.suspendedAt = d.now()
	if err := d.certificateEvent(ctx, third, people.Suspend, d.suspendedAt, "未按规定参加年度培训，暂扣至补训合格"); err != nil {
		return err
	}
	d.story.tell(d.desk.who.Name, "在监督后台暂扣"+third.Name+"的执法证", "suspends "+third.Account+"'s certificate at the supervisor's desk")
	d.compare("certificate.suspended", "上午暂扣"+third.Name+"的执法证", third.Account+"'s certificate is suspended that morning",
		standingText(people.Suspended), func() (string, error) { return d.leader.standing(ctx, third.Certificate) })
	return nil
}

// lift restores what an earlier run of the demo on the same folder has suspended.
func (d *day) lift(ctx context.Context, who seed.Person) error {
	now, err := d.leader.standing(ctx, who.Certificate)
	if err != nil || now != standingText(people.Suspended) {
		return err
	}
	d.story.tell(d.desk.who.Name, who.Name+"补训合格，恢复执法证（此前一次演示曾暂扣）", "restores a certificate that an earlier run had suspended")
	return d.certificateEvent(ctx, who, people.Restore, d.now(), "补训合格，恢复使用")
}

// certificateEvent writes an event into a certificate, at the supervisor's desk.
func (d *day) certificateEvent(ctx context.Context, who seed.Person, kind people.EventKind, at time.Time, reason string) error {
	found, err := d.server.DB.Lookup(ctx, people.Certificates.Name, "number", who.Certificate)
	if err != nil || len(found) != 1 {
		return fmt.Errorf("certificate %s: %d found, %w", who.Certificate, len(found), err)
	}
	key := strings.ToLower(string(kind)) + "-" + at.UTC().Format("20060102T150405.000")
	key = strings.ReplaceAll(key, ".", "-")
	err = d.desk.Update(ctx, people.Certificates.Name, found[0].ID, func(body record.Object) {
		events, _ := body["events"].(record.Object)
		if events == nil {
			events = record.Object{}
			body["events"] = events
		}
		events[key] = record.Object{"kind": string(kind), "at": stamp(at), "reason": reason}
	})
	if err != nil {
		return err
	}
	return d.settled(ctx, d.desk)
}

// settled syncs a handheld whose ops must all stand.
func (d *day) settled(ctx context.Context, h *hand) error {
	if err := h.Sync(ctx); err != nil {
		return err
	}
	rejected, err := h.Rejected(ctx)
	if err != nil || len(rejected) == 0 {
		return err
	}
	o := rejected[0].Outcome
	return fmt.Errorf("%s: %s %s/%s was %s: %s %s", h.who.Account, rejected[0].Action, rejected[0].Collection, rejected[0].Record, o.Status, o.Code, o.Zh)
}
