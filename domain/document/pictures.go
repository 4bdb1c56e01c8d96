package document

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// PictureRef is one picture of a Pictures value: a photograph or a drawing that is kept as evidence, by its record and its digest. The paper holds what it
// prints beside the picture; the octets are the evidence's, and are asked for when the paper is rendered.
type PictureRef struct {
	ID       string // of the row
	Evidence string // record id
	SHA256   string // of the octets, lower-case hex
	Length   int64  // of the octets
	Caption  string // 说明: what the picture shows
	At       time.Time
	Place    string
	By       string // who took or drew it, in print
}

// PicturesOf lists a Pictures value in its order.
func PicturesOf(value any) []PictureRef {
	set, _ := value.(record.Object)
	var out []PictureRef
	for _, e := range ordered(set) {
		out = append(out, PictureRef{ID: e.id, Evidence: text(e.body, "evidence"), SHA256: text(e.body, "sha256"), Length: int64(amount(e.body, "length")),
			Caption: text(e.body, "caption"), At: moment(e.body, "at"), Place: text(e.body, "place"), By: text(e.body, "by")})
	}
	return out
}

// Bounds of the pictures of a paper.
const (
	MostPictures     = 50       // that a template may allow
	usualPictures    = 20       // where it says nothing
	MaxPictureBytes  = 16 << 20 // of one
	MaxPicturesBytes = 48 << 20 // of all of a paper: they are in memory together
)

// PictureLabels are what stands beside a picture: what is shown, and when, where and by whom it was made. A photograph that is evidence tells them
// (最高人民法院关于行政诉讼证据若干问题的规定第十二条 of recordings: 制作方法、制作时间、制作人和证明对象; of photographs by the practice of files).
type PictureLabels struct{ Name, At, Place, By string }

// PictureLabels of a field of kind Pictures.
func (f Field) PictureLabels() PictureLabels {
	if f.Drawn {
		return PictureLabels{"图", "绘制时间", "绘制地点", "绘制人"}
	}
	return PictureLabels{"照片", "拍摄时间", "拍摄地点", "拍摄人"}
}

// pictureColumns are what a row of a Pictures value holds.
func (f Field) pictureColumns() []Field {
	l := f.PictureLabels()
	return []Field{
		{ID: "evidence", Label: Text{"证据记录", "record of the evidence"}, Kind: Line, Required: true, MaxLength: 36},
		{ID: "sha256", Label: Text{"摘要", "digest"}, Kind: Line, Required: true, MaxLength: 64},
		{ID: "length", Label: Text{"长度", "length"}, Kind: Number, Required: true},
		{ID: "caption", Label: Text{"说明", "caption"}, Kind: Line, Required: true, MaxLength: 200},
		{ID: "at", Label: Text{l.At, "when it was made"}, Kind: Time, Required: true},
		{ID: "place", Label: Text{l.Place, "where it was made"}, Kind: Line, Required: true, MaxLength: 100},
		{ID: "by", Label: Text{l.By, "who made it"}, Kind: Line, Required: true, MaxLength: 50},
	}
}

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// checkPictures checks what rows cannot say by their columns: that a record and octets are named, and that a page can hold them.
func checkPictures(set record.Object) []Flaw {
	var flaws []Flaw
	total := 0.0
	for _, id := range slices.Sorted(maps.Keys(set)) {
		row := object(set, id)
		if s := text(row, "evidence"); s != "" && !recordID.MatchString(s) {
			flaws = append(flaws, Flaw{id + "/evidence", "中“证据记录”不是记录标识", "evidence is the id of a record"})
		}
		if s := text(row, "sha256"); s != "" && !digestForm.MatchString(s) {
			flaws = append(flaws, Flaw{id + "/sha256", "中“摘要”应为64位小写十六进制", "sha256 is 64 lower-case hexadecimal digits"})
		}
		if n, ok := row["length"].(float64); ok {
			if total += n; n < 1 || n != float64(int64(n)) || n > MaxPictureBytes {
				flaws = append(flaws, Flaw{id + "/length", fmt.Sprintf("中“长度”应为1至%d的整数", MaxPictureBytes), fmt.Sprintf("length is a whole number from 1 to %d", MaxPictureBytes)})
			}
		}
	}
	if total > MaxPicturesBytes {
		flaws = append(flaws, wrong(fmt.Sprintf("总长度超过%d", MaxPicturesBytes), fmt.Sprintf("more than %d octets in all", MaxPicturesBytes))...)
	}
	return flaws
}
