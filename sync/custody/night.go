package custody

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// How the nightly check goes about.
const (
	allNights  = 90             // within which everything is read once, unless it is said otherwise
	checkPage  = 20             // items claimed at once
	checkClaim = time.Hour      // how long a claim keeps other replicas away
	checkAgain = 20 * time.Hour // younger checks count as of this night
)

// Checked is what a night has found.
type Checked struct {
	Recordings int
	Papers     int
	Copies     int   // of these recordings
	Octets     int64 // of all
	Damaged    int
	Unread     int // the store did not give them this time; they are tried again
}

// Night reads again and hashes everything under a hold, of the rest what was not read for longest: at least so many that all is read within
// [Service.Nights]; and what could not be read the last time. The verifier is audit's. A recording whose bytes are missing or other raises one finding,
// which stays until people close it, and the change is an act of custody. One that cannot be read time and again raises another, see unread. A sound one
// leaves no more than the time of its check. So it is with papers, but for the acts.
func (s *Service) Night(ctx context.Context) (done Checked, err error) {
	begun := s.Now()
	all, err := s.Checks.CountChecks(ctx)
	if err != nil {
		return done, err
	}
	nights := cmp.Or(s.Nights, allNights)
	sample := (all + nights - 1) / nights
	for _, part := range []struct {
		of   Due
		most int
	}{{Due{Held: true}, all}, {Due{}, sample}, {Due{Unread: true}, sample}} {
		for left := part.most; left > 0 && err == nil; {
			var due []Item
			due, err = s.Checks.DueChecks(ctx, Due{Held: part.of.Held, Unread: part.of.Unread, Now: s.Now(), Before: begun.Add(-checkAgain),
				Stale: s.Now().Add(-checkClaim), Limit: min(left, checkPage)})
			if len(due) == 0 {
				break
			}
			for _, of := range due {
				if ctx.Err() != nil {
					return done, ctx.Err()
				}
				err = errors.Join(err, s.check(ctx, of, &done))
			}
			left -= len(due)
		}
	}
	return done, err
}

// check reads one item. That the store does not give it is no damage, and no error of the night.
func (s *Service) check(ctx context.Context, of Item, done *Checked) error {
	body, err := s.find(ctx, of.Collection, of.ID)
	if err != nil {
		return err
	}
	files := of.files(body)
	if len(files) == 0 {
		return s.Checks.DropCheck(ctx, of)
	}
	was, _, err := s.Checks.LastCheck(ctx, of)
	if err != nil {
		return err
	}
	r, err := s.read(ctx, files)
	if err != nil {
		done.Unread++
		if outside(ctx) && was.Unread > 0 {
			return err // nights are counted, and not how often somebody tries
		}
		return s.unread(ctx, of, body, err)
	}
	done.count(of, r)
	if !r.sound {
		s.Log.ErrorContext(ctx, "what the store holds is damaged", "collection", of.Collection, "record", of.ID, "found", r.found.SHA256, "length", r.found.Length, "absent", r.absent)
	}
	if err := s.tell(ctx, of, body, r, was.Sound); err != nil {
		return err
	}
	if err := s.readable(ctx, of, body, was, r.sound); err != nil {
		return err
	}
	if of.Collection == evidence.Evidence.Name {
		if err := s.copies(ctx, of.ID, body, done); err != nil {
			return err
		}
	}
	return s.Checks.Checked(ctx, of, r.sound, s.Now())
}

func (c *Checked) count(of Item, r reading) {
	if of.Collection == evidence.Evidence.Name {
		c.Recordings++
	} else {
		c.Papers++
	}
	c.Octets += r.octets
	if !r.sound {
		c.Damaged++
	}
}

// tell says what has changed since the last check: damage is told at least once, and as long as nobody has closed the finding, no more.
func (s *Service) tell(ctx context.Context, of Item, body record.Object, r reading, was bool) error {
	if r.sound && was {
		return nil
	}
	if r.sound {
		return s.note(ctx, of, body, record.Object{"result": "sound"})
	}
	open, err := s.finding(ctx, of.ID, of.about().bytes)
	if err != nil || open != "" {
		return err
	}
	detail := record.Object{"result": "missing"}
	if !r.absent {
		detail = record.Object{"result": "differs", "sha256": r.found.SHA256, "length": float64(r.found.Length)}
	}
	zh, en := r.damage(of.about())
	return s.note(ctx, of, body, detail, s.onTheDesk(of, body, of.about().bytes, zh, en))
}

// damage says what is wrong with an item.
func (r reading) damage(a about) (zh, en string) {
	if r.absent {
		return "存储中已没有该" + a.zh + "的内容", "the store does not have " + a.en + " any more"
	}
	want, _ := r.want["length"].(float64)
	return fmt.Sprintf("存储中的内容与登记不符。登记 %s，%.0f 字节；读出 %s，%d 字节", text(r.want, "sha256"), want, r.found.SHA256, r.found.Length),
		fmt.Sprintf("what the store holds of %s is not what is on record: %s, %.0f octets; read were %s, %d octets", a.en, text(r.want, "sha256"), want, r.found.SHA256, r.found.Length)
}
