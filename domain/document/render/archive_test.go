package render

import (
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// archive is a file that is read to see whether it is PDF/A-2b. There is no validator to be had for these tests (veraPDF is packaged by
// nobody whom we install from, and PDFBox knows PDF/A-1 alone), so they hold our own narrow way of writing PDF to the clauses of ISO
// 19005-2:2011 that it can break. It finds what is wrong in files of this package, and proves nothing about files of others.
type archive struct {
	file    string
	objects map[int]string // text of each object, streams as they are stored
	streams map[int]string // unpacked
	faults  []string
}

func (a *archive) want(ok bool, clause, format string, args ...any) {
	if !ok {
		a.faults = append(a.faults, clause+": "+fmt.Sprintf(format, args...))
	}
}

// faultsOf lists how a file breaks PDF/A-2b, each with its clause.
func faultsOf(t testing.TB, file []byte) []string {
	t.Helper()
	a := &archive{file: string(file), objects: map[int]string{}, streams: map[int]string{}}
	inflated, _ := unpacked(t, file)
	for n, content := range inflated {
		at, _ := strconv.Atoi(n)
		a.streams[at] = content
	}
	a.structure()
	a.keys()
	a.metadata()
	a.colours()
	a.photographs()
	a.fonts()
	a.contents()
	return a.faults
}

var objectForm = regexp.MustCompile(`(?s)^(\d+) 0 obj\n(.*?)\nendobj\n`)

// structure holds the file to 6.1: header, objects where the table says, trailer.
func (a *archive) structure() {
	a.want(regexp.MustCompile(`^%PDF-1\.[0-7]\n%[\x80-\xff]{4,}\n`).MatchString(latin(a.file[:40])), "6.1.2", "header")
	end := strings.LastIndex(a.file, "\nxref\n0 ") + 1
	a.want(strings.HasSuffix(a.file, "\n%%EOF\n") && strings.Count(a.file, "%%EOF") == 1, "6.1.3", "something follows the end")
	a.want(regexp.MustCompile(`trailer\n<<.*/ID\[<[0-9a-f]{32}><[0-9a-f]{32}>\]`).MatchString(a.file[end:]), "6.1.3", "no identifier")
	a.want(!strings.Contains(a.file, "/Encrypt"), "6.1.3", "encrypted")
	entries := regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllStringSubmatch(a.file[end:], -1)
	for i, e := range entries {
		at, _ := strconv.Atoi(e[1])
		m := objectForm.FindStringSubmatch(a.file[min(at, len(a.file)):])
		if m == nil || m[1] != strconv.Itoa(i+1) {
			a.want(false, "6.1.9", "object %d is not where the table says", i+1)
			continue
		}
		a.objects[i+1] = m[2]
		if dictionary, stored, is := strings.Cut(m[2], "\nstream\n"); is {
			length := regexp.MustCompile(`/Length (\d+)>>$`).FindStringSubmatch(dictionary)
			a.want(length != nil && length[1] == strconv.Itoa(len(stored)-len("\nendstream")), "6.1.7", "object %d: length", i+1)
		}
	}
	a.want(len(a.objects) > 10, "6.1.4", "%d objects", len(a.objects))
	for _, hex := range regexp.MustCompile(`[^<]<([0-9A-Fa-f]+)>[^>]`).FindAllStringSubmatch(a.plain(), -1) {
		a.want(len(hex[1])%2 == 0 && len(hex[1]) <= 2*32767, "6.1.6, 6.1.13", "string of %d digits", len(hex[1]))
	}
}

// latin makes a text of octets, so that an expression can speak of octets.
func latin(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// plain is all that is not inside a stored stream.
func (a *archive) plain() string {
	var b strings.Builder
	for n := range len(a.objects) {
		dictionary, _, _ := strings.Cut(a.objects[n+1], "\nstream\n")
		b.WriteString(dictionary + "\n")
	}
	return b.String()
}

// keys looks for what PDF/A forbids anywhere: other filters, files, actions, scripts, forms, and what changes how a picture prints.
func (a *archive) keys() {
	plain := a.plain()
	for key, clause := range map[string]string{"/LZWDecode": "6.1.7.2", "/FFilter": "6.1.7.1", "/FDecodeParms": "6.1.7.1", "/Crypt": "6.1.7.2", "/TR": "6.2.5",
		"/HTP": "6.2.5", "/Alternates": "6.2.8", "/OPI": "6.2.8", "/Interpolate true": "6.2.8", "/PS": "6.2.9", "/Ref": "6.2.9", "/Annots": "6.3", "/AcroForm": "6.4",
		"/OpenAction": "6.5", "/AA": "6.5", "/JavaScript": "6.5", "/EmbeddedFiles": "6.8", "/OCProperties": "6.9", "/NeedsRendering": "6.4", "/Requirements": "6.11"} {
		a.want(!regexp.MustCompile(regexp.QuoteMeta(key)+`\b`).MatchString(plain), clause, "%s", key)
	}
	for _, filter := range regexp.MustCompile(`/Filter/(\w+)`).FindAllStringSubmatch(plain, -1) {
		a.want(filter[1] == "FlateDecode" || filter[1] == "DCTDecode", "6.1.7.2", "%s", filter[1])
	}
	for _, box := range regexp.MustCompile(`/MediaBox\[0 0 ([0-9.]+) ([0-9.]+)\]`).FindAllStringSubmatch(plain, -1) {
		for _, side := range box[1:] {
			v, _ := strconv.ParseFloat(side, 64)
			a.want(v >= 3 && v <= 14400, "6.1.13", "a page of %s", side)
		}
	}
}

// packet is what we read of a document's XMP.
type packet struct {
	Descriptions []struct {
		Part        string `xml:"http://www.aiim.org/pdfa/ns/id/ part"`
		Conformance string `xml:"http://www.aiim.org/pdfa/ns/id/ conformance"`
		Title       string `xml:"title>Alt>li"`
		Producer    string `xml:"http://ns.adobe.com/pdf/1.3/ Producer"`
		Created     string `xml:"http://ns.adobe.com/xap/1.0/ CreateDate"`
	} `xml:"RDF>Description"`
}

// metadata holds the XMP to 6.6: that it is there, unpacked, names part and level, and says the same as the old dictionary.
func (a *archive) metadata() {
	ref := regexp.MustCompile(`/Type/Catalog.*/Metadata (\d+) 0 R`).FindStringSubmatch(a.plain())
	if ref == nil {
		a.want(false, "6.6.2.1", "no metadata")
		return
	}
	n, _ := strconv.Atoi(ref[1])
	dictionary, stored, _ := strings.Cut(a.objects[n], "\nstream\n")
	a.want(strings.HasPrefix(dictionary, "<</Type/Metadata/Subtype/XML"), "6.6.2.1", "%s", dictionary)
	a.want(strings.HasPrefix(stored, "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"), "6.6.2.1", "the packet begins otherwise")
	var p packet
	if err := xml.Unmarshal([]byte(strings.TrimSuffix(stored, "\nendstream")), &p); err != nil {
		a.want(false, "6.6.2.1", "%v", err)
		return
	}
	all := map[string]string{}
	for _, d := range p.Descriptions {
		for key, v := range map[string]string{"part": d.Part, "conformance": d.Conformance, "title": d.Title, "producer": d.Producer, "created": d.Created} {
			all[key] += v
		}
	}
	a.want(all["part"] == "2" && all["conformance"] == "B", "6.6.4", "part %q, level %q", all["part"], all["conformance"])
	info := a.plain()
	for key, v := range map[string]string{"Title": all["title"], "Producer": all["producer"]} {
		m := regexp.MustCompile(`/` + key + ` <FEFF([0-9A-F]*)>`).FindStringSubmatch(info)
		a.want(m != nil && m[1] == hex16(v), "6.6.3", "%s is %q in one place and other in the other", key, v)
	}
	digits := regexp.MustCompile(`\D`).ReplaceAllString(all["created"], "")
	a.want(strings.Contains(info, "/CreationDate(D:"+digits+"Z)"), "6.6.3", "made at %s", all["created"])
}

func hex16(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c > 0xFFFF {
			c -= 0x10000
			fmt.Fprintf(&b, "%04X%04X", 0xD800+c>>10, 0xDC00+c&0x3FF)
			continue
		}
		fmt.Fprintf(&b, "%04X", c)
	}
	return b.String()
}

// colours holds the output intent and its profile to 6.2.3, and what is drawn to colours that it explains (6.2.4).
func (a *archive) colours() {
	intent := regexp.MustCompile(`/Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier\([^)]+\).*/DestOutputProfile (\d+) 0 R`).FindStringSubmatch(a.plain())
	if intent == nil || strings.Count(a.plain(), "/GTS_PDFA1") != 1 || !strings.Contains(a.plain(), "/OutputIntents[") {
		a.want(false, "6.2.3", "no output intent")
		return
	}
	n, _ := strconv.Atoi(intent[1])
	a.want(strings.HasPrefix(a.objects[n], "<</N 3/"), "6.2.3", "the profile has another number of colours")
	a.profile([]byte(a.streams[n]))
	for _, space := range regexp.MustCompile(`/ColorSpace(/\w+)`).FindAllStringSubmatch(a.plain(), -1) {
		a.want(slices.Contains([]string{"/DeviceRGB", "/DeviceGray"}, space[1]), "6.2.4", "%s", space[1])
	}
}

var photographForm = regexp.MustCompile(`(?s)^<</Type/XObject/Subtype/Image/Width (\d+)/Height (\d+)/BitsPerComponent 8/ColorSpace/Device(RGB|Gray) ?/Filter/DCTDecode/Length \d+>>\nstream\n(.*)\nendstream$`)

// photographs holds pictures that are stored as JPEG to 6.2.8 and to what PDF reads (ISO 32000-1, 7.4.8): the size and the colours of the dictionary, eight bits,
// one of three ways of coding, and nothing behind the end.
func (a *archive) photographs() {
	for n, object := range a.objects {
		if !strings.Contains(object[:min(len(object), 300)], "/DCTDecode") {
			continue
		}
		found := photographForm.FindStringSubmatch(object)
		if found == nil {
			a.want(false, "6.2.8", "object %d: its dictionary", n)
			continue
		}
		colours := map[string]byte{"RGB": 3, "Gray": 1}[found[3]]
		frame := regexp.MustCompile(`(?s)\xFF[\xC0-\xC2]\x00.\x08(....)(.)`).FindStringSubmatch(latin(found[4]))
		size := make([]byte, 0, 4)
		size = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(size, uint16(atoi(found[2]))), uint16(atoi(found[1])))
		a.want(frame != nil && frame[1] == latin(string(size)) && frame[2] == string(rune(colours)), "6.2.8", "object %d: a JPEG of another size or other colours", n)
		a.want(strings.HasPrefix(found[4], "\xFF\xD8") && strings.HasSuffix(found[4], "\xFF\xD9"), "6.2.8", "object %d: no JPEG from beginning to end", n)
	}
}

