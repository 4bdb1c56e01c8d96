package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/seed"
	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/law"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// merge: the leader sends two officers to an eating house; both answer without a network, and write different summaries.
func (d *day) merge(ctx context.Context) error {
	party := d.party("餐饮", "小吃店", "食品")
	if err := d.assign(ctx, party); err != nil {
		return err
	}
	var err error
	if d.inspection, err = d.begin(ctx, d.first, d.second.who, party, seed.FoodChecklist); err != nil {
		return err
	}
	if err := d.second.Sync(ctx); err != nil {
		return err
	}
	d.first.net.switchTo(false)
	d.second.net.switchTo(false)
	d.story.tell(d.first.who.Name, "离线填写第1至4项和小结", "answers 1 to 4 and the summary, offline")
	d.story.tell(d.second.who.Name, "离线填写第5至8项和小结", "answers 5 to 8 and the summary, offline")
	const ours, theirs = "生熟食品操作区未分开，其余符合要求", "进货查验记录不全，其余符合要求"
	if err := d.answer(ctx, d.first, theirs, map[string]string{"q01": "符合", "q02": "符合", "q03": "不符合", "q04": "符合"}); err != nil {
		return err
	}
	if err := d.answer(ctx, d.second, ours, map[string]string{"q05": "符合", "q06": "不符合", "q07": "符合", "q08": "符合"}); err != nil {
		return err
	}
	d.first.net.switchTo(true)
	d.second.net.switchTo(true)
	if err := errors.Join(d.settled(ctx, d.first), d.settled(ctx, d.second)); err != nil {
		return err
	}
	d.story.tell(d.second.who.Name, "恢复网络，后同步：答案已合并，小结冲突", "syncs second: answers merged, the summary clashes")
	d.compare("merge.answers", "互不冲突的答案全部保留", "answers that do not clash all stand",
		"q01=符合 q02=符合 q03=不符合 q04=符合 q05=符合 q06=不符合 q07=符合 q08=符合", func() (string, error) { return d.answers(ctx) })
	return d.resolve(ctx, ours, theirs)
}

// party finds a party of the street whose name speaks of one of the trades.
func (d *day) party(trades ...string) seedParty {
	var last seedParty
	for _, op := range d.district.Subjects {
		if op.Patch["unit"] != street {
			continue
		}
		last = seedParty{op.Record, op.Patch}
		name, _ := op.Patch["name"].(string)
		for _, trade := range trades {
			if strings.Contains(name, trade) {
				return last
			}
		}
	}
	return last
}

type seedParty struct {
	id   string
	body record.Object
}

func (p seedParty) name() string { return fmt.Sprint(p.body["name"]) }

// assign: the leader gives the first two a task.
func (d *day) assign(ctx context.Context, party seedParty) error {
	var err error
	d.task, err = d.leader.Create(ctx, inspect.Tasks.Name, record.Object{
		"title": "日常检查：" + party.name(), "unit": street, "subject": party.id, "kind": "routine", "state": inspect.TaskAssigned,
		"items": []any{law.District + "SCJJC02001"}, "due": stamp(d.now().Add(8 * time.Hour)),
		"officers": team(d.first.who, d.second.who)})
	if err != nil {
		return err
	}
	d.story.tell(d.leader.who.Name, "派发检查任务："+party.name(), "assigns an inspection")
	return d.settled(ctx, d.leader)
}

// team names two officers, the first leading.
func team(lead, second seed.Person) record.Object {
	return record.Object{lead.ID: record.Object{"role": "lead"}, second.ID: record.Object{"role": "second"}}
}

// begin opens an inspection on a handheld: certificates shown, then the start. It is synced when there is a network.
func (d *day) begin(ctx context.Context, h *hand, with seed.Person, party seedParty, checklist string) (string, error) {
	shown := d.now()
	body := record.Object{"unit": street, "subject": party.id, "checklist": d.district.ChecklistID(checklist),
		"officers": team(h.who, with), "state": inspect.Open, "startedAt": stamp(shown),
		"certificatesShown": record.Object{"at": stamp(shown), "officers": []any{h.who.ID, with.ID}},
		"place":             party.body["place"], "present": record.Object{"name": party.body["representative"], "role": "负责人"}}
	if h == d.first {
		body["task"] = d.task
	}
	id, err := h.Create(ctx, inspect.Inspections.Name, body)
	if err != nil {
		return "", err
	}
	d.story.tell(h.who.Name, "亮证后开始检查："+party.name(), "shows certificates and begins an inspection")
	if h.net.isDown() {
		return id, nil
	}
	return id, d.settled(ctx, h)
}

