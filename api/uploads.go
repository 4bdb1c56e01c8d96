package api

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fieldwarden/fieldwarden/api/guard"
	"github.com/fieldwarden/fieldwarden/api/header"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// tusExtensions is what of tus is spoken here beside its core.
const tusExtensions = "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation"

// tusOptions says what of tus is spoken here.
func (s *server) tusOptions(r *request) error {
	r.Set(tusVersion, tusOne)
	r.Set(tusExtension, tusExtensions)
	r.Set(tusMaxSize, strconv.FormatInt(evidence.MaxLength, 10))
	r.Set(tusAlgorithms, strings.Join(upload.ChecksumAlgorithms, ","))
	r.Status(http.StatusNoContent)
	return nil
}

// tus refuses requests of another version.
func (r *request) tus() error {
	if r.Get(tusResumable) != tusOne {
		r.Set(tusVersion, tusOne)
		return fault.New(fault.TusVersion).At(tusResumable)
	}
	return nil
}

// createUpload begins an upload, or gives the one that the evidence has; bytes that come with it are the first.
func (s *server) createUpload(r *request) error {
	if err := r.tus(); err != nil {
		return err
	}
	wanted, err := s.announced(r)
	if err != nil {
		return err
	}
	sum, err := r.chunk()
	if err != nil {
		return err
	}
	url, err := s.Forward.Fleet.For(r.ctx, r.caller, wanted)
	if err != nil {
		return err
	}
	if done, err := s.passedOn(r, url); done {
		return err
	}
	st, created, err := s.Uploads.Create(r.ctx, r.caller, wanted)
	if err != nil {
		return err
	}
	r.Set(fiber.HeaderLocation, s.PublicURL+"/v1/uploads/"+st.ID)
	body := guard.BodyOf(r.Ctx)
	if created && body.Length() > 0 {
		if st, err = s.Uploads.Append(r.ctx, r.caller, st.ID, upload.Chunk{Sum: sum}, body); err != nil {
			r.progress(st)
			return err
		}
	}
	r.progress(st)
	r.Status(http.StatusCreated)
	return nil
}

// noteLimit is how much a client may say of an upload for itself, in octets.
const noteLimit = 4 << 10

// announced reads which evidence is meant, and how its bytes will come.
func (s *server) announced(r *request) (n upload.New, err error) {
	n.Note = upload.Note{Metadata: r.Get(tusMetadata), Joins: r.Get(tusConcat)}
	if len(n.Note.Metadata) > noteLimit {
		return n, fault.New(fault.HeaderInvalid).At(tusMetadata).Detail("过长", "too long")
	}
	metadata, err := header.Metadata(n.Note.Metadata)
	if err != nil {
		return n, err
	}
	if n.Evidence = metadata["evidence"]; !record.IsID(n.Evidence) {
		return n, fault.New(fault.HeaderInvalid).At(tusMetadata).Detail("缺少 evidence 或其值不是记录标识", "evidence is missing, or not a record id")
	}
	var urls []string
	if n.Part, urls, err = header.Concat(n.Note.Joins); err != nil {
		return n, err
	}
	if len(urls) > 0 {
		return s.joined(r, n, urls)
	}
	return r.length(n)
}

// length reads how long an upload will be: now, or later.
func (r *request) length(n upload.New) (upload.New, error) {
	length, later := r.Get(tusLength), r.Get(tusDefer)
	if later != "" {
		if later != "1" || length != "" {
			return n, fault.New(fault.HeaderInvalid).At(tusDefer).Detail("应为 1，且不得同时给出长度", "want 1, and no length beside it")
		}
		n.Deferred = true
		return n, nil
	}
	var err error
	if n.Length, err = header.Count(tusLength, length); err == nil && n.Length > evidence.MaxLength {
		err = fault.New(fault.BodyTooLarge).At(tusLength)
	}
	return n, err
}