// profile reads the profile as who prints by it would: ICC.1:2001-04.
func (a *archive) profile(icc []byte) {
	if len(icc) < 132 || binary.BigEndian.Uint32(icc) != uint32(len(icc)) || string(icc[12:24]) != "mntrRGB XYZ " || string(icc[36:40]) != "acsp" || icc[8] > 4 {
		a.want(false, "6.2.3", "the profile's head")
		return
	}
	tags := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint32(icc[128:])) {
		entry := icc[132+12*i:]
		at, length := binary.BigEndian.Uint32(entry[4:]), binary.BigEndian.Uint32(entry[8:])
		if at%4 != 0 || int(at+length) > len(icc) {
			a.want(false, "6.2.3", "tag %s lies outside", entry[:4])
			return
		}
		tags[string(entry[:4])] = icc[at : at+length]
	}
	for _, name := range []string{"desc", "cprt", "wtpt", "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"} {
		a.want(len(tags[name]) > 8, "6.2.3", "the profile lacks %s", name)
	}
	if len(a.faults) > 0 {
		return
	}
	for i, white := range []float64{0.9642, 1, 0.8249} { // the three colours at full light are the white of D50
		sum := 0.0
		for _, name := range []string{"rXYZ", "gXYZ", "bXYZ"} {
			sum += float64(binary.BigEndian.Uint32(tags[name][8+4*i:])) / 65536
		}
		a.want(math.Abs(sum-white) < 0.001, "6.2.3", "the colours make a white of %.4f, not %.4f", sum, white)
	}
	half := float64(binary.BigEndian.Uint16(tags["gTRC"][12+2*512:])) / 65535
	a.want(math.Abs(half-0.2145) < 0.001, "6.2.3", "half of the number gives %.4f of the light", half)
}

