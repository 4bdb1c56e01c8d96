package ffmpeg

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// plan is how a recipe is made.
type plan struct {
	seek   []string // arguments before the file
	args   []string // behind it, up to the file that is made
	mime   string
	layout record.Object
	whole  bool // all of the recording is decoded
}

// The sizes of pictures.
const (
	posterWidth = 1280
	tileWidth   = 160
	tileColumns = 10
	mostTiles   = 100
	waveSize    = "1200x200"
)

var stripped = []string{"-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn"} // places and names stand in metadata too

// planOf says how a recipe is made of what a file has.
func planOf(r evidence.Recipe, m media) (plan, error) {
	switch {
	case r.Kind == evidence.Waveform && m.audio != "":
		return plan{whole: true, mime: "image/png", args: []string{"-filter_complex", "[0:a:0]aformat=channel_layouts=mono,showwavespic=s=" + waveSize + ":colors=0x1F6FEB",
			"-frames:v", "1", "-c:v", "png", "-f", "image2", "-update", "1"}}, nil
	case r.Kind == evidence.Poster && m.video != "":
		p := picture(fmt.Sprintf("scale=w='min(%d,iw)':h=-2", posterWidth) + stamped(r))
		if r.AtMs > 0 {
			p.seek = []string{"-ss", seconds(r.AtMs)}
		}
		return p, nil
	case r.Kind == evidence.Sprite && m.video != "" && !m.still:
		return spriteOf(m), nil
	case r.Kind == evidence.Playable && !m.still:
		return playableOf(r, m), nil
	case r.Kind == evidence.Redacted && (m.video != "" || len(r.Mute) > 0):
		return redactedOf(r, m), nil
	}
	return plan{}, fault.New(fault.DeriveFormat).Detail("文件中没有所需的画面或声音", "the file has no picture or sound of the kind that is needed")
}

// picture makes one picture.
func picture(filter string) plan {
	args := append([]string{"-map", "0:v:0", "-frames:v", "1", "-vf", filter}, stripped...)
	return plan{mime: "image/jpeg", args: append(args, "-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p", "-f", "image2", "-update", "1")}
}

func spriteOf(m media) plan {
	every := max(time.Second, (m.duration / mostTiles).Round(time.Millisecond))
	tiles := int(min(mostTiles, max(1, m.duration/every)))
	rows := (tiles + tileColumns - 1) / tileColumns
	p := picture(fmt.Sprintf("fps=1/%s,scale=%d:-2,tile=%dx%d", seconds(every.Milliseconds()), tileWidth, tileColumns, rows))
	p.whole = true
	p.layout = record.Object{"everyMs": float64(every.Milliseconds()), "columns": float64(tileColumns), "rows": float64(rows), "tileWidth": float64(tileWidth), "tiles": float64(tiles)}
	return p
}

// The encoders of picture and sound that every browser plays.
var (
	h264 = []string{"-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p"}
	aac  = []string{"-c:a", "aac", "-b:a", "96k"}
	mp4  = []string{"-movflags", "+faststart", "-f", "mp4"}
)

// even crops a column or a row that 4:2:0 has no place for.
const even = "crop=w=trunc(iw/2)*2:h=trunc(ih/2)*2:x=0:y=0"

// playableOf copies what browsers play, and encodes what they do not.
func playableOf(r evidence.Recipe, m media) plan {
	p := plan{mime: mimeOf(m), args: []string{"-map", "0:v:0?", "-map", "0:a:0?", "-sn", "-dn"}}
	switch {
	case m.video == "":
		p.args = append(p.args, "-vn")
	case m.video == "h264" && r.Watermark == "":
		p.args = append(p.args, "-c:v", "copy")
	default:
		p.whole = true
		p.args = append(append(p.args, "-vf", even+stamped(r)), h264...)
	}
	if m.audio == "aac" || m.audio == "mp3" {
		p.args = append(p.args, "-c:a", "copy")
	} else {
		p.whole = p.whole || m.audio != ""
		p.args = append(p.args, aac...)
	}
	p.args = append(p.args, mp4...)
	return p
}

