package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/seed"
	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// street is where the day plays: 大王庄街道.
const street = law.District + "001"

// day is one scripted day on one running server.
type day struct {
	server    *server.Server
	district  *seed.District
	password  string
	handhelds string // folder of the handhelds' local files, new for each run
	transport *http.Transport
	story     *story
	table     *Table
	now       func() time.Time
	after     func(scene string, s *server.Server) // may be nil

	hands  []*hand
	leader *hand // 大队长
	first  *hand // leads the inspections
	second *hand // goes with the first
	third  *hand // whose certificate is suspended that morning
	desk   *hand // the supervisor's browser

	task        string
	inspection  string // of the first two
	lone        string // of the third
	suspendedAt time.Time
	video       string // evidence ids
	penalty     string // document ids
	protocol    string
}

// scenes are the parts of the day, in order.
func (d *day) scenes() []scene {
	return []scene{
		{"morning", "清晨：设备登记、登录、同步", "morning: enrolment, sign-in, everything pulled", d.morning},
		{"certificates", "亮证核验与暂扣", "certificates are checked, one is suspended", d.certificates},
		{"merge", "两人离线编辑同一检查", "two officers edit one inspection offline", d.merge},
		{"reply", "回执丢失与重发", "a lost reply, and the replay", d.lostReply},
		{"gap", "操作序号缺口", "a gap in the sequence", d.gap},
		{"video", "音视频上传、中断与续传", "a recording, cut in the middle and resumed", d.recordings},
		{"suspended", "被暂扣证件者仍在检查", "the officer whose certificate is suspended inspects all the same", d.suspended},
		{"penalty", "离线当场处罚", "a penalty on the spot, issued offline", d.onTheSpot},
		{"paper", "现场检查笔录", "the record of the inspection", d.paper},
		{"frozen", "修改已签发的文书", "an issued paper is edited", d.frozen},
		{"evening", "收工：全部一致", "evening: everybody sees the same", d.evening},
		{"audit", "全库核验", "everything stored is proven", d.audit},
	}
}

// scene is one part of the day.
type scene struct {
	id, zh, en string
	play       func(context.Context) error
}

// run plays the day. A scene that breaks off is a line that does not hold; the day goes on as far as it can.
func (d *day) run(ctx context.Context) {
	for _, s := range d.scenes() {
		if ctx.Err() != nil {
			return
		}
		d.story.scene(s.zh, s.en)
		if err := s.play(ctx); err != nil {
			d.story.tell("!", "中断："+err.Error(), "broke off")
			d.table.add(s.id, s.zh, s.en, "完成 done", failed(err))
		}
		if d.after != nil {
			d.after(s.id, d.server)
		}
	}
}

// close closes what the handhelds hold open.
func (d *day) close() error {
	var errs []error
	for _, h := range d.hands {
		errs = append(errs, h.Close())
	}
	return errors.Join(errs...)
}

// compare adds a line whose right side is asked for now.
func (d *day) compare(id, zh, en, expected string, ask func() (string, error)) {
	held, err := ask()
	if err != nil {
		held = failed(err)
	}
	d.table.add(id, zh, en, expected, held)
}

// stored reads a record from the database, past the API.
func (d *day) stored(ctx context.Context, collection, id string) (record.Object, error) {
	r, err := d.server.DB.Record(ctx, collection, id)
	if err != nil {
		return nil, err
	}
	return wire.Object(r.Body)
}

// patience is how long the server's own work may take: rendering a paper, promoting a recording.
const patience = 30 * time.Second

// await reads a record until the server has written a field of it.
func (d *day) await(ctx context.Context, collection, id, field string) (record.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		body, err := d.stored(ctx, collection, id)
		if err != nil {
			return nil, err
		}
		if inner, ok := body[field].(record.Object); ok {
			return inner, nil
		}
		if err := wait(ctx, 50*time.Millisecond); err != nil {
			return nil, fmt.Errorf("%s/%s: the server has not written %q: %w", collection, id, field, err)
		}
	}
}

func wait(ctx context.Context, span time.Duration) error {
	t := time.NewTimer(span)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// stamp is a moment as bodies carry it.
func stamp(t time.Time) string { return t.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano) }

// cast finds who plays the day: not the street's first officer, whose certificate soon runs out.
func (d *day) cast() (leader, first, second, third, chaperon seed.Person, err error) {
	leaders, officers := d.district.In(street, people.RoleLeader), d.district.In(street, people.RoleOfficer)
	if len(leaders) < 1 || len(officers) < 5 {
		return leader, first, second, third, chaperon, fmt.Errorf("street %s has too few officers", street)
	}
	return leaders[0], officers[1], officers[2], officers[3], officers[4], nil
}
