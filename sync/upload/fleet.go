package upload

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// Replica is one of the processes that share a database.
type Replica struct {
	ID     string // of its spool, with which it moves
	URL    string // where the others reach it; "": there are no others
	SeenAt time.Time
}

// Replicas is what the processes that share a database know of each other, and of who has which bytes.
type Replicas interface {
	// Beat notes that a replica lives.
	Beat(ctx context.Context, r Replica) error
	// Seen returns a replica as it was last noted; one that never was has the zero time.
	Seen(ctx context.Context, id string) (Replica, error)
	// Living lists the replicas that were noted after a moment, by id.
	Living(ctx context.Context, after time.Time) ([]Replica, error)
	// Under lists the uploads of an evidence that receive or are whole, by id.
	Under(ctx context.Context, evidence string) ([]Upload, error)
	// Adopt gives an upload that receives or is whole a new owner, from whom its device hears that nothing is there. In the same transaction a job
	// of the kind is queued with the upload's id, by which the owner before forgets it. False when from was not the owner any more.
	Adopt(ctx context.Context, id, from, to, forget string) (bool, error)
}

// Fleet finds the replica that has an upload's bytes. An upload belongs to one replica's spool; what reaches another is passed on. When the owner is
// silent for long, whoever is asked takes the upload over: the device is told that nothing is there and sends it again, which it can, because it has no
// receipt.
type Fleet struct {
	Self     Replica
	Replicas Replicas
	Uploads  *Service
	Silence  time.Duration // after which a replica is taken for dead
	Now      func() time.Time
	Log      *slog.Logger
}

// wholePatience is how many times Silence the owner of a whole upload may be silent: all its bytes are on that disk, and the device need not bring
// them again if the disk comes back.
const wholePatience = 20

// Alone reports whether there are no other replicas.
func (f *Fleet) Alone() bool { return f == nil || f.Self.URL == "" }

