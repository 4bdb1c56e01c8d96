package render

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/document/render/pdf"
	"github.com/fieldwarden/fieldwarden/domain/document/render/still"
)

// PictureError is that a picture of a paper cannot be printed, however often it is tried.
type PictureError struct {
	Path   string // of the paper's body: data/photos/p1
	Zh, En string
}

func (e *PictureError) Error() string { return e.Path + ": " + e.Zh + " / " + e.En }

// mostStillPixels is how many pixels the pictures of one paper may have together: each is decoded once to see that it can be, some fifty million in a second.
const mostStillPixels = 256 << 20

// plate is a picture of a paper that can be printed.
type plate struct {
	sha256  string // of the evidence: one that is shown twice is stored once
	stored  pdf.Stored
	turn    int
	upright [2]int // width and height once it is turned
}

// plates are the pictures of a paper by their place in its body.
type plates map[string]plate

// gather asks for the pictures of every block that is printed, and reads them. Without a source there are none, and their places say so.
func gather(p *Paper) (plates, error) {
	all, read, pixels, octets := plates{}, plates{}, 0, int64(0)
	for _, b := range p.Template.Layout {
		if b.Kind != document.PicturesBlock || p.Pictures == nil || !b.When.Holds(p.Instance.Data) {
			continue
		}
		refs := document.PicturesOf(p.Instance.Data[b.Field])
		if len(refs) > document.MostPictures {
			return nil, ErrTooLong
		}
		for _, ref := range refs {
			path := pathOf(b, ref)
			if _, known := read[ref.SHA256]; !known {
				octets += ref.Length
				one, n, err := p.plate(path, ref)
				if pixels += n; err == nil && (pixels > mostStillPixels || octets > document.MaxPicturesBytes) {
					err = &PictureError{path, "照片合计过大", "the pictures are too large together"}
				}
				if err != nil {
					return nil, err
				}
				read[ref.SHA256] = one
			}
			all[path] = read[ref.SHA256]
		}
	}
	return all, nil
}

func pathOf(b document.Block, ref document.PictureRef) string {
	return "data/" + b.Field + "/" + ref.ID
}

// plate reads one picture, and counts its pixels. Its octets must be those that the paper names.
func (p *Paper) plate(path string, ref document.PictureRef) (plate, int, error) {
	if ref.Length < 1 || ref.Length > document.MaxPictureBytes {
		return plate{}, 0, &PictureError{path, "照片过大", "the picture has too many octets"}
	}
	raw, err := p.Pictures(ref)
	var wrong *PictureError
	if errors.As(err, &wrong) {
		return plate{}, 0, &PictureError{path, wrong.Zh, wrong.En}
	}
	if err != nil {
		return plate{}, 0, fmt.Errorf("%s: %w", path, err)
	}
	if digest := sha256.Sum256(raw); int64(len(raw)) != ref.Length || hex.EncodeToString(digest[:]) != ref.SHA256 {
		return plate{}, 0, &PictureError{path, "照片与文书所载的长度或者摘要不一致", "the picture is not that of the length and digest which the paper names"}
	}
	s, err := still.Read(raw)
	if err != nil {
		return plate{}, 0, &PictureError{path, "照片不能印制：" + unreadables[err], err.Error()}
	}
	one := plate{sha256: ref.SHA256, turn: s.Turn, stored: pdf.JPEG(s.JPEG, s.Width, s.Height, s.Gray)}
	if s.Samples != nil {
		one.stored = pdf.Packed(s.Samples, s.Width, s.Height, s.Gray)
	}
	one.upright[0], one.upright[1] = s.Upright()
	return one, s.Pixels(), nil
}

// unreadables are why a picture cannot be read, in Chinese.
var unreadables = map[error]string{still.ErrFormat: "不是JPEG或者PNG格式", still.ErrKind: "不是八位灰度或者彩色的基线、渐进JPEG", still.ErrLarge: "像素过多", still.ErrBroken: "文件不完整或者已损坏"}

