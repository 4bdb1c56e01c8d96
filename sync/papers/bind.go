package papers

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render"
	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// volume is one PDF of many papers behind a table of contents, each with an entry in the outline. On the pages of a paper that another corrects stands so.
type volume struct {
	merger   *pdf.Merger
	contents render.Contents
	id, why  string
	about    string // the paper of filing of the case; "": it is of none
}

func newVolume(w io.Writer, id, reason string, at time.Time) *volume {
	title := "文书合订 " + id
	return &volume{merger: pdf.NewMerger(w, pdf.Info{Title: title, Producer: "Fieldwarden " + render.Version(), Created: at}), contents: render.Contents{Title: "文书合订本目录", At: at}, id: id, why: reason}
}

// Add implements binder.
func (v *volume) Add(p bound) error {
	first := v.merger.Pages() + 1
	var over []byte
	if document.Standing(p.Body) == document.Corrected { // of a void one the mark is on the copy that is kept
		var err error
		if over, err = markOf(p.Body, p.SHA256).Overlay(); err != nil {
			return err
		}
	}
	err := v.merger.AddMarked(fmt.Sprintf("%d. %s", p.Position, titleOf(p.Body)), p.File, over)
	if errors.Is(err, pdf.ErrForm) {
		return unfit(err)
	}
	v.contents.Entries = append(v.contents.Entries, entryOf(p.Body, first))
	return full(err)
}

// entryOf is a paper in the table of contents.
func entryOf(body record.Object, page int) render.Entry {
	in := document.ReadInstance(body)
	e := render.Entry{Number: in.NumberText, Name: nameOf(body), Page: page, State: "已签发"}
	if k, ok := document.KindOf(in.Kind); ok {
		e.Kind = k.Number
	}
	if !in.IssuedAt.IsZero() {
		e.Date = in.IssuedAt.In(record.Beijing).Format(time.DateOnly)
	}
	if by := document.CorrectedText(body); by != "" {
		e.State, e.Note = "已更正", "已被"+by+"更正"
	}
	if in.State == document.Voided {
		e.State = "作废"
	}
	return e
}

// Close implements binder.
func (v *volume) Close(missing []absent) error {
	c := &v.contents
	c.Notes = []string{fmt.Sprintf("导出编号%s，%s制作，收入文书%d份，共%d页（不含目录）；用途：%s", v.id, c.At.In(record.Beijing).Format("2006年1月2日15时04分"), len(c.Entries), v.merger.Pages(), v.why),
		"页码为本文件的页次，目录计入。作废、已更正的文书不再适用，各页均有标注。本册各页由存档文书复制而成；单份文书的真伪，以其单独的电子文书核验。"}
	if v.about != "" {
		c.Notes = append([]string{"本册收入依" + v.about + "所立案件的文书，按文书之间的引用关系和所属检查查找；与本案文书没有引用关系、也不属于本案检查的文书不在其内。"}, c.Notes...)
	}
	for _, m := range missing {
		c.Missing = append(c.Missing, render.Absence{What: m.what(), Why: m.why.Zh})
	}
	var front bytes.Buffer
	_, err := render.WriteContents(&front, *c)
	if errors.Is(err, render.ErrTooLong) {
		return fault.New(fault.ExportTooMany).Because(err)
	}
	if err != nil {
		return err
	}
	return full(errors.Join(v.merger.AddFirst("目录", front.Bytes()), v.merger.Close()))
}

// what names an absent paper, by its record alone where who asked may not see it.
func (m absent) what() string {
	if m.body == nil {
		return "记录" + m.id
	}
	return titleOf(m.body) + "\n记录" + m.id
}

// archive is a ZIP of the papers as they are stored, with a manifest that says of each its digest.
type archive struct {
	zip      *zip.Writer
	at       time.Time
	manifest manifest
}

// manifest is manifest.json in a ZIP of papers.
type manifest struct {
	Export  string          `json:"export"`
	Case    string          `json:"case,omitempty"` // record of its paper of filing
	At      time.Time       `json:"at"`
	Papers  []manifestPaper `json:"papers"`
	Missing record.Object   `json:"missing"`
}

type manifestPaper struct {
	File     string `json:"file"`
	Document string `json:"document"`
	Kind     string `json:"kind"`
	Title    string `json:"title"`
	State    string `json:"state"`
	IssuedAt string `json:"issuedAt"`
	Length   int    `json:"length"`
	SHA256   string `json:"sha256"`

	CorrectedBy record.Object `json:"correctedBy,omitempty"` // the paper that corrects it; the file is as it was issued all the same
	Issued      string        `json:"issued,omitempty"`      // SHA-256 of what was handed over, of a void paper, whose file is a copy with the mark
}

func newArchive(w io.Writer, id string, at time.Time) *archive {
	return &archive{zip: zip.NewWriter(w), at: at, manifest: manifest{Export: id, At: at.UTC(), Papers: []manifestPaper{}}}
}

// Add implements binder.
func (a *archive) Add(p bound) error {
	name := fmt.Sprintf("%04d %s.pdf", p.Position, fileName(titleOf(p.Body)))
	if err := a.put(name, p.File); err != nil {
		return full(err)
	}
	kind, _ := p.Body["kind"].(string)
	state, _ := p.Body["state"].(string)
	issued, _ := p.Body["issuedAt"].(string)
	told := manifestPaper{File: name, Document: p.ID, Kind: kind, Title: titleOf(p.Body), State: state, IssuedAt: issued, Length: len(p.File), SHA256: p.SHA256}
	told.CorrectedBy, _ = p.Body["correctedBy"].(record.Object)
	if first, err := KeptOf(p.Body, true); err == nil && first.SHA256 != p.SHA256 {
		told.Issued = first.SHA256
	}
	a.manifest.Papers = append(a.manifest.Papers, told)
	return nil
}

// put writes an entry as it is: PDFs are packed already.
func (a *archive) put(name string, content []byte) error {
	w, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: a.at.UTC()})
	if err == nil {
		_, err = w.Write(content)
	}
	return err
}

// Close implements binder.
func (a *archive) Close(missing []absent) error {
	a.manifest.Missing = codes(missing)
	text, err := wire.Canonical(a.manifest)
	if err != nil {
		return err
	}
	sums := ""
	for _, p := range a.manifest.Papers {
		sums += p.SHA256 + "  " + p.File + "\n"
	}
	return full(errors.Join(a.put("manifest.json", text), a.put("SHA256SUMS", []byte(sums)), a.zip.Close()))
}

// fileName is a title as the name of a file that every system takes.
func fileName(title string) string {
	clean := strings.Map(func(c rune) rune {
		if c < ' ' || strings.ContainsRune(`/\:*?"<>|`, c) {
			return '_'
		}
		return c
	}, title)
	runes := []rune(clean)
	return string(runes[:min(len(runes), 80)])
}

// full is an error of the disk that the file is written to.
func full(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.StorageFull).Because(err)
}
