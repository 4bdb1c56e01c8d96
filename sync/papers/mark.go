package papers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Kept is a file of a paper in the store.
type Kept struct {
	Key, SHA256 string
	Length      int64
}

// KeptOf finds a file of a paper by what its record says: the newest, which of a void paper is the copy with the mark, or what was issued. One that is not
// there yet is fault document.not_rendered; one that cannot be made is the fault that stood in the way.
func KeptOf(body record.Object, issued bool) (Kept, error) {
	rendered, _ := body["rendered"].(record.Object)
	if first, is := rendered["issued"].(record.Object); is && issued {
		rendered = first
	}
	if state, _ := body["state"].(string); state == document.Draft {
		return Kept{}, fault.New(fault.PaperPending).Detail("文书还是草稿，签发后才有电子文书；查看草稿请用预览", "it is a draft: there is a file once it is issued; a preview shows the draft")
	}
	return keptOf(rendered)
}

func keptOf(rendered record.Object) (Kept, error) {
	if failure, _ := rendered["failure"].(string); failure != "" {
		return Kept{}, hindrance(fault.Code(failure), rendered)
	}
	k := Kept{}
	k.Key, _ = rendered["key"].(string)
	k.SHA256, _ = rendered["sha256"].(string)
	length, _ := rendered["length"].(float64)
	if k.Length = int64(length); k.Key != "" {
		return k, nil
	}
	if missing, _ := rendered["waiting"].(string); missing != "" {
		return k, fault.New(fault.PaperPending).Detail("等待照片（证据记录"+missing+"）上传，上传后自动生成", "it waits for a picture, evidence "+missing+", and is made once that is brought")
	}
	return k, fault.New(fault.PaperPending)
}

// hindrance is why a file cannot be made, as its paper's record says it: see hindered.
func hindrance(code fault.Code, rendered record.Object) error {
	if code == fault.PaperTooLarge {
		return fault.New(code).Detail("文书已经签发，纸质文书照常有效，但无法生成电子文书；需要电子文书的，请精简内容、把长的部分列为附件，另行制作更正文书",
			"it was issued, and the paper itself stands, but no PDF can be made of it; where one is needed, issue a shorter paper with annexes that corrects it")
	}
	why := fault.New(code)
	if reason, ok := rendered["reason"].(record.Object); ok {
		at, _ := rendered["failureAt"].(string)
		zh, _ := reason["zh"].(string)
		en, _ := reason["en"].(string)
		why = why.At(at).Detail(zh, en)
	}
	return why
}

// read reads a file from the store, and proves it.
func (s *Service) read(ctx context.Context, k Kept) ([]byte, error) {
	file, err := s.Blobs.OpenRange(ctx, k.Key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var text bytes.Buffer
	if _, err := io.Copy(&text, io.LimitReader(file, mostLength+1)); err != nil {
		return nil, fault.New(fault.TemporarilyDown).Because(err)
	}
	if digest := sha256.Sum256(text.Bytes()); hex.EncodeToString(digest[:]) != k.SHA256 {
		return nil, fault.New(fault.StoreDiffers)
	}
	return text.Bytes(), nil
}

// mark writes a copy of what was issued, with what has become of the paper over every page.
func (s *Service) mark(ctx context.Context, w io.Writer, body, issued record.Object) (render.Result, error) {
	return s.over(ctx, w, body, issued, func(sha256 string) (string, render.Mark) { return "标注副本", markOf(body, sha256) })
}

// over writes the file that was issued with a mark over every page; what the mark says, and what the copy is called, may name the file's digest.
func (s *Service) over(ctx context.Context, w io.Writer, body, issued record.Object, marked func(sha256 string) (name string, mark render.Mark)) (render.Result, error) {
	kept, err := keptOf(issued)
	if err != nil {
		return render.Result{}, err
	}
	file, err := s.read(ctx, kept)
	if err != nil {
		return render.Result{}, err
	}
	made := document.ReadInstance(body).IssuedAt // the same copy has the same bytes whenever it is made
	name, mark := marked(kept.SHA256)
	r, err := render.Marked(w, file, pdf.Info{Title: titleOf(body) + name, Created: made.UTC()}, mark)
	return r, unfit(err)
}

// unfit is that a file is not of the form in which papers are kept.
func unfit(err error) error {
	if errors.Is(err, pdf.ErrForm) {
		return fault.New(fault.PaperUnfit).Because(err)
	}
	return err
}

// markOf says what has become of a paper: that it is void and why, or which paper corrects it; and that this is a copy, of which file.
func markOf(body record.Object, sha256 string) render.Mark {
	copied := []string{"本页为加注的副本，不是存档原件。存档原件摘要（SHA-256）：", sha256}
	by := document.CorrectedText(body)
	if document.Standing(body) == document.Corrected {
		return render.Mark{Word: "已更正", Lines: append(copied, "本文书已被"+by+"更正，以更正后的文书为准。")}
	}
	m := render.Mark{Word: "已作废", Lines: append(copied, "本文书已作废。"+document.ReadInstance(body).VoidReason)}
	if by != "" {
		m.Lines = append(m.Lines, "作废前曾被"+by+"更正。")
	}
	return m
}
