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
const tusExtensions = "creation,creation-with-upload,expiration,checksum,termination"

// tusOptions says what of tus is spoken here.
func (s *server) tusOptions(r *request) error {
	r.Set(tusResumable, tusOne)
	r.Set(tusVersion, tusOne)
	r.Set(tusExtension, tusExtensions)
	r.Set(tusMaxSize, strconv.FormatInt(evidence.MaxLength, 10))
	r.Set(tusAlgorithms, strings.Join(upload.ChecksumAlgorithms, ","))
	r.Status(http.StatusNoContent)
	return nil
}

// tus refuses requests of another version, and marks the answer.
func (r *request) tus() error {
	r.Set(tusResumable, tusOne)
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
	id, length, err := r.announced()
	if err != nil {
		return err
	}
	sum, err := r.chunk()
	if err != nil {
		return err
	}
	st, created, err := s.Uploads.Create(r.ctx, r.caller, id, length)
	if err != nil {
		return err
	}
	r.Set(fiber.HeaderLocation, s.PublicURL+"/v1/uploads/"+st.ID)
	body := guard.BodyOf(r.Ctx)
	if created && body.Length() > 0 {
		if st, err = s.Uploads.Append(r.ctx, r.caller, st.ID, 0, sum, body); err != nil {
			r.progress(st)
			return err
		}
	}
	r.progress(st)
	r.Status(http.StatusCreated)
	return nil
}

// announced reads which evidence is meant and how long it is.
func (r *request) announced() (id string, length int64, err error) {
	if r.Get(tusDefer) != "" {
		return "", 0, fault.New(fault.HeaderInvalid).At(tusDefer).Detail("长度须在创建时给出", "the length must be given at creation")
	}
	if length, err = header.Count(tusLength, r.Get(tusLength)); err != nil {
		return "", 0, err
	}
	if length > evidence.MaxLength {
		return "", 0, fault.New(fault.BodyTooLarge).At(tusLength)
	}
	metadata, err := header.Metadata(r.Get(tusMetadata))
	if err != nil {
		return "", 0, err
	}
	if id = metadata["evidence"]; !record.IsID(id) {
		return "", 0, fault.New(fault.HeaderInvalid).At(tusMetadata).Detail("缺少 evidence 或其值不是记录标识", "evidence is missing, or not a record id")
	}
	return id, length, nil
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

// uploadStatus tells how far an upload is; a connection that still writes it lets go.
func (s *server) uploadStatus(r *request) error {
	if err := r.tus(); err != nil {
		return err
	}
	id, err := r.id("id")
	if err != nil {
		return err
	}
	st, err := s.Uploads.Status(r.ctx, r.caller, id)
	if err != nil {
		return err
	}
	r.progress(st)
	r.Set(tusLength, strconv.FormatInt(st.Length, 10))
	r.Set(tusMetadata, "evidence "+base64.StdEncoding.EncodeToString([]byte(st.Evidence)))
	return nil
}

// appendUpload takes bytes at an offset. What has arrived before a line broke is kept.
func (s *server) appendUpload(r *request) error {
	if err := r.tus(); err != nil {
		return err
	}
	id, err := r.id("id")
	if err != nil {
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
	st, err := s.Uploads.Append(r.ctx, r.caller, id, offset, sum, guard.BodyOf(r.Ctx))
	r.progress(st)
	if err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return nil
}

// endUpload gives an upload up.
func (s *server) endUpload(r *request) error {
	if err := r.tus(); err != nil {
		return err
	}
	id, err := r.id("id")
	if err != nil {
		return err
	}
	if err := s.Uploads.End(r.ctx, r.caller, id); err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return nil
}