func mimeOf(m media) string {
	if m.video == "" {
		return "audio/mp4"
	}
	return "video/mp4"
}

// margin is how much longer than said a place is covered and a time is mute: frames do not end where people think.
const margin = 60 * time.Millisecond

// redactedOf covers places and mutes times. What is under a box is brought down to six by six spots, which nothing brings back.
func redactedOf(r evidence.Recipe, m media) plan {
	p := plan{whole: true, mime: mimeOf(m)}
	var graph []string
	if m.video != "" {
		graph = append(graph, covered(r, m))
		p.args = append(p.args, "-map", "[v]")
	}
	if m.audio != "" && !m.still {
		graph = append(graph, "[0:a:0]"+muted(r)+"[a]")
		p.args = append(p.args, "-map", "[a]")
	}
	p.args = append(append([]string{"-filter_complex", strings.Join(graph, ";")}, p.args...), stripped...)
	switch {
	case m.still:
		p.mime = "image/jpeg"
		p.args = append(p.args, "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p", "-f", "image2", "-update", "1")
		return p
	case m.video != "":
		p.args = append(p.args, h264...)
	}
	p.args = append(append(p.args, aac...), mp4...)
	return p
}

// covered is the graph that covers places: each is cut out, brought down, brought up and laid over.
func covered(r evidence.Recipe, m media) string {
	graph := "[0:v:0]null[b0]"
	for i, box := range r.Blur {
		x, w := along(box.X, box.Width, m.width)
		y, h := along(box.Y, box.Height, m.height)
		graph += fmt.Sprintf(";[b%d]split[k%d][c%d];[c%d]crop=w=%d:h=%d:x=%d:y=%d,scale=6:6:flags=area,scale=%d:%d:flags=neighbor[p%d];[k%d][p%d]overlay=x=%d:y=%d%s[b%d]",
			i, i, i, i, w, h, x, y, w, h, i, i, i, x, y, during(box.Spell, m), i+1)
	}
	return graph + fmt.Sprintf(";[b%d]%s%s[v]", len(r.Blur), even, stamped(r))
}

// along turns a part of a side into even pixels, outward. A last odd row or column is cropped in the end, see even.
func along(from, length float64, side int) (start, size int) {
	start = int(from*float64(side)) &^ 1
	size = (int(math.Ceil((from+length)*float64(side))) - start + 1) &^ 1
	side &^= 1
	size = max(2, min(size, side-start))
	return min(start, max(0, side-size)), size
}

// during is the condition of a filter that works for a time only. Of a picture there is no time.
func during(s evidence.Spell, m media) string {
	if m.still {
		return ""
	}
	return ":enable='" + between(s) + "'"
}

func between(s evidence.Spell) string {
	wide := margin.Milliseconds()
	return fmt.Sprintf("between(t,%s,%s)", seconds(max(0, s.FromMs-wide)), seconds(s.ToMs+wide))
}

// muted is the chain that mutes times. Frames are made short, because a filter works on whole ones.
func muted(r evidence.Recipe) string {
	chain := "asetnsamples=n=256:p=0"
	for _, s := range r.Mute {
		chain += ",volume=volume=0:enable='" + between(s) + "'"
	}
	return chain
}

// stamped burns the watermark in, at two corners. Text and font are files: nothing of the text is read as a command.
func stamped(r evidence.Recipe) string {
	if r.Watermark == "" {
		return ""
	}
	out := ""
	for _, at := range []string{"x=w*0.02:y=h-th-h*0.03", "x=w-tw-w*0.02:y=h*0.03"} {
		out += ",drawtext=fontfile=/in/font:textfile=/in/text:expansion=none:fontsize=max(10\\,h/24):fontcolor=white@0.75:box=1:boxcolor=black@0.4:boxborderw=4:" + at
	}
	return out
}

func seconds(ms int64) string { return fmt.Sprintf("%d.%03d", ms/1000, ms%1000) }
