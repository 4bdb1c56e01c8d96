package document

import (
	"cmp"
	"encoding/base64"
	"image"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Instance is one paper: what was entered, who signed, its number.
type Instance struct {
	Unit            string
	Kind            string
	Template        string
	TemplateVersion int
	Subject         string
	Officers        []Officer // by record id
	Data            record.Object
	Series          string // of its number; "" for papers without one
	N               uint64
	NumberText      string
	Signatures      []Signature // by the moment of signing
	Corrects        Correction  // the zero one for a paper that corrects none
	State           string
	IssuedAt        time.Time
	VoidReason      string
}

// Officer is an officer whom a paper names. Name and certificate are what the paper prints; where the author left them out
// they are filled in from the records when it is rendered.
type Officer struct {
	ID, Role, Name, Certificate string
}

// Signature is what somebody signed with, or that he refused to.
type Signature struct {
	ID      string
	Role    Role
	Officer string // record id, of an officer
	Name    string
	At      time.Time
	Image   string // base64 of a PNG
	Strokes string // see ReadStrokes; they are drawn rather than the image where there are both
	Refused bool
	Reason  string // of a refusal
	// Recording is the record of a recording that shows a refusal; "" where a witness has signed.
	Recording string
}

// ReadInstance reads a paper's body.
func ReadInstance(body record.Object) Instance {
	number := object(body, "number")
	in := Instance{Unit: text(body, "unit"), Kind: text(body, "kind"), Template: text(body, "template"),
		TemplateVersion: whole(body, "templateVersion"), Subject: text(body, "subject"), Data: object(body, "data"),
		Series: text(number, "series"), NumberText: text(number, "text"), State: text(body, "state"),
		IssuedAt: moment(body, "issuedAt"), VoidReason: text(body, "voidReason")}
	if n := amount(number, "n"); n >= 1 && n < 1<<53 {
		in.N = uint64(n)
	}
	in.Corrects, _ = CorrectionOf(body)
	officers := object(body, "officers")
	for _, id := range slices.Sorted(maps.Keys(officers)) {
		o := object(officers, id)
		in.Officers = append(in.Officers, Officer{ID: id, Role: text(o, "role"), Name: text(o, "name"), Certificate: text(o, "certificate")})
	}
	for _, e := range ordered(object(body, "signatures")) {
		in.Signatures = append(in.Signatures, Signature{ID: e.id, Role: Role(text(e.body, "role")), Officer: text(e.body, "officer"),
			Name: text(e.body, "name"), At: moment(e.body, "at"), Image: text(e.body, "image"), Strokes: text(e.body, "strokes"),
			Refused: truth(e.body, "refused"), Reason: text(e.body, "reason"), Recording: text(e.body, "recording")})
	}
	slices.SortStableFunc(in.Signatures, func(a, b Signature) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return in
}

// SignedBy lists the signatures of a role.
func (in *Instance) SignedBy(role Role) []Signature {
	var out []Signature
	for _, s := range in.Signatures {
		if s.Role == role {
			out = append(out, s)
		}
	}
	return out
}

// FillParty completes a paper with the party on record, where its author named a subject and left the party out: each field
// of kind Party that is empty gets what the subject's record says.
func (in *Instance) FillParty(t Template, subject record.Object) {
	if subject == nil {
		return
	}
	for _, f := range t.Fields {
		if f.Kind != Party || in.Data[f.ID] != nil {
			continue
		}
		in.Data = record.Apply(in.Data, record.Object{f.ID: partyOf(subject)})
	}
}

// Picture decodes a signature's image.
func (s *Signature) Picture() (image.Image, error) {
	if len(s.Image) > base64.StdEncoding.EncodedLen(MaxSignatureBytes) {
		return nil, errPicture
	}
	raw, err := base64.StdEncoding.DecodeString(s.Image)
	if err != nil {
		return nil, errPicture
	}
	return Picture(raw, MaxSignatureBytes)
}