// Run notes again and again that this replica lives.
func (f *Fleet) Run(ctx context.Context) {
	if f.Alone() {
		return
	}
	tick := time.NewTicker(f.Silence / 4)
	defer tick.Stop()
	for {
		if err := f.Beat(ctx); err != nil && ctx.Err() == nil {
			f.Log.ErrorContext(ctx, "the other replicas cannot be told that this one lives", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Beat notes that this replica lives.
func (f *Fleet) Beat(ctx context.Context) error {
	r := f.Self
	r.SeenAt = f.Now()
	return f.Replicas.Beat(ctx, r)
}

// Of returns where work on an upload is to be done; "" is here. What the caller may not work on is told here. When another replica has just given the
// upload an owner it looks again: some clients drop an upload that they are told to ask for later.
func (f *Fleet) Of(ctx context.Context, caller people.Caller, id string) (url string, err error) {
	if f.Alone() {
		return "", nil
	}
	for range mostLooks {
		if url, err = f.of(ctx, caller, id); !errors.Is(err, fault.New(fault.UploadBusy)) {
			break
		}
	}
	return url, err
}

// mostLooks is how often an upload's owner may change while one asks for it: once by itself, and once by that of the first of its parts, and one to spare.
const mostLooks = 3

func (f *Fleet) of(ctx context.Context, caller people.Caller, id string) (url string, err error) {
	u, err := f.Uploads.find(ctx, caller, id)
	if err != nil {
		return "", nil // whoever does the work finds the same
	}
	if !u.Part || u.State != Receiving {
		return f.at(ctx, u)
	}
	others, err := f.Replicas.Under(ctx, u.Evidence)
	if err != nil {
		return "", err
	}
	return f.beside(ctx, u, others)
}

// receiving is the first of some uploads to which bytes may come; -1 if there is none.
func receiving(uploads []Upload) int {
	return slices.IndexFunc(uploads, func(u Upload) bool { return u.State == Receiving })
}

// beside returns where a part is to be worked on: where the first of its evidence's uploads is, because parts are joined in one spool. Parts that are
// elsewhere come there when they are asked for: those whose owner is lost, and those that were begun apart while a replica came or went. Their device
// hears that nothing is there, and brings them again.
func (f *Fleet) beside(ctx context.Context, u Upload, others []Upload) (url string, err error) {
	first := receiving(others)
	if first < 0 || others[first].ID == u.ID {
		return f.at(ctx, u)
	}
	owner, err := f.holder(ctx, others[first])
	if err == nil && u.Owner != owner.ID {
		err = f.adopt(ctx, u, owner)
	}
	if err != nil || owner.ID == f.Self.ID {
		return "", err
	}
	return owner.URL, nil
}

// For returns where an upload is to be begun: where the evidence's others are. Parts, which a client begins all at once, go where everybody
// would send them.
func (f *Fleet) For(ctx context.Context, caller people.Caller, n New) (url string, err error) {
	if f.Alone() {
		return "", nil
	}
	if _, _, err := f.Uploads.manifest(ctx, caller, n.Evidence, "evidence.upload"); err != nil {
		return "", nil
	}
	others, err := f.Replicas.Under(ctx, n.Evidence)
	if err != nil {
		return "", err
	}
	if first := receiving(others); first >= 0 {
		return f.at(ctx, others[first])
	}
	for _, u := range others {
		if url, err := f.at(ctx, u); err != nil || url != "" {
			return url, err
		}
	}
	if !n.Part || len(others) > 0 {
		return "", nil
	}
	living, err := f.Replicas.Living(ctx, f.Now().Add(-f.Silence))
	if err != nil {
		return "", err
	}
	return f.chosen(living, n.Evidence), nil
}

// chosen is the replica whose name, hashed with the evidence's, comes first (rendezvous hashing): all choose alike, and when one goes only what
// was its own moves.
func (f *Fleet) chosen(living []Replica, evidence string) (url string) {
	best := rank(f.Self.ID, evidence)
	for _, r := range living {
		if mark := rank(r.ID, evidence); r.ID != f.Self.ID && mark < best {
			best, url = mark, r.URL
		}
	}
	return url
}

func rank(replica, evidence string) string {
	sum := sha256.Sum256([]byte(replica + "\n" + evidence))
	return string(sum[:])
}

// at returns where the bytes of an upload are, and takes it over if that is a replica that is silent for too long.
func (f *Fleet) at(ctx context.Context, u Upload) (url string, err error) {
	owner, err := f.holder(ctx, u)
	if err != nil || owner.ID == f.Self.ID {
		return "", err
	}
	return owner.URL, nil
}

// holder is the replica that works on an upload, after this one has taken it over from one that is silent for too long.
func (f *Fleet) holder(ctx context.Context, u Upload) (Replica, error) {
	if u.Owner == "" || u.Owner == f.Self.ID || u.State != Receiving && u.State != Whole {
		return f.Self, nil
	}
	owner, err := f.Replicas.Seen(ctx, u.Owner)
	if err != nil {
		return Replica{}, err
	}
	silent := f.Now().Sub(owner.SeenAt)
	switch {
	case u.State == Whole && silent < wholePatience*f.Silence:
		return f.Self, nil // all its bytes have come: there is nothing to be passed on
	case u.State == Receiving && silent < f.Silence:
		return owner, nil
	}
	return f.Self, f.adopt(ctx, u, f.Self)
}

// adopt gives an upload another owner, unless it has another already: then the device is to ask again.
func (f *Fleet) adopt(ctx context.Context, u Upload, to Replica) error {
	adopted, err := f.Replicas.Adopt(ctx, u.ID, u.Owner, to.ID, ForgetJob+"/"+u.Owner)
	if err == nil && !adopted {
		return fault.New(fault.UploadBusy)
	}
	if err == nil {
		f.Log.WarnContext(ctx, "an upload is taken over from a replica that is silent, or is elsewhere than its other parts; its device sends it again",
			"upload", u.ID, "evidence", u.Evidence, "replica", u.Owner, "to", to.ID)
	}
	return err
}

// ForgetJob is the kind of the job by which a replica that was silent drops the bytes of uploads that others have taken over meanwhile. It is followed by
// a slash and the replica's id, and its key is the upload's id.
const ForgetJob = "evidence.forget"

// Forget is the worker of [ForgetJob].
func (f *Fleet) Forget(ctx context.Context, id string) error {
	u, err := f.Uploads.Store.Find(ctx, id)
	if errors.Is(err, fault.New(fault.NotFound)) || err == nil && u.Owner != f.Self.ID {
		f.Uploads.forget(id)
		return f.Uploads.Spool.Remove(ctx, id)
	}
	return err
}
