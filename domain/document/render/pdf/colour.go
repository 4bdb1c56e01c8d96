package pdf

import (
	"encoding/binary"
	"math"
	"sync"
)

// The colour space of our pages is sRGB (IEC 61966-2-1), which the file says by a profile of its own, as PDF/A asks: ICC.1, version 2, a
// display. It is made of the standard's figures: primaries adapted to the white of D50 by Bradford's method, and the curve in 1,024 steps.

// sRGB is the profile, made once.
var sRGB = sync.OnceValue(func() []byte {
	tags := []struct {
		name string
		data []byte
	}{
		{"desc", description("sRGB IEC61966-2.1")}, {"cprt", append([]byte("text\x00\x00\x00\x00"), "No copyright\x00"...)},
		{"wtpt", xyz(0.9642, 1, 0.8249)},
		{"rXYZ", xyz(0.43607, 0.22249, 0.01392)}, {"gXYZ", xyz(0.38515, 0.71687, 0.09708)}, {"bXYZ", xyz(0.14307, 0.06061, 0.71410)},
		{"rTRC", curve()}, {"gTRC", nil}, {"bTRC", nil}, // one curve for all three
	}
	at := 128 + 4 + 12*len(tags)
	table, data := binary.BigEndian.AppendUint32(nil, uint32(len(tags))), []byte(nil)
	begin, length := 0, 0
	for _, t := range tags {
		if t.data != nil {
			begin, length = at+len(data), len(t.data)
			data = append(data, t.data...)
			data = append(data, make([]byte, -len(data)&3)...)
		}
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(begin))
		table = binary.BigEndian.AppendUint32(table, uint32(length))
	}
	return append(append(profileHead(at+len(data)), table...), data...)
})

// profileHead is the first 128 octets of a profile of that length.
func profileHead(length int) []byte {
	head := make([]byte, 128)
	binary.BigEndian.PutUint32(head, uint32(length))
	binary.BigEndian.PutUint32(head[8:], 0x02100000) // version 2.1
	copy(head[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2026, 1, 1, 0, 0, 0} {
		binary.BigEndian.PutUint16(head[24+2*i:], v)
	}
	copy(head[36:], "acsp")
	copy(head[68:], xyz(0.9642, 1, 0.8249)[8:]) // the white of the connection space
	return head
}

// xyz is a colour as a tag: numbers with sixteen binary places.
func xyz(x, y, z float64) []byte {
	tag := []byte("XYZ \x00\x00\x00\x00")
	for _, v := range []float64{x, y, z} {
		tag = binary.BigEndian.AppendUint32(tag, uint32(math.Round(v*65536)))
	}
	return tag
}

// curveSteps is how many points the curve has.
const curveSteps = 1024

// curve is the way from a colour's number to light.
func curve() []byte {
	tag := binary.BigEndian.AppendUint32([]byte("curv\x00\x00\x00\x00"), curveSteps)
	for i := range curveSteps {
		v := float64(i) / (curveSteps - 1)
		light := v / 12.92
		if v > 0.04045 {
			light = math.Pow((v+0.055)/1.055, 2.4)
		}
		tag = binary.BigEndian.AppendUint16(tag, uint16(math.Round(light*65535)))
	}
	return tag
}

// description is a text in the form of version 2: ASCII, and neither of its two other spellings.
func description(name string) []byte {
	tag := binary.BigEndian.AppendUint32([]byte("desc\x00\x00\x00\x00"), uint32(len(name)+1))
	tag = append(append(tag, name...), 0)
	return append(tag, make([]byte, 4+4+2+1+67)...)
}
