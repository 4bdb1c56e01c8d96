package custody

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// unreadTold is how many nights in a row must fail before people are told: a store that is away for an evening, or two, is no matter for a desk.
const unreadTold = 3

// unread notes that the store did not give an item: it refused, it failed, or the night was over before the end. From the third time in a row on
// that is a finding, one as long as nobody closes it, and the first time an act of custody of a recording. That the server stops is nobody's fault and does not count.
func (s *Service) unread(ctx context.Context, of Item, body record.Object, why error) error {
	s.Log.WarnContext(ctx, "what the store holds could not be read again", "collection", of.Collection, "record", of.ID, "error", why)
	ended := ctx.Err()
	if errors.Is(ended, context.Canceled) {
		return ended
	}
	ctx = context.WithoutCancel(ctx)
	was, _, err := s.Checks.LastCheck(ctx, of)
	if err != nil {
		return err
	}
	// What the end of the night has cut off is the first of the next, until that has proved to be of no use.
	now, err := s.Checks.Unread(ctx, of, s.Now(), ended == nil || was.Unread+1 >= unreadTold)
	if err != nil || now.Unread < unreadTold {
		return errors.Join(err, ended)
	}
	open, err := s.finding(ctx, of.ID, of.about().unread)
	if err != nil || open != "" {
		return errors.Join(err, ended)
	}
	zh := fmt.Sprintf("自 %s 起连续 %d 次复核都无法读出该%s，内容是否完好不得而知", now.UnreadSince.In(record.Beijing).Format("2006-01-02 15:04"), now.Unread, of.about().zh)
	en := fmt.Sprintf("not readable since %s, in %d readings in a row: whether the bytes are sound is not known", now.UnreadSince.UTC().Format(time.RFC3339), now.Unread)
	err = s.note(ctx, of, body, record.Object{"result": "unread", "since": now.UnreadSince.UTC().Format(time.RFC3339Nano), "times": float64(now.Unread)},
		s.onTheDesk(of, body, of.about().unread, zh, en))
	return errors.Join(err, ended)
}

// readable closes the finding that an item cannot be read, once it can. What the server alone has said it may take back; what the reading found is
// told besides: damage by a finding of its own, and that all is sound by an act.
func (s *Service) readable(ctx context.Context, of Item, body record.Object, was Check, sound bool) error {
	if was.Unread < unreadTold {
		return nil
	}
	open, err := s.finding(ctx, of.ID, of.about().unread)
	if err != nil || open == "" {
		return err
	}
	end := push.ServerOp{Collection: "findings", Record: open, Action: record.Update, Patch: record.Object{"state": "closed",
		"explanation": "已能读出并复核，由系统关闭 / it was read again; closed by the server"}}
	var detail record.Object
	if sound && was.Sound {
		detail = record.Object{"result": "sound"}
	}
	return s.note(ctx, of, body, detail, end)
}