var (
	fontForm = regexp.MustCompile(`(?s)/Subtype/Type0/BaseFont/(\S+?)/Encoding/Identity-H/DescendantFonts\[(\d+) 0 R\]/ToUnicode (\d+) 0 R`)
	cidForm  = regexp.MustCompile(`/Subtype/CIDFontType2/BaseFont/(\S+?)/CIDSystemInfo<</Registry\(Adobe\)/Ordering\(Identity\)/Supplement 0>>/FontDescriptor (\d+) 0 R/DW 1000/W\[1\[([0-9 ]*)\]\]/CIDToGIDMap/Identity`)
	fileForm = regexp.MustCompile(`/Type/FontDescriptor/FontName/(\S+?)/Flags 4/FontBBox\[[-0-9 ]+\]/ItalicAngle \d+/Ascent -?\d+/Descent -?\d+/CapHeight \d+/StemV \d+/FontFile2 (\d+) 0 R`)
)

// fonts holds every font to 6.2.11: embedded, a subset by its name, its widths those of the file, every code with a glyph and a character.
func (a *archive) fonts() {
	found := 0
	for n := range a.objects {
		outer := fontForm.FindStringSubmatch(a.objects[n])
		if outer == nil {
			continue
		}
		found++
		inner := cidForm.FindStringSubmatch(a.objects[atoi(outer[2])])
		if inner == nil {
			a.want(false, "6.2.11.3", "font %d: its descendant", n)
			continue
		}
		descriptor := fileForm.FindStringSubmatch(a.objects[atoi(inner[2])])
		if descriptor == nil {
			a.want(false, "6.2.11.4", "font %d is not embedded", n)
			continue
		}
		a.want(outer[1] == inner[1] && inner[1] == descriptor[1] && regexp.MustCompile(`^[A-Z]{6}\+`).MatchString(outer[1]), "6.2.11.2", "font %d has several names", n)
		a.want(!strings.Contains(a.plain(), "/CIDSet"), "6.2.11.4.2", "a list of glyphs, which nobody checks")
		widths := strings.Fields(inner[3])
		a.widths(n, widths, []byte(a.streams[atoi(descriptor[2])]))
		a.want(strings.Count(a.streams[atoi(outer[3])], "><") == len(widths)+1, "6.2.11.7", "font %d: characters for %d glyphs", n, len(widths))
	}
	a.want(found > 0 && found == strings.Count(a.plain(), "/Subtype/Type0"), "6.2.11.1", "%d fonts that can be read", found)
}

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }

