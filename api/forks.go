package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Fork is an op that a device sent beside its chain. What it says of a case is for those who may read cases.
type Fork struct {
	Hash       string         `json:"hash"`
	Seq        uint64         `json:"seq"`
	Op         string         `json:"op"`
	Collection string         `json:"collection"`
	Record     string         `json:"record"`
	Action     string         `json:"action"`
	Author     string         `json:"author"`
	OccurredAt time.Time      `json:"occurredAt"`
	ReceivedAt time.Time      `json:"receivedAt"`
	Head       string         `json:"head" doc:"of the push in which it came"`
	Signature  string         `json:"signature" doc:"of the device under that push"`
	Taken      bool           `json:"taken" doc:"it has become part of the device's chain since"`
	Adopted    bool           `json:"adopted" doc:"somebody has made the edit their own"`
	Text       jsontext.Value `json:"text,omitempty" doc:"the op as it was signed; only for those who may read the unit's history"`
}

// Decision is what somebody decided about a device.
type Decision struct {
	Officer  string    `json:"officer"`
	Decision string    `json:"decision"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
}

// Forks is a page of what a device sent beside its chain, with the newest decisions about it.
type Forks struct {
	Device     string     `json:"device"`
	SetAsideAt *time.Time `json:"setAsideAt,omitempty"`
	Forks      []Fork     `json:"forks"`
	Next       string     `json:"next,omitempty"`
	Decisions  []Decision `json:"decisions"`
}

// Release takes a device that was set aside back into use.
type Release struct {
	Reason string `json:"reason"`
}

// Adoption names the forked ops that the caller makes edits of his own.
type Adoption struct {
	Forks []string `json:"forks" doc:"hashes"`
}

const newestDecisions = 20

var forkRoutes = []Route{
	{Method: "GET", Path: "/v1/devices/{id}/forks", Name: "listForks", Zh: "设备提交的互相矛盾的操作", En: "what a device sent beside its chain",
		Access: signedIn, Right: "devices.list", Within: soon, Out: Forks{}, Serve: (*server).listForks, Params: pageParams},
	{Method: "POST", Path: "/v1/devices/{id}/release", Name: "releaseDevice", Zh: "恢复被暂停的设备", En: "take a device that was set aside back into use",
		Access: signedIn, Right: "devices.release", Body: jsonBody, Limit: smallLimit, Within: soon,
		In: Release{}, Status: http.StatusNoContent, Serve: (*server).releaseDevice},
	{Method: "POST", Path: "/v1/devices/{id}/forks/adopt", Name: "adoptForks", Zh: "采纳设备提交的操作", En: "make forked ops edits of one's own",
		Access: signedIn, Right: "devices.release", Body: jsonBody, Limit: smallLimit << 2, Within: later,
		In: Adoption{}, Out: wire.OnlineReply{}, Serve: (*server).adoptForks},
}

func (s *server) listForks(r *request) error {
	device, err := s.deviceOf(r, "devices.list")
	if err != nil {
		return err
	}
	after, limit, err := r.page()
	if err != nil {
		return err
	}
	seq, hash, err := forkPlace(after)
	if err != nil {
		return err
	}
	found, err := s.Forks.Forks(r.ctx, device.ID, seq, hash, limit)
	if err != nil {
		return err
	}
	decided, err := s.Sessions.Decisions(r.ctx, device, newestDecisions)
	if err != nil {
		return err
	}
	out := Forks{Device: device.ID, SetAsideAt: unlessZero(device.SetAsideAt), Forks: make([]Fork, len(found)), Decisions: make([]Decision, len(decided))}
	whole := r.caller.May("records.history", device.Unit, s.Now())
	for i, f := range found {
		if out.Forks[i], err = forkOf(f, whole); err != nil {
			return err
		}
	}
	for i, d := range decided {
		out.Decisions[i] = Decision{d.Officer, d.Decision, d.Reason, d.At}
	}
	if len(found) == limit {
		out.Next = fmt.Sprintf("%d.%s", found[limit-1].Seq, found[limit-1].Hash)
	}
	return r.reply(http.StatusOK, out)
}

// deviceOf is the device that the path names, if the caller has the right over it.
func (s *server) deviceOf(r *request, right people.Right) (people.Device, error) {
	id, err := r.id("id")
	if err != nil {
		return people.Device{}, err
	}
	return s.Sessions.Device(r.ctx, r.caller, id, right)
}

// forkPlace reads where a page begins.
func forkPlace(after string) (seq uint64, hash string, err error) {
	if after == "" {
		return 0, "", nil
	}
	number, hash, ok := strings.Cut(after, ".")
	seq, err = strconv.ParseUint(number, 10, 53)
	if !ok || err != nil || strings.Trim(hash, "0123456789abcdef") != "" {
		return 0, "", fault.New(fault.FieldInvalid).At("after")
	}
	return seq, hash, nil
}

func forkOf(f push.Fork, whole bool) (Fork, error) {
	var op wire.Op
	if err := wire.Decode(f.Text, &op); err != nil {
		return Fork{}, fmt.Errorf("fork %s of device %s: %w", f.Hash, f.Device, err)
	}
	out := Fork{Hash: f.Hash, Seq: f.Seq, Op: f.Op, Collection: op.Collection, Record: op.Record, Action: op.Action, Author: op.Author,
		OccurredAt: op.OccurredAt, ReceivedAt: f.ReceivedAt, Head: f.Head, Signature: f.Signature, Taken: f.Taken, Adopted: f.Adopted}
	if whole {
		out.Text = f.Text
	}
	return out, nil
}

func (s *server) releaseDevice(r *request) error {
	var in Release
	if err := r.decode(&in); err != nil {
		return err
	}
	id, err := r.id("id")
	if err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return s.Sessions.ReleaseDevice(r.ctx, r.caller, id, in.Reason)
}

func (s *server) adoptForks(r *request) error {
	var in Adoption
	if err := r.decode(&in); err != nil {
		return err
	}
	device, err := s.deviceOf(r, "devices.release")
	if err != nil {
		return err
	}
	if !r.caller.May("records.history", device.Unit, s.Now()) {
		return fault.New(fault.RoleInsufficient) // who may not read a case adopts nothing of it
	}
	outcomes, err := s.Push.AdoptForks(r.ctx, r.caller, s.Forks, device.ID, in.Forks)
	if err != nil {
		return err
	}
	out := wire.OnlineReply{Outcomes: make([]wire.Outcome, len(outcomes))}
	for i, o := range outcomes {
		out.Outcomes[i] = push.ToWire(o)
	}
	return r.reply(http.StatusOK, out)
}
