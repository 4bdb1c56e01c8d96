package isobmff

import (
	"fmt"
	"io"
	"time"
)

// Examine reads a file of a given size. What is wrong with the file is in the report; the error is that of the reader. Reads go forward
// through the file, and skip the media.
func Examine(r io.ReaderAt, size int64) (Report, error) {
	e := examiner{r: r, size: size}
	err := e.walk()
	if err == nil {
		e.conclude()
	}
	return e.Report, err
}

type examiner struct {
	Report
	r            io.ReaderAt
	size         int64
	movie, media bool
	movieFirst   bool
	scale        map[uint32]trackTime
	sequence     uint32
	pending      *Fragment // whose media has not come yet
}

// walk goes through the boxes at the top.
func (e *examiner) walk() error {
	head := make([]byte, 16)
	for at, n := int64(0), 0; at < e.size; n++ {
		octets, err := readAt(e.r, head[:min(16, e.size-at)], at)
		if err != nil {
			return err
		}
		b, ok := headOf(octets, at, e.size-at)
		if at == 0 && (!ok || b.name != "ftyp") {
			e.add(flaw(NotThisFormat, 0, "文件不以 ftyp 开头，不是 MP4", "the file does not begin with ftyp: it is no MP4"))
			return nil
		}
		if !ok || n >= maxBoxes || b.end() > e.size && !known[b.name] {
			e.add(flaw(Trailing, at, "第%d字节起的%d字节不属于任何数据块，可能为附加内容", "the %[2]d octets from octet %[1]d on belong to no box: something may have been appended",
				at, e.size-at))
			return nil
		}
		if b.end() > e.size {
			e.add(flaw(Truncated, at, "第%d字节处的 %s 数据块应有%d字节，文件只剩%d字节", "box %[2]q at octet %[1]d should have %[3]d octets, and %[4]d are left of the file",
				at, b.name, b.length, e.size-at))
			b.length = e.size - at
		}
		if err := e.top(b); err != nil {
			return err
		}
		at = b.end()
	}
	return nil
}

// top looks at one box of those at the top.
func (e *examiner) top(b box) error {
	switch b.name {
	case "ftyp":
		octets, err := readAt(e.r, make([]byte, min(4, b.length-b.head)), b.at+b.head)
		e.Brand = printable(octets)
		return err
	case "moov":
		return e.readMovie(b)
	case "moof":
		return e.readFragment(b)
	case "mdat":
		e.media = true
		if e.pending != nil {
			e.pending.Length = b.end() - e.pending.Offset
		}
	}
	return nil
}

// body reads what is in a box, if it is not longer than a bound.
func (e *examiner) body(b box, most int64) ([]byte, bool, error) {
	if b.length > most {
		e.add(flaw(Malformed, b.at, "第%d字节处的 %s 数据块过大（%d字节），未读取", "box %[2]q at octet %[1]d is too large (%[3]d octets) and was not read", b.at, b.name, b.length))
		return nil, false, nil
	}
	octets, err := readAt(e.r, make([]byte, b.length-b.head), b.at+b.head)
	return octets, err == nil, err
}

// conclude says what is wrong with the file as a whole.
func (e *examiner) conclude() {
	for _, f := range e.Flaws {
		if f.Code == NotThisFormat {
			return
		}
	}
	switch {
	case !e.movie:
		e.add(flaw(NoMovie, -1, "缺少 moov 数据块，无法播放", "the moov box is missing: nothing can be played"))
		return
	case len(e.Tracks) == 0:
		e.add(flaw(NoTracks, -1, "没有画面或声音轨道", "there is neither a track of picture nor one of sound"))
	}
	if !e.media {
		e.add(flaw(NoMedia, -1, "没有媒体数据", "there is no media"))
	}
	if !e.Fragmented {
		e.add(advice(NotFragmented, "不是分片 MP4：录制中断时整段将无法播放，建议改用分片方式", "not in fragments: had the recording been cut off nothing of it could be played; fragments are recommended"))
		if !e.movieFirst {
			e.add(advice(MovieLast, "索引在文件末尾，须完整下载后才能播放", "its index is at the end: it cannot be played before it is there whole"))
		}
	}
	if e.Created.IsZero() {
		e.add(advice(NoCreation, "文件未注明录制时间", "the file does not say when it was made"))
	}
	if last := len(e.Fragments) - 1; e.Fragmented && last >= 0 {
		e.Duration = max(e.Duration, e.Fragments[last].At+e.Fragments[last].Lasts)
	}
}

// printable shows octets of a name, without what would disturb a line.
func printable(octets []byte) string {
	out := make([]byte, len(octets))
	for i, c := range octets {
		if c < ' ' || c > '~' {
			c = '.'
		}
		out[i] = c
	}
	return string(out)
}

// ticks turns a count of a track's time scale into time, without overflow.
func ticks(n uint64, scale uint32) time.Duration {
	if scale == 0 {
		return 0
	}
	seconds := n / uint64(scale)
	if seconds > 1<<32 {
		return 0
	}
	return time.Duration(seconds)*time.Second + time.Duration(n%uint64(scale))*time.Second/time.Duration(scale)
}

// guarded calls a decoder of others and makes an error of its panic: what it is given is from outside.
func guarded[T any](decode func() (T, error)) (out T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return decode()
}