// answer writes answers and the summary on a handheld.
func (d *day) answer(ctx context.Context, h *hand, summary string, answers map[string]string) error {
	id := d.inspection
	if h == d.third {
		id = d.lone
	}
	at := stamp(d.now())
	return h.Update(ctx, inspect.Inspections.Name, id, func(body record.Object) {
		set, _ := body["answers"].(record.Object)
		if set == nil {
			set = record.Object{}
			body["answers"] = set
		}
		for q, value := range answers {
			set[q] = record.Object{"value": value, "at": at}
		}
		body["summary"] = summary
	})
}

// answers reads the inspection's answers from the server.
func (d *day) answers(ctx context.Context) (string, error) {
	_, body, err := d.leader.record(ctx, inspect.Inspections.Name, d.inspection)
	if err != nil {
		return "", err
	}
	set, _ := body["answers"].(record.Object)
	var all []string
	for _, q := range slices.Sorted(maps.Keys(set)) {
		entry, _ := set[q].(record.Object)
		all = append(all, fmt.Sprintf("%s=%v", q, entry["value"]))
	}
	return strings.Join(all, " "), nil
}

// resolve: the conflict holds both sides; the leader decides, and the second officer takes note.
func (d *day) resolve(ctx context.Context, ours, theirs string) error {
	clashes, err := d.second.Conflicts(ctx)
	if err != nil || len(clashes) != 1 {
		return fmt.Errorf("%d conflicts on the second handheld: %w", len(clashes), err)
	}
	id := clashes[0].Outcome.Conflict
	d.compare("merge.conflict", "同一字段两种说法：冲突记录保存双方", "one field said twice: the conflict keeps both sides",
		"ours="+ours+" theirs="+theirs, func() (string, error) {
			_, body, err := d.leader.record(ctx, collections.Conflicts.Name, id)
			fields, _ := body["fields"].(record.Object)
			sides, _ := fields["summary"].(record.Object)
			return fmt.Sprintf("ours=%v theirs=%v", sides["ours"], sides["theirs"]), err
		})
	if err := d.decide(ctx, id); err != nil {
		return err
	}
	if err := d.second.Dismiss(ctx, clashes[0].ID); err != nil {
		return err
	}
	return errors.Join(d.settled(ctx, d.first), d.settled(ctx, d.second))
}

// decide: the decision is an edit of the conflict, which makes that of the record.
func (d *day) decide(ctx context.Context, conflict string) error {
	const decided = "进货查验记录不全、生熟食品操作区未分开，责令改正；其余符合要求"
	err := d.leader.Sync(ctx)
	if err == nil {
		err = d.leader.Update(ctx, collections.Conflicts.Name, conflict, func(body record.Object) {
			body["state"], body["reason"] = collections.ConflictResolved, "两名执法人员各自发现的问题均予记录"
			body["resolution"] = record.Object{"summary": record.Object{"take": record.TakeValue, "value": decided}}
		})
	}
	if err == nil {
		err = d.settled(ctx, d.leader)
	}
	if err != nil {
		return err
	}
	d.story.tell(d.leader.who.Name, "裁定冲突："+decided, "resolves the conflict")
	d.compare("merge.resolved", "负责人裁定，记录与冲突同时更新", "the leader decides: record and conflict change together",
		"resolved "+decided, func() (string, error) {
			_, body, err := d.leader.record(ctx, inspect.Inspections.Name, d.inspection)
			if err != nil {
				return "", err
			}
			stored, err := d.stored(ctx, collections.Conflicts.Name, conflict)
			return fmt.Sprintf("%v %v", stored["state"], body["summary"]), err
		})
	return nil
}