// Measures of pictures, in points.
const (
	pictureLeast   = 120.0 // height of the place of a picture, however much there is to say of it
	pictureEdge    = 4.0
	pictureShrinks = 0.7 // to which part of its height a picture may be made smaller to stay on a page
	usualPerPage   = 2
)

// plateColumns are the widths of what is said below a picture: a name and a value, twice.
var plateColumns = []float64{15, 45, 13, 27}

// pictures sets the pictures of a field one below the other, so many a page: each in a frame over what there is to say of it, which stay together.
func (f *flow) pictures(b document.Block) {
	field, ok := f.paper.Template.Field(b.Field)
	refs := document.PicturesOf(f.paper.Instance.Data[b.Field])
	if !ok || len(refs) == 0 {
		return
	}
	share := b.PerPage
	if share < 1 || share > document.MostPerPage {
		share = usualPerPage
	}
	slot := (bottom - top) / float64(share)
	for i, ref := range refs {
		rows := f.paper.spendRows(plateRows(field, ref, i+1, len(refs)))
		f.broken(rows, plateColumns)
		g := &grid{flow: f, at: edges(plateColumns)}
		told := total(g.heights(rows)) + sizeTiny*leading + padY
		high := max(slot-told-2*padY, pictureLeast)
		if room := bottom - f.y - padY - told; room < high && room > high*pictureShrinks {
			high = room // a little smaller rather than on the next page
		}
		f.need(min(high+told+padY, bottom-top))
		f.y += padY
		f.plate(pathOf(b, ref), high)
		for j := range rows {
			g.place(rows[j : j+1])
		}
		f.aligned(body(sizeTiny), left, f.y+1, width, "right", line{text: []rune(clean("原始文件SHA-256：" + f.paper.spend(ref.SHA256)))})
		f.y += sizeTiny*leading + padY
	}
}

// plate sets a picture in the middle of a frame over the width of the page, as large as it fits; where there is none the frame says so.
func (f *flow) plate(path string, high float64) {
	f.page().Box(left, f.y, width, high, border)
	one, there := f.plates[path]
	if !there {
		f.aligned(body(sizeForm), left, f.y+high/2-sizeForm, width, "center", line{text: []rune("（预览不印照片，签发后印制）")})
		f.y += high
		return
	}
	w, h := float64(one.upright[0]), float64(one.upright[1])
	scale := min((width-2*pictureEdge)/w, (high-2*pictureEdge)/h)
	w, h = w*scale, h*scale
	if !f.full {
		f.page().Upright(f.press.stored(one.stored, one.sha256), one.turn, left+(width-w)/2, f.y+(high-h)/2, w, h)
	}
	f.y += high
}

// plateRows are what is said of a picture: which it is and what it shows, when and by whom it was made, and where.
func plateRows(field document.Field, ref document.PictureRef, n, of int) []row {
	labels, name := field.PictureLabels(), field.PictureLabels().Name
	if of > 1 {
		name += itoa(n)
	}
	said := func(column, span int, label, text string) []cell {
		return []cell{{column: column, span: 1, rows: 1, align: "center", text: label, label: true}, {column: column + 1, span: span, rows: 1, align: "left", text: orElse(text, nothing)}}
	}
	return []row{{lines: 1, cells: said(0, 3, name, ref.Caption)},
		{lines: 1, cells: append(said(0, 1, labels.At, document.Minute(ref.At)), said(2, 1, labels.By, ref.By)...)},
		{lines: 1, cells: said(0, 3, labels.Place, ref.Place)}}
}

// pictured are the pictures of a field where they are not shown: what is said of them, and where they are.
func (p *Paper) pictured(b document.Block) ([]row, bool) {
	field, ok := p.Template.Field(b.Field)
	refs := document.PicturesOf(p.Instance.Data[b.Field])
	var rows []row
	for i, ref := range refs {
		of := plateRows(field, ref, i+1, len(refs))
		of[0].cells[1].text += "（" + field.PictureLabels().Name + "见本文书A4纸页）"
		rows = append(rows, of...)
	}
	return rows, ok && len(rows) > 0
}
