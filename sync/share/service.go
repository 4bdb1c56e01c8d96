package share

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/derive"
)

// Service is safe for concurrent use.
type Service struct {
	Store   Store
	Derive  *derive.Service
	Custody *custody.Service
	Key     []byte // of the tickets of views, see ticket
	Now     func() time.Time
	NewID   func() string // UUIDv7
}

// Terms are under which a recording is shown to somebody outside.
type Terms struct {
	Name, Organ, Reason string
	ExpiresAt           time.Time
	MaxViews            int
	Derivative          string // show this in place of the original; "" the original
	Watermark           bool   // burn name, organ and time into a copy, and show that
}

// Bounds of terms.
const (
	longest   = 90 * 24 * time.Hour
	mostViews = 100
	mostText  = 200 // characters
)

// Create gives out a link to an evidence that the server holds, for those with the right evidence.share over it. The token is told here and never again. Absent and foreign
// are alike fault request.not_found; terms that are not complete are fault share.terms_invalid.
func (s *Service) Create(ctx context.Context, caller people.Caller, id string, t Terms) (Share, string, error) {
	now := s.Now()
	body, err := s.Derive.Evidence(ctx, caller, id, "evidence.share")
	if err != nil {
		return Share{}, "", err
	}
	if err := t.check(now); err != nil {
		return Share{}, "", err
	}
	unit, _ := body["unit"].(string)
	made := Share{ID: s.NewID(), Evidence: id, Derivative: t.Derivative, Unit: unit, Name: t.Name, Organ: t.Organ, Reason: t.Reason, CreatedBy: caller.Officer,
		CreatedAt: now, ExpiresAt: t.ExpiresAt.UTC(), MaxViews: t.MaxViews}
	if made.Derivative, err = s.Derive.ForShare(ctx, caller, id, body, t.Derivative, s.mark(t, made), t.Reason); err != nil {
		return Share{}, "", err
	}
	token := newToken()
	made.TokenHash = hashOf(token)
	act := s.Custody.By(caller, evidence.ActShare, id, unit, t.Reason)
	act.Related, act.Until = made.ID, made.ExpiresAt
	act.Detail = record.Object{"name": t.Name, "organ": t.Organ, "maxViews": float64(t.MaxViews), "derivative": made.Derivative, "watermark": t.Watermark}
	// Written down first: a link of which custody does not know must not be there.
	if err := s.Custody.Record(ctx, []evidence.Entry{act}); err != nil {
		return Share{}, "", err
	}
	return made, token, s.Store.AddShare(ctx, made)
}

// mark is the text that is burnt in; "" none.
func (s *Service) mark(t Terms, made Share) string {
	if !t.Watermark {
		return ""
	}
	return fmt.Sprintf("%s　%s\n%s　%s", t.Name, t.Organ, made.CreatedAt.In(beijing).Format("2006-01-02 15:04"), made.ID[len(made.ID)-8:])
}

// beijing is the time in which people read dates.
var beijing = time.FixedZone("UTC+8", 8*60*60)

func (t *Terms) check(now time.Time) error {
	wrong := func(field, zh, en string) error { return fault.New(fault.ShareNotWanted).At(field).Detail(zh, en) }
	for field, text := range map[string]*string{"name": &t.Name, "organ": &t.Organ, "reason": &t.Reason} {
		*text = strings.TrimSpace(*text)
		if *text == "" || utf8.RuneCountInString(*text) > mostText || strings.ContainsFunc(*text, func(r rune) bool { return r < ' ' || r == 0x7F || r == utf8.RuneError }) {
			return wrong(field, "应为一行不超过200个字的文字", "must be one line of at most 200 characters")
		}
	}
	if t.Watermark && utf8.RuneCountInString(t.Name+t.Organ) > 100 {
		return wrong("name", "加水印时姓名和单位共不超过100个字", "with a watermark name and organ are at most 100 characters")
	}
	if !t.ExpiresAt.After(now) || t.ExpiresAt.After(now.Add(longest)) {
		return wrong("expiresAt", "应晚于现在，不超过90天", "must be later than now, by at most 90 days")
	}
	t.MaxViews = cmp.Or(t.MaxViews, 1)
	if t.MaxViews < 1 || t.MaxViews > mostViews {
		return wrong("maxViews", "应在1至100之间", "must be 1 to 100")
	}
	if t.Derivative != "" && !record.IsID(t.Derivative) {
		return wrong("derivative", "不是副本标识", "is not the id of a derivative")
	}
	return nil
}

