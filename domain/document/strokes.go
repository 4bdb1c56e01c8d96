package document

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What the strokes of a signature may be at most.
const (
	MaxStrokesBytes = 64 << 10         // of their text: about ten thousand points
	maxStrokesSide  = 10_000           // of the writing area, in its own units
	maxStrokesTime  = 10 * time.Minute // from the first touch to the last
	maxPressure     = 255
)

// Strokes is a signature as it was written: lines of points with time. It can be drawn at any size, and shows how the hand moved.
type Strokes struct {
	Width, Height int  // of the writing area, in its own units; the origin is its top left corner
	Pressure      bool // whether points have pressure
	Lines         [][]Point
}

// Point is where the pen was at a moment.
type Point struct {
	X, Y     int
	At       time.Duration // since the first touch, in milliseconds
	Pressure int           // 0 … 255
}

// StrokesError says what is wrong with a text of strokes.
type StrokesError struct{ Zh, En string }

// Error implements error.
func (e *StrokesError) Error() string { return e.En }

func strokesError(zh, en string, args ...any) error {
	return &StrokesError{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}
}

// ReadStrokes reads the text form of strokes, docs/protocol/signatures.md: "1,width,height[,p]" and after each ";" one line of the pen, whole
// numbers set apart by commas: x, y, milliseconds (and pressure) of the first point, then of each further point the differences to the one before. Pressure
// is never a difference. The length is checked first; errors are *[StrokesError] and say which line and point.
func ReadStrokes(text string) (Strokes, error) {
	if len(text) > MaxStrokesBytes {
		return Strokes{}, strokesError("笔迹共%d字节，超过%d字节", "%d octets, at most %d", len(text), MaxStrokesBytes)
	}
	head, rest, written := strings.Cut(text, ";")
	s, err := strokesHead(head)
	if err != nil {
		return Strokes{}, err
	}
	if !written {
		return Strokes{}, strokesError("笔迹没有笔画", "there is no line")
	}
	var last time.Duration
	for line := range strings.SplitSeq(rest, ";") {
		read, err := s.line(line, len(s.Lines)+1, last)
		if err != nil {
			return Strokes{}, err
		}
		s.Lines, last = append(s.Lines, read), read[len(read)-1].At
	}
	return s, nil
}

// numbers is how many numbers a point has.
func (s *Strokes) numbers() int {
	if s.Pressure {
		return 4
	}
	return 3
}

func strokesHead(head string) (s Strokes, err error) {
	parts := strings.Split(head, ",")
	if parts[0] != "1" {
		return s, strokesError("笔迹格式版本不是1", "not of form 1")
	}
	if len(parts) == 4 && parts[3] == "p" {
		s.Pressure, parts = true, parts[:3]
	}
	if len(parts) != 3 {
		return s, strokesError("笔迹开头应为“1,宽,高”或者“1,宽,高,p”", "must begin with 1,width,height or 1,width,height,p")
	}
	for i, side := range []*int{&s.Width, &s.Height} {
		n, ok := strokeNumber(parts[i+1])
		if !ok || n < 1 || n > maxStrokesSide {
			return s, strokesError("笔迹书写区域的宽和高应为1至%d的整数", "width and height must be whole numbers from 1 to %d", maxStrokesSide)
		}
		*side = n
	}
	return s, nil
}

// line reads one line of the pen, its number counted from 1. Time goes on from where the line before ended.
func (s *Strokes) line(text string, n int, begun time.Duration) ([]Point, error) {
	parts := strings.Split(text, ",")
	if len(parts)%s.numbers() != 0 {
		return nil, strokesError("第%d笔的数字个数不是%d的倍数", "line %d: the count of numbers is no multiple of %d", n, s.numbers())
	}
	points := make([]Point, 0, len(parts)/s.numbers())
	var p Point
	for ; len(parts) > 0; parts = parts[s.numbers():] {
		where := len(points) + 1
		var v [4]int
		for i := range s.numbers() {
			var ok bool
			if v[i], ok = strokeNumber(parts[i]); !ok {
				return nil, strokesError("第%d笔第%d点有不是整数的内容", "line %d point %d: not a whole number", n, where)
			}
		}
		next := Point{p.X + v[0], p.Y + v[1], p.At + time.Duration(v[2])*time.Millisecond, v[3]}
		switch {
		case next.X < 0 || next.X > s.Width || next.Y < 0 || next.Y > s.Height:
			return nil, strokesError("第%d笔第%d点在书写区域之外", "line %d point %d: outside the writing area", n, where)
		case next.At < max(p.At, begun):
			return nil, strokesError("第%d笔第%d点的时间早于前一点", "line %d point %d: before the point that it follows", n, where)
		case next.At > maxStrokesTime:
			return nil, strokesError("第%d笔第%d点距落笔超过%d分钟", "line %d point %d: more than %d minutes after the first touch", n, where, int(maxStrokesTime.Minutes()))
		case next.Pressure < 0 || next.Pressure > maxPressure:
			return nil, strokesError("第%d笔第%d点的压力应为0至%d", "line %d point %d: pressure must be from 0 to %d", n, where, maxPressure)
		}
		p = next
		points = append(points, p)
	}
	return points, nil
}

// strokeNumber reads a whole number in its shortest form, of at most six digits: a million and its negative are beyond every bound here.
func strokeNumber(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && len(text) <= 7 && strconv.Itoa(n) == text
}

// String is the text form; [ReadStrokes] of it gives the same strokes.
func (s Strokes) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "1,%d,%d", s.Width, s.Height)
	if s.Pressure {
		b.WriteString(",p")
	}
	for _, line := range s.Lines {
		sep, before := ";", Point{}
		for _, p := range line {
			fmt.Fprintf(&b, "%s%d,%d,%d", sep, p.X-before.X, p.Y-before.Y, (p.At - before.At).Milliseconds())
			if s.Pressure {
				fmt.Fprintf(&b, ",%d", p.Pressure)
			}
			sep, before = ",", p
		}
	}
	return b.String()
}
