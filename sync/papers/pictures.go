package papers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// pictures gives a paper of a unit the octets of the evidence that it shows. What the server does not hold yet is fault paper.picture_pending: whoever renders
// the paper waits for it. What it will never hold, or may not show, is a [render.PictureError]. Each evidence whose octets it gives is noted, as who it is and whose.
func (s *Service) pictures(ctx context.Context, unit string, note func(evidence.Entry)) func(document.PictureRef) ([]byte, error) {
	return func(ref document.PictureRef) ([]byte, error) {
		if !record.IsID(ref.Evidence) {
			return nil, &render.PictureError{Zh: "未指明证据记录", En: "no record of evidence is named"}
		}
		body, err := s.optional(ctx, evidence.Evidence.Name, ref.Evidence)
		if err != nil {
			return nil, err
		}
		if body == nil {
			return nil, fault.New(fault.PicturePending).At(ref.Evidence)
		}
		if err := s.printable(ctx, unit, body, ref); err != nil {
			return nil, err
		}
		key, held := evidence.HeldUnder(body)
		if !held {
			return nil, fault.New(fault.PicturePending).At(ref.Evidence)
		}
		file, err := s.Blobs.OpenRange(ctx, key, 0, -1)
		if err != nil {
			return nil, fmt.Errorf("evidence %s: %w", ref.Evidence, err)
		}
		defer file.Close()
		raw, err := io.ReadAll(io.LimitReader(file, ref.Length+1))
		if err != nil {
			return nil, fault.New(fault.TemporarilyDown).Because(err)
		}
		of, _ := body["unit"].(string)
		note(evidence.Entry{Evidence: ref.Evidence, Unit: of})
		return raw, nil
	}
}

// prints are the acts of custody of pictures that stand on a paper's page: one for each evidence, however often the page was laid out.
func (s *Service) prints(id string, body record.Object, noted []evidence.Entry) (acts []evidence.Entry) {
	for _, e := range noted {
		if slices.ContainsFunc(acts, func(a evidence.Entry) bool { return a.Evidence == e.Evidence }) {
			continue
		}
		e.Act, e.At, e.Related, e.Reason = evidence.ActPrint, s.Now(), id, "《"+nameOf(body)+"》"+numberTextOf(body)
		acts = append(acts, e)
	}
	return acts
}

// printable reports why an evidence can never stand on a paper of a unit: it is of another organ, which has not shared it; it is not what the paper
// names; or its octets are gone, or never were what was announced.
func (s *Service) printable(ctx context.Context, unit string, body record.Object, ref document.PictureRef) error {
	of, _ := body["unit"].(string)
	if of != unit && !slices.Contains(evidence.Evidence.UnitsOf(body), unit) {
		theirs, err := s.organ(ctx, of)
		if err != nil {
			return err
		}
		ours, err := s.organ(ctx, unit)
		if err != nil {
			return err
		}
		if theirs.Code != ours.Code {
			return &render.PictureError{Zh: "照片不是本机关的证据", En: "the picture is evidence of another organ"}
		}
	}
	length, _ := body["length"].(float64)
	if body["sha256"] != ref.SHA256 || int64(length) != ref.Length {
		return &render.PictureError{Zh: "照片与证据记录的长度或者摘要不一致", En: "the picture has another length or digest than its record of evidence"}
	}
	switch state := evidence.StateOf(body); {
	case state.Disposed():
		return &render.PictureError{Zh: "照片已经处置", En: "the picture was disposed of"}
	case state == evidence.CustodyMismatch:
		return &render.PictureError{Zh: "收到的照片与登记的摘要不一致", En: "what arrived of the picture is not what was announced"}
	}
	return nil
}

// wait says in a paper's record which evidence its rendering waits for, if that is why it ended with the error, and returns the error.
func (s *Service) wait(ctx context.Context, id string, body record.Object, err error) error {
	if !errors.Is(err, fault.New(fault.PicturePending)) {
		return err
	}
	rendered, _ := body["rendered"].(record.Object)
	missing := fault.Of(err).Field
	if rendered["waiting"] == missing || rendered != nil && !waits(rendered) {
		return err
	}
	_, unsaid := s.say(ctx, id, record.Object{"waiting": missing, "at": stamp(s.Now())}, nil)
	return errors.Join(err, unsaid)
}

// waits reports whether what a record says of its rendering is only what that waits for.
func waits(rendered record.Object) bool { return rendered["waiting"] != nil }

// albums is what is held while a paper with pictures is rendered: one in a process, for its pictures are in memory together.
var albums = make(chan struct{}, 1)

// album waits until a paper may be rendered with its pictures, at the latest until the context ends; done lets the next one begin.
func album(ctx context.Context, p render.Paper) (done func(), err error) {
	if !slices.ContainsFunc(p.Template.Layout, func(b document.Block) bool { return b.Kind == document.PicturesBlock && b.When.Holds(p.Instance.Data) }) {
		return func() {}, nil
	}
	select {
	case albums <- struct{}{}:
		return func() { <-albums }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hindered is what the record of a paper says when it can never be rendered: the code and, of a picture, its place and the reason. ok is false for an error that
// may pass.
func hindered(err error) (said record.Object, ok bool) {
	var wrong *render.PictureError
	switch {
	case errors.As(err, &wrong):
		return record.Object{"failure": string(fault.PictureUnfit), "failureAt": wrong.Path, "reason": record.Object{"zh": wrong.Zh, "en": wrong.En}}, true
	case errors.Is(err, render.ErrTooLong):
		return record.Object{"failure": string(fault.PaperTooLarge)}, true
	}
	return nil, false
}