// widths compares what the file says of each glyph with what the font itself says.
func (a *archive) widths(n int, widths []string, font []byte) {
	if len(font) < 12 || binary.BigEndian.Uint32(font) != 0x00010000 {
		a.want(false, "6.2.11.4", "font %d: no TrueType", n)
		return
	}
	tables := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(font[4:])) {
		entry := font[12+16*i:]
		at := binary.BigEndian.Uint32(entry[8:])
		tables[string(entry[:4])] = font[at : at+binary.BigEndian.Uint32(entry[12:])]
	}
	em := int(binary.BigEndian.Uint16(tables["head"][18:]))
	a.want(len(tables["hmtx"]) == 4*(len(widths)+1), "6.2.11.4.1", "font %d: glyphs and widths differ in number", n)
	for i, width := range widths {
		own := int(binary.BigEndian.Uint16(tables["hmtx"][4*(i+1):])) * 1000 / em
		a.want(own == atoi(width), "6.2.11.5", "font %d: glyph %d is %d wide, not %s", n, i+1, own, width)
	}
}

// operators are those that our pages use; all are of PDF 1.7.
var operators = strings.Fields("BT ET Tf Tc Tm Tj w m l re S f q Q cm Do gs rg J j")

// contents holds the pages and drawings to 6.2.2: known operators, resources that are named, saved states that are restored.
func (a *archive) contents() {
	names := strings.Join(regexp.MustCompile(`<</ExtGState.*`).FindAllString(a.plain(), -1), "")
	for n, content := range a.streams {
		if !strings.HasPrefix(a.objects[n], "<</Filter") && !strings.Contains(a.objects[n], "/Subtype/Form") || strings.HasPrefix(content, "/CIDInit") {
			continue
		}
		depth := 0
		for _, word := range strings.Fields(content) {
			switch {
			case word == "q":
				depth++
			case word == "Q":
				depth--
			case strings.HasPrefix(word, "/"):
				a.want(strings.Contains(names, word+" "), "6.2.2", "%s is no resource", word)
			}
			a.want(depth >= 0 && depth <= 28, "6.1.13", "states %d deep", depth)
			if regexp.MustCompile(`^[A-Za-z]`).MatchString(word) {
				a.want(slices.Contains(operators, word), "6.2.2", "operator %s", word)
			}
		}
		for _, codes := range regexp.MustCompile(`<([0-9A-F]*)> Tj`).FindAllStringSubmatch(content, -1) {
			a.want(len(codes[1])%4 == 0 && !regexp.MustCompile(`^(....)*0000`).MatchString(codes[1]), "6.2.11.8", "a glyph for what is missing")
		}
		a.want(depth == 0, "6.2.2", "a state is not restored")
	}
}
