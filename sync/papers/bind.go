package papers

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// volume is one PDF of many papers, each with an entry in the outline.
type volume struct{ merger *pdf.Merger }

func newVolume(w io.Writer, id string, at time.Time) volume {
	return volume{pdf.NewMerger(w, pdf.Info{Title: "文书合订 " + id, Producer: "Fieldwarden", Created: at})}
}

// Add implements binder.
func (v volume) Add(p bound) error {
	err := v.merger.Add(fmt.Sprintf("%d. %s", p.Position, titleOf(p.Body)), p.File)
	if errors.Is(err, pdf.ErrForm) {
		return fault.New(fault.PaperUnfit).Because(err)
	}
	return full(err)
}

// Close implements binder. What is missing is told in the export's record: a page of ours between the papers would be taken for one of them.
func (v volume) Close(record.Object) error { return v.merger.Close() }

// archive is a ZIP of the papers as they are stored, with a manifest that says of each its digest.
type archive struct {
	zip      *zip.Writer
	at       time.Time
	manifest manifest
}

// manifest is manifest.json in a ZIP of papers.
type manifest struct {
	Export  string          `json:"export"`
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
	a.manifest.Papers = append(a.manifest.Papers, manifestPaper{File: name, Document: p.ID, Kind: kind, Title: titleOf(p.Body), State: state, IssuedAt: issued, Length: len(p.File), SHA256: p.SHA256})
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
func (a *archive) Close(missing record.Object) error {
	a.manifest.Missing = missing
	text, err := wire.Canonical(a.manifest)
	if err != nil {
		return err
	}
	sums := ""
	for _, p := range a.manifest.Papers {
		sums += p.SHA256 + "  " + p.File + "\n"
	}
	return errors.Join(a.put("manifest.json", text), a.put("SHA256SUMS", []byte(sums)), a.zip.Close())
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
