package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/ledger"
)

// Authority is a time-stamping authority (RFC 3161 §3.4).
type Authority interface {
	Name() string // its address
	// Stamp answers a request. It may be slow, down, or lie: what it answers is checked.
	Stamp(ctx context.Context, request []byte) (response []byte, err error)
}

// Witnessing is a witness that cosigns checkpoints of logs that have only grown since it saw them last (C2SP tlog-witness).
type Witnessing interface {
	Key() string // its verifier key
	// Add asks for a cosignature by the body of an add-checkpoint request. When the witness does not know the log by the size that the body says,
	// known is the one it does, and there are no lines. When what it knows is not the beginning of this log, the error is [ErrAnother].
	Add(ctx context.Context, body []byte) (lines string, known int64, err error)
}

// ErrAnother means that a witness has seen another log by this name: no proof leads from that one to this.
var ErrAnother = errors.New("the witness has seen another ledger by this name")

// Dispute is a witness that has seen another log by this name: one that was longer, or had other leaves. So has everybody who trusts it.
type Dispute struct {
	Witness    string // its name
	Seen, Size int64  // leaves of the log that it has seen last, and of this one
}

// Error implements error.
func (d *Dispute) Error() string {
	return fmt.Sprintf("%s has seen another ledger by this name, with %d leaves; this one has %d", d.Witness, d.Seen, d.Size)
}

// Vouching asks others to vouch for checkpoints now and then: authorities for the time, witnesses that there is one log. Nothing waits for
// them: what is down today has said nothing about today's checkpoints, and its next word covers them too.
type Vouching struct {
	Store       Store
	Authorities []Authority
	Witnesses   []Witnessing
	Every       time.Duration
	Now         func() time.Time
	Log         *slog.Logger
	// Disputed is told of each dispute, every time. An error means that it has to be told again.
	Disputed func(context.Context, Dispute) error
}

// Run works until the context ends. Any number of processes may.
func (v *Vouching) Run(ctx context.Context) {
	if len(v.Authorities)+len(v.Witnesses) == 0 {
		return
	}
	tick := time.NewTicker(max(v.Every/10, time.Second))
	defer tick.Stop()
	for {
		if err := v.Once(ctx); err != nil && ctx.Err() == nil {
			v.Log.WarnContext(ctx, "not everybody vouches for the ledger", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Once asks all of them about the newest checkpoint, if it is time to, and there is more in it than what they have said themselves.
func (v *Vouching) Once(ctx context.Context) error {
	c, err := v.Store.Latest(ctx)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return nil
	}
	if err != nil {
		return err
	}
	if due, err := v.due(ctx, c); err != nil || !due {
		return err
	}
	signed, err := ledger.Open(c.Note)
	if err != nil {
		return err
	}
	var failed []error
	for _, a := range v.Authorities {
		failed = append(failed, v.stamp(ctx, a, c, signed.Checkpoint))
	}
	for _, w := range v.Witnesses {
		err := v.cosign(ctx, w, c)
		if dispute, is := errors.AsType[*Dispute](err); is {
			err = errors.Join(err, v.Disputed(ctx, *dispute))
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// lookAhead is how many leaves are read at once to find one that is not another's word.
const lookAhead = 32

// due reports whether it is time, and there is more than others' words in what nobody has vouched for yet. However many these are: they are of all that have
// ever been asked, by any process.
func (v *Vouching) due(ctx context.Context, c Checkpoint) (bool, error) {
	last, err := v.Store.LastVouched(ctx)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return true, nil
	}
	if err != nil || v.Now().Sub(last.At) < v.Every {
		return false, err
	}
	for from := last.Size; from < c.Size; from += lookAhead {
		leaves, err := v.Store.Leaves(ctx, from, min(c.Size, from+lookAhead))
		if err != nil || slices.ContainsFunc(leaves, func(leaf Numbered) bool { return leaf.Kind != Vouch }) {
			return err == nil, err
		}
	}
	return false, nil
}

func (v *Vouching) stamp(ctx context.Context, a Authority, c Checkpoint, text ledger.Checkpoint) error {
	request, err := ledger.StampRequest(text)
	if err != nil {
		return err
	}
	response, err := a.Stamp(ctx, request)
	if err != nil {
		return fmt.Errorf("%s: %w", a.Name(), err)
	}
	token, _, err := ledger.CheckStampResponse(response, text)
	if err != nil {
		return fmt.Errorf("%s: %w", a.Name(), err)
	}
	return v.Store.KeepStamp(ctx, Stamp{Checkpoint: c.N, Kind: Stamped, Signer: a.Name(), At: v.Now(), Data: token})
}

// cosign asks a witness. It tells what it has seen last, and is then shown that the log has grown from there.
func (v *Vouching) cosign(ctx context.Context, w Witnessing, c Checkpoint) error {
	key, err := ledger.ParseWitness(w.Key())
	if err != nil {
		return err
	}
	var from int64
	for range 2 {
		body, err := v.grown(ctx, from, c)
		if err != nil {
			return fmt.Errorf("%s: %w", key.Name(), err)
		}
		lines, known, err := w.Add(ctx, body)
		switch {
		case errors.Is(err, ErrAnother):
			return &Dispute{key.Name(), from, c.Size}
		case err != nil:
			return fmt.Errorf("%s: %w", key.Name(), err)
		case lines == "" && known > c.Size:
			return v.longer(ctx, Dispute{key.Name(), known, c.Size})
		case lines == "" && known == from && from > 0:
			return &Dispute{key.Name(), known, c.Size}
		case lines == "":
			from = known
			continue
		}
		line, err := lineOf(key, c.Note, lines)
		if err != nil {
			return fmt.Errorf("%s: %w", key.Name(), err)
		}
		return v.Store.KeepStamp(ctx, Stamp{Checkpoint: c.N, Kind: Cosigned, Signer: w.Key(), At: v.Now(), Data: []byte(line)})
	}
	return fmt.Errorf("%s does not say what it has seen", key.Name())
}

// longer is a dispute with a witness that has seen a longer log, unless another process has brought it there meanwhile.
func (v *Vouching) longer(ctx context.Context, d Dispute) error {
	newest, err := v.Store.Latest(ctx)
	if err != nil || newest.Size >= d.Seen {
		return err
	}
	d.Size = newest.Size
	return &d
}

// grown is the body of an add-checkpoint request.
func (v *Vouching) grown(ctx context.Context, from int64, c Checkpoint) ([]byte, error) {
	proof, err := ledger.ProveConsistency(from, c.Size, reading{ctx, v.Store})
	body := fmt.Appendf(nil, "old %d\n", from)
	for _, h := range proof {
		body = fmt.Appendf(body, "%s\n", h)
	}
	return append(append(body, '\n'), c.Note...), err
}

// lineOf finds the witness's own line among those that it has answered with, if it is good.
func lineOf(key *ledger.Witness, signed []byte, lines string) (string, error) {
	for line := range strings.Lines(lines) {
		text, _, _ := strings.Cut(string(signed), "\n\n")
		opened, err := ledger.Open([]byte(text+"\n\n"+line), key)
		if err == nil && opened.By(key) {
			return line, nil
		}
	}
	return "", errors.New("the answer holds no good cosignature")
}