// joined reads of which uploads one is joined. It has no length and no bytes of its own.
func (s *server) joined(r *request, n upload.New, urls []string) (upload.New, error) {
	for _, name := range []string{tusLength, tusDefer} {
		if r.Get(name) != "" {
			return n, fault.New(fault.HeaderInvalid).At(name).Detail("合并后的长度由各分部决定", "the length of a joined upload follows from its parts")
		}
	}
	if guard.BodyOf(r.Ctx).Length() > 0 {
		return n, fault.New(fault.UploadJoined)
	}
	for _, url := range urls {
		id := strings.TrimPrefix(strings.TrimPrefix(url, s.PublicURL), "/v1/uploads/")
		if !record.IsID(id) {
			return n, fault.New(fault.NotFound)
		}
		n.Parts = append(n.Parts, id)
	}
	return n, nil
}

// declared reads the length of the whole upload, if a chunk tells it.
func (r *request) declared() (*int64, error) {
	value := r.Get(tusLength)
	if value == "" {
		return nil, nil
	}
	n, err := header.Count(tusLength, value)
	return &n, err
}

// chunk checks the headers of a request that brings bytes. A creation without any needs no content type.
func (r *request) chunk() (*upload.Checksum, error) {
	brings := r.Method() == fiber.MethodPatch || guard.BodyOf(r.Ctx).Length() > 0
	if brings && r.Get(fiber.HeaderContentType) != mimeOffset {
		return nil, fault.New(fault.MediaTypeRefused).At(fiber.HeaderContentType).Detail("应为 "+mimeOffset, "want "+mimeOffset)
	}
	return header.Checksum(r.Get(tusChecksum))
}

// progress tells how far an upload is, as far as it is known.
func (r *request) progress(st upload.Status) {
	if st.ID == "" {
		return
	}
	r.Set(tusOffset, strconv.FormatInt(st.Offset, 10))
	if st.State == upload.Receiving {
		r.Set(tusExpires, st.ExpiresAt.UTC().Format(http.TimeFormat))
	}
}

// here reads which upload is meant, and passes the request on if another replica has its bytes.
func (s *server) here(r *request) (id string, done bool, err error) {
	if err := r.tus(); err != nil {
		return "", true, err
	}
	if id, err = r.id("id"); err != nil {
		return "", true, err
	}
	url, err := s.Forward.Fleet.Of(r.ctx, r.caller, id)
	if err != nil {
		return "", true, err
	}
	done, err = s.passedOn(r, url)
	return id, done, err
}

// uploadStatus tells how far an upload is; a connection that still writes it lets go.
func (s *server) uploadStatus(r *request) error {
	id, done, err := s.here(r)
	if done {
		return err
	}
	st, err := s.Uploads.Status(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	r.progress(st)
	r.Set(tusMetadata, "evidence "+base64.StdEncoding.EncodeToString([]byte(st.Evidence)))
	for name, value := range map[string]string{tusMetadata: st.Note.Metadata, tusConcat: st.Note.Joins} {
		if value != "" {
			r.Set(name, value)
		}
	}
	if st.Length == upload.Unknown {
		r.Set(tusDefer, "1")
	} else {
		r.Set(tusLength, strconv.FormatInt(st.Length, 10))
	}
	return nil
}

// appendUpload takes bytes at an offset. What has arrived before a line broke is kept.
func (s *server) appendUpload(r *request) error {
	id, done, err := s.here(r)
	if done {
		return err
	}
	sum, err := r.chunk()
	if err != nil {
		return err
	}
	offset, err := header.Count(tusOffset, r.Get(tusOffset))
	if err != nil {
		return err
	}
	declared, err := r.declared()
	if err != nil {
		return err
	}
	st, err := s.Uploads.Append(r.ctx, r.caller, id, upload.Chunk{Offset: offset, Sum: sum, Length: declared}, guard.BodyOf(r.Ctx))
	r.progress(st)
	if err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return nil
}

// endUpload gives an upload up.
func (s *server) endUpload(r *request) error {
	id, done, err := s.here(r)
	if done {
		return err
	}
	if err := s.Uploads.End(r.ctx, r.caller, id); err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return nil
}