// List tells the links to an evidence, for those who may give them out.
func (s *Service) List(ctx context.Context, caller people.Caller, id string) ([]Share, error) {
	if _, err := s.Derive.Evidence(ctx, caller, id, "evidence.share"); err != nil {
		return nil, err
	}
	return s.Store.SharesOn(ctx, id)
}

// Revoke ends a link, with the views that are under way. A reason must be given. Absent and foreign are alike fault request.not_found.
func (s *Service) Revoke(ctx context.Context, caller people.Caller, id, reason string) error {
	found, err := s.Store.Share(ctx, id)
	if err != nil {
		return err
	}
	if _, err := s.Derive.Evidence(ctx, caller, found.Evidence, "evidence.share"); err != nil {
		return err
	}
	if reason, err = derive.Reason(reason); err != nil || !found.RevokedAt.IsZero() {
		return err
	}
	if err := s.Store.RevokeShare(ctx, id, s.Now()); err != nil {
		return err
	}
	act := s.Custody.By(caller, evidence.ActShare, found.Evidence, found.Unit, reason)
	act.Related, act.Detail = id, record.Object{"revoked": true}
	return s.Custody.Record(ctx, []evidence.Entry{act})
}

// Look tells what a token opens, without using it. A token that is not known is fault request.not_found; one whose link has ended, or was
// used up, is fault share.ended.
func (s *Service) Look(ctx context.Context, token string) (Share, error) {
	if len(token) != tokenLength {
		return Share{}, fault.New(fault.NotFound)
	}
	found, err := s.Store.ShareOf(ctx, hashOf(token))
	if err == nil && (!found.Live(s.Now()) || found.Views >= found.MaxViews) {
		err = fault.New(fault.ShareEnded)
	}
	return found, err
}

// Open uses one view of a token and gives the ticket for it. What cannot be shown yet uses none.
func (s *Service) Open(ctx context.Context, token string) (string, error) {
	found, err := s.Look(ctx, token)
	if err != nil {
		return "", err
	}
	if _, err := s.file(ctx, found); err != nil {
		return "", err
	}
	now := s.Now()
	used, err := s.Store.UseShare(ctx, found.ID, now)
	if err != nil {
		return "", err
	}
	if !used {
		return "", fault.New(fault.ShareEnded)
	}
	until := now.Add(viewTime)
	if found.ExpiresAt.Before(until) {
		until = found.ExpiresAt
	}
	view := s.NewID()
	// A view that is counted and not written down is not given; one that is neither has not been.
	err = s.Custody.Record(ctx, []evidence.Entry{{Evidence: found.Evidence, Unit: found.Unit, Act: evidence.ActView, At: now, Until: until, Reason: found.Reason,
		Related: found.ID, Detail: record.Object{"name": found.Name, "organ": found.Organ, "view": view, "derivative": found.Derivative}}})
	if err != nil {
		return "", err
	}
	return s.ticket(found.ID, until), nil
}

// Content opens what a ticket is for. A ticket whose time is over, or whose link was withdrawn, is fault share.ended; what is no ticket is fault
// request.not_found.
func (s *Service) Content(ctx context.Context, ticket string) (Share, derive.File, error) {
	id, until, ok := s.read(ticket)
	if !ok {
		return Share{}, derive.File{}, fault.New(fault.NotFound)
	}
	found, err := s.Store.Share(ctx, id)
	if err != nil {
		return Share{}, derive.File{}, err
	}
	if now := s.Now(); !found.Live(now) || !now.Before(until) {
		return Share{}, derive.File{}, fault.New(fault.ShareEnded)
	}
	file, err := s.file(ctx, found)
	return found, file, err
}

func (s *Service) file(ctx context.Context, found Share) (derive.File, error) {
	if found.Derivative != "" {
		return s.Derive.FileOf(ctx, found.Derivative)
	}
	return s.Derive.Original(ctx, found.Evidence)
}

// tokenLength is that of 32 octets in base64url.
const tokenLength = 43

func newToken() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return base64.RawURLEncoding.EncodeToString(secret)
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte("fieldwarden/share/v1\n" + token))
	return hex.EncodeToString(sum[:])
}
