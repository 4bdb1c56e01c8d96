package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/seed"
	"github.com/fieldwarden/fieldwarden/domain/inspect"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// suspended: whoever was out without a network does not know of the suspension. What happened in the street is taken, and a
// finding says what was wrong with it.
func (d *day) suspended(ctx context.Context) error {
	_, _, _, _, chaperon, err := d.cast()
	if err != nil {
		return err
	}
	// the moment of the act is known to a second or two; the suspension must be clearly before it
	if err := wait(ctx, time.Until(d.suspendedAt.Add(3*time.Second))); err != nil {
		return err
	}
	if d.lone, err = d.begin(ctx, d.third, chaperon, d.party("五金", "商贸", "便利店"), seed.CityChecklist); err != nil {
		return err
	}
	if err := d.answer(ctx, d.third, "门前堆放货物，已当场清理", map[string]string{"q01": "不符合", "q02": "不符合"}); err != nil {
		return err
	}
	d.third.net.switchTo(true)
	if err := d.settled(ctx, d.third); err != nil {
		return err
	}
	d.story.tell(d.third.who.Name, "晚间联网同步：检查记录照收，系统提示证件问题", "syncs: the inspection is taken, and a finding is raised")
	d.compare("suspended.taken", "已发生的检查不拒收", "what happened in the street is not refused", "open q01=不符合 q02=不符合", func() (string, error) {
		body, err := d.stored(ctx, inspect.Inspections.Name, d.lone)
		set, _ := body["answers"].(record.Object)
		one, _ := set["q01"].(record.Object)
		two, _ := set["q02"].(record.Object)
		return fmt.Sprintf("%v q01=%v q02=%v", body["state"], one["value"], two["value"]), err
	})
	d.compare("suspended.finding", "证件暂扣期间执法，生成待核查事项", "findings say what was wrong with it",
		people.NotCertified+" "+people.TooFew, func() (string, error) { return d.findings(ctx, d.lone) })
	return d.explain(ctx)
}

// findings lists the codes of what was found about a record.
func (d *day) findings(ctx context.Context, id string) (string, error) {
	found, err := d.server.DB.Lookup(ctx, collections.Findings.Name, "record", id)
	var codes []string
	for _, f := range found {
		body, bodyErr := wire.Object(f.Body)
		err = errors.Join(err, bodyErr)
		codes = append(codes, fmt.Sprint(body["code"]))
	}
	slices.Sort(codes)
	if len(codes) == 0 {
		return "无 none", err
	}
	return strings.Join(codes, " "), err
}

// explain: the leader answers for the finding; it is an edit with history like any other.
func (d *day) explain(ctx context.Context) error {
	if err := d.leader.Sync(ctx); err != nil {
		return err
	}
	all, err := d.leader.List(ctx, collections.Findings.Name)
	if err != nil {
		return err
	}
	for _, f := range all {
		if f.Body["record"] != d.lone || f.Body["code"] != people.NotCertified {
			continue
		}
		err := d.leader.Update(ctx, collections.Findings.Name, f.ID, func(body record.Object) {
			body["state"], body["explanation"] = collections.FindingExplained, "外出期间未收到暂扣通知，当日已收回证件，由其他执法人员复查"
		})
		if err == nil {
			err = d.settled(ctx, d.leader)
		}
		if err != nil {
			return err
		}
		d.story.tell(d.leader.who.Name, "说明待核查事项", "explains the finding")
		d.compare("suspended.explained", "负责人说明，监督人员可见", "the leader explains, supervisors see it",
			collections.FindingExplained, func() (string, error) {
				_, body, err := d.desk.record(ctx, collections.Findings.Name, f.ID)
				return fmt.Sprint(body["state"]), err
			})
		return nil
	}
	return errors.New("the leader's handheld has no such finding")
}
