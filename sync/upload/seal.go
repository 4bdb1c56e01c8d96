package upload

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// PromoteJob is the kind of the job that brings a whole upload to the blob store; its key is the upload's id.
const PromoteJob = "evidence.promote"

// PromoteKind is the kind of the jobs that bring this replica's uploads to the blob store: no other has their bytes.
func (s *Service) PromoteKind() string {
	if s.Owner == "" {
		return PromoteJob
	}
	return PromoteJob + "/" + s.Owner
}

// seal verifies an upload that has all its bytes. Every step may be repeated: whoever asks next comes here again.
func (s *Service) seal(ctx context.Context, sess *session, u Upload) (Upload, error) {
	found, err := sess.sum(ctx, s.Spool, u)
	if err != nil {
		return u, err
	}
	if found != u.SHA256 {
		return s.mismatch(ctx, u, found)
	}
	if err := s.Store.Sealed(ctx, u.ID, s.PromoteKind()); err != nil {
		return u, err
	}
	s.forget(u.ID)
	if s.Queued != nil {
		s.Queued()
	}
	u.State = Whole
	return u, nil
}

// mismatch keeps bytes that are not what was announced apart, and raises a finding. They may be a damaged copy, or a
// recording that was changed after its announcement: people decide. The device still has its own copy, and may begin anew.
func (s *Service) mismatch(ctx context.Context, u Upload, found string) (Upload, error) {
	body, err := s.Store.Evidence(ctx, u.Evidence)
	if err != nil {
		return u, err
	}
	if !speaksOf(body, u, evidence.CustodyMismatch) {
		if err := s.Records.ApplyOwn(ctx, s.mismatchOps(body, u, found)); err != nil {
			return u, err
		}
	}
	if _, err := s.Store.Advance(ctx, u.ID, u.State, Mismatch); err != nil {
		return u, err
	}
	s.forget(u.ID)
	s.Log.WarnContext(ctx, "upload does not have the announced digest", "upload", u.ID, "evidence", u.Evidence, "found", found)
	u.State = Mismatch
	if u.Docked {
		return u, fault.New(fault.DigestMismatch) // they stay in the dock, apart from everything
	}
	if err := s.Spool.SetAside(ctx, u.ID); err != nil {
		// Nothing takes the bytes of an upload in this state away, wherever in the spool they are.
		s.Log.WarnContext(ctx, "bytes of a mismatch are not set aside", "upload", u.ID, "error", err)
	}
	return u, fault.New(fault.DigestMismatch)
}

func (s *Service) mismatchOps(body record.Object, u Upload, found string) []push.ServerOp {
	custody := record.Object{"state": string(evidence.CustodyMismatch), "receivedAt": timestamp(s.Now()), "sha256": found,
		"length": float64(u.Length), "upload": u.ID}
	why := fault.New(fault.DigestMismatch)
	return []push.ServerOp{
		{Collection: "evidence", Record: u.Evidence, Action: record.Update, Patch: record.Object{"custody": custody}},
		{Collection: "findings", Record: s.NewID(), Action: record.Create, Patch: record.Object{
			"unit": body["unit"], "code": string(why.Code), "basis": "行政处罚法第四十六条", "collection": "evidence",
			"record": u.Evidence, "field": "sha256", "state": "open",
			"zh": fmt.Sprintf("%s。登记 %s，收到 %s", why.Zh, u.SHA256, found),
			"en": fmt.Sprintf("%s; announced %s, received %s", why.En, u.SHA256, found),
		}},
	}
}

// speaksOf reports whether the server has already written the state of this upload into the record.
func speaksOf(body record.Object, u Upload, state evidence.Custody) bool {
	custody, _ := body["custody"].(record.Object)
	return custody["state"] == string(state) && custody["upload"] == u.ID
}
