package papers

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// UnapprovedFinding is the code of the finding that what was sealed or seized at once was not approved within its hours (G10).
const UnapprovedFinding = "G10.unapproved"

// Unapproved does the job document.UnapprovedJob, which is due when the hours are over in which the head is told and the approval is made up: it raises a finding
// when none is on record: one for each paper, whoever closes it.
func (s *Service) Unapproved(ctx context.Context, id string) error {
	body, err := s.optional(ctx, document.Documents.Name, id)
	if err != nil || body == nil {
		return err
	}
	rule, refused, is, err := document.Unapproved(ctx, facts{s.History}, id, body)
	if err != nil || !is {
		return err
	}
	zh := fmt.Sprintf("情况紧急当场实施强制措施，%d小时后未见批准记录；请补办批准手续，负责人认为不应当采取的应当立即解除，或者说明情况", rule.N)
	en := fmt.Sprintf("done at once in an emergency, and %d hours later no approval is on record: make it up, release what was taken if the head says no, or explain", rule.N)
	if refused {
		zh = "情况紧急当场实施强制措施，负责人不同意，未见解除记录；应当立即解除并制作解除决定书，或者说明情况"
		en = "done at once in an emergency, the head said no, and no release is on record: release at once what was taken, or explain"
	}
	return s.raiseOnce(ctx, unapprovedID(id), id, body, record.Object{"code": UnapprovedFinding, "basis": rule.Basis, "field": "data/" + rule.Field, "zh": zh, "en": en})
}

// unapprovedID names the finding, so that a job that is done twice raises one.
func unapprovedID(id string) string {
	return uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte("unapproved\x00"+id), 8).String()
}