// lostReply: the server acts, but its reply is lost; the handheld sends the same again.
func (d *day) lostReply(ctx context.Context) error {
	before, err := d.server.DB.Revisions(ctx, d.inspection)
	if err != nil {
		return err
	}
	err = d.first.Update(ctx, inspect.Inspections.Name, d.inspection, func(body record.Object) {
		body["opinion"] = "情况属实，立即整改"
	})
	if err != nil {
		return err
	}
	d.first.net.arm(mishap{method: http.MethodPost, path: "/v1/sync/push", loseReply: true})
	if err := d.settled(ctx, d.first); err != nil {
		return err
	}
	d.story.tell(d.first.who.Name, "服务器已处理，回执丢失；终端自动重发同一批操作", "the server has acted, its reply is lost; the same ops are sent again")
	pushes := d.first.net.past(http.MethodPost, "/v1/sync/push")
	if len(pushes) < 2 || !pushes[len(pushes)-2].Fault {
		return errors.New("the reply was not lost")
	}
	lost, again := pushes[len(pushes)-2], pushes[len(pushes)-1]
	d.compare("replay.outcomes", "重发得到同样的结果，并标明是重放", "the replay has the same outcomes, marked as replayed",
		outcomes(lost.Reply, true), func() (string, error) { return outcomes(again.Reply, false), nil })
	d.compare("replay.once", "没有任何内容被重复记入", "nothing is stored twice",
		fmt.Sprintf("%d 个版本 versions", len(before)+1), func() (string, error) {
			after, err := d.server.DB.Revisions(ctx, d.inspection)
			return fmt.Sprintf("%d 个版本 versions", len(after)), err
		})
	return nil
}

// outcomes tells a push's outcomes; replayed: as they must be told when it comes again.
func outcomes(reply []byte, replayed bool) string {
	var r wire.PushReply
	if err := wire.Decode(reply, &r); err != nil {
		return failed(err)
	}
	var all []string
	for _, o := range r.Outcomes {
		all = append(all, fmt.Sprintf("#%d %s v%d replayed=%v", o.Seq, o.Status, o.Version, o.Replayed || replayed))
	}
	return strings.Join(all, " ")
}

// gap: the first of two ops is lost on the way. The server takes neither, and says where to go on from.
func (d *day) gap(ctx context.Context) error {
	h := d.second
	for _, edit := range [][2]string{{"role", "店长"}, {"phone", "022-00000000"}} {
		err := h.Update(ctx, inspect.Inspections.Name, d.inspection, func(body record.Object) {
			present, _ := body["present"].(record.Object)
			present[edit[0]] = edit[1]
		})
		if err != nil {
			return err
		}
	}
	waiting, err := h.Unsent(ctx)
	if err != nil || len(waiting) != 2 {
		return fmt.Errorf("%d ops wait: %w", len(waiting), err)
	}
	h.net.arm(mishap{method: http.MethodPost, path: "/v1/sync/push", skipFirst: true})
	if err := d.settled(ctx, h); err != nil {
		return err
	}
	d.story.tell(h.who.Name, "上传时丢失一项操作：服务器拒绝缺口，终端从指定序号重传", "an op is lost on the way: the gap is refused, the handheld goes on from the number told")
	pushes := h.net.past(http.MethodPost, "/v1/sync/push")
	if len(pushes) < 2 {
		return errors.New("the gap was not refused")
	}
	d.compare("gap.refused", "序号缺口整批拒绝，并告知应从何处继续", "a gap is refused as a whole, with the number to go on from",
		fmt.Sprintf("409 push.sequence_gap expected=%d", waiting[0].Seq), func() (string, error) {
			refused := pushes[len(pushes)-2]
			problem, err := wire.Object(refused.Reply)
			return fmt.Sprintf("%d %v expected=%v", refused.Status, problem["code"], problem["expected"]), err
		})
	d.compare("gap.healed", "重传后两项操作均已记入", "sent again, both ops are taken", "店长 022-00000000", func() (string, error) {
		_, body, err := h.record(ctx, inspect.Inspections.Name, d.inspection)
		present, _ := body["present"].(record.Object)
		return fmt.Sprintf("%v %v", present["role"], present["phone"]), err
	})
	return nil
}
