package papers

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// UnservedFinding is the code of the finding that a paper was not served within its term (G18).
const UnservedFinding = "G18.unserved"

// Unserved does the job document.UnservedJob: it raises a finding when the last day is over on which the paper of that record id may be served, and
// no service is on record: one for each last day, whoever closes it.
func (s *Service) Unserved(ctx context.Context, id string) error {
	body, err := s.optional(ctx, document.Documents.Name, id)
	if err != nil || body == nil {
		return err
	}
	last, basis, late := document.Unserved(body, s.Now())
	if !late {
		return nil
	}
	day := last.Format(time.DateOnly)
	return s.raiseOnce(ctx, unservedID(id, last), id, body, record.Object{"code": UnservedFinding, "basis": basis, "field": "service",
		"zh": fmt.Sprintf("文书应于%s前（含当日）送达，逾期未见送达记录；请补录送达回证或者说明情况", day),
		"en": fmt.Sprintf("to be served by %s, and no service is on record: record the receipt of service, or explain", day)})
}

// raiseOnce raises a finding about a paper, whose body is given, unless that finding was raised before, whoever has closed it.
func (s *Service) raiseOnce(ctx context.Context, finding, paper string, body, says record.Object) error {
	if told, err := s.optional(ctx, "findings", finding); err != nil || told != nil {
		return err
	}
	patch := record.Object{"unit": body["unit"], "collection": document.Documents.Name, "record": paper, "state": "open"}
	maps.Copy(patch, says)
	return s.Records.ApplyOwn(ctx, []push.ServerOp{{Collection: "findings", Record: finding, Action: record.Create, Patch: patch}})
}

// unservedID names the finding, so that a job that is done twice raises one.
func unservedID(id string, last time.Time) string {
	return uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte("unserved\x00"+id+"\x00"+last.Format(time.DateOnly)), 8).String()
}
