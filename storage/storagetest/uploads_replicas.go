package storagetest

import (
	"slices"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/upload"
)

func (s *uploads) fleet() upload.Replicas { return s.store.(upload.Replicas) }

func (s *uploads) replicas() {
	one, two := upload.Replica{ID: "one", URL: "http://one", SeenAt: at}, upload.Replica{ID: "two", URL: "http://two", SeenAt: at.Add(time.Minute)}
	for _, r := range []upload.Replica{two, one} {
		s.must(s.fleet().Beat(s.ctx, r))
	}
	for _, c := range []struct {
		after time.Time
		want  []upload.Replica
	}{{at.Add(-time.Second), []upload.Replica{one, two}}, {at, []upload.Replica{two}}, {at.Add(time.Hour), nil}} {
		if got, err := s.fleet().Living(s.ctx, c.after); err != nil || !slices.Equal(got, c.want) {
			s.Errorf("living after %v: %v, %v", c.after, got, err)
		}
	}
	one.URL, one.SeenAt = "http://moved", at.Add(2*time.Minute)
	s.must(s.fleet().Beat(s.ctx, one))
	if got, err := s.fleet().Seen(s.ctx, "one"); err != nil || got != one {
		s.Errorf("seen %v, %v", got, err)
	}
	if got, err := s.fleet().Seen(s.ctx, "three"); err != nil || !got.SeenAt.IsZero() {
		s.Errorf("a stranger was seen: %v, %v", got, err)
	}
	if others, err := s.store.Expired(s.ctx, at.Add(2*time.Hour), "elsewhere"); err != nil || len(others) != 0 {
		s.Errorf("the uploads of others expire: %v, %v", others, err)
	}
}

// adopted: of those that take an upload over at once one does, and its owner before is told to forget it.
func (s *uploads) adopted() {
	for _, state := range []upload.State{upload.Receiving, upload.Whole, upload.Held, upload.Ended} {
		u := newUpload()
		s.keep(u)
		if state != upload.Receiving {
			_, err := s.store.Advance(s.ctx, u.ID, upload.Receiving, state)
			s.must(err)
		}
		alive := state == upload.Receiving || state == upload.Whole
		under, err := s.fleet().Under(s.ctx, u.Evidence)
		s.must(err)
		if (len(under) == 1 && under[0].ID == u.ID) != alive {
			s.Errorf("%s: under the evidence are %v", state, under)
		}
		won := make(chan string, 8)
		var all sync.WaitGroup
		for _, to := range []string{"a", "b", "c"} {
			all.Go(func() {
				ok, err := s.fleet().Adopt(s.ctx, u.ID, "here", to, "forget/"+u.ID)
				if err != nil {
					s.Error(err)
				}
				if ok {
					won <- to
				}
			})
		}
		all.Wait()
		close(won)
		winner := <-won
		if (winner != "") != alive || len(won) > 0 {
			s.Errorf("%s: taken over by %q and %d more", state, winner, len(won))
		}
		found, err := s.store.Find(s.ctx, u.ID)
		s.must(err)
		if alive && (found.State != upload.Receiving || found.Owner != winner) || !alive && (found.State != state || found.Owner != "here") {
			s.Errorf("%s: found %+v", state, found)
		}
		told, err := s.Lease(s.ctx, []string{"forget/" + u.ID}, 10, time.Now().Add(time.Minute))
		s.must(err)
		if (len(told) == 1 && told[0].Key == u.ID) != alive {
			s.Errorf("%s: jobs %v", state, told)
		}
	}
}
