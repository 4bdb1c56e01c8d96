package pdf

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// claim is how a file says that it is PDF/A-2b.
const claim = `<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>` + "\n"

// metadata is what the document says of itself once more, as XMP: with the claim that it is PDF/A-2b, or without.
func (i Info) metadata(claim string) []byte {
	var b strings.Builder
	b.WriteString("<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` + "\n" + claim +
		`<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:format>application/pdf</dc:format><dc:title><rdf:Alt><rdf:li xml:lang="x-default">`)
	escape(&b, i.Title)
	b.WriteString(`</rdf:li></rdf:Alt></dc:title></rdf:Description>` + "\n" +
		`<rdf:Description rdf:about="" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"><pdf:Producer>`)
	escape(&b, i.Producer)
	b.WriteString("</pdf:Producer></rdf:Description>\n")
	if !i.Created.IsZero() {
		at := i.Created.UTC().Format(time.RFC3339)
		b.WriteString(`<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"><xmp:CreateDate>` + at +
			"</xmp:CreateDate><xmp:ModifyDate>" + at + "</xmp:ModifyDate></rdf:Description>\n")
	}
	b.WriteString("</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>")
	return []byte(b.String())
}

// metadataStream is the object of that text, not packed: a search through an archive reads it without unpacking files.
func metadataStream(text []byte) string {
	return fmt.Sprintf("<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n%s\nendstream", len(text), text)
}

// outputIntent is the object that says in which colours a file is, by the object of their profile.
func outputIntent(profile int) string {
	return fmt.Sprintf("<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB IEC61966-2.1)/DestOutputProfile %d 0 R>>", profile)
}

func escape(b *strings.Builder, text string) { _ = xml.EscapeText(b, []byte(text)) } // into memory: cannot fail

// dictionary is what the document says of itself, in the old form; the same as in [Info.metadata].
func (i Info) dictionary() string {
	d := "<</Title " + text(i.Title) + "/Producer " + text(i.Producer)
	if !i.Created.IsZero() {
		created := i.Created.UTC().Format("D:20060102150405Z")
		d += "/CreationDate(" + created + ")/ModDate(" + created + ")"
	}
	return d + ">>"
}
