package docx

// Body and Title are the faces. Offices have 仿宋; where the face of titles is missing another of its kind stands for it.
const (
	Body  = "仿宋"
	Title = "方正小标宋简体"
)

const styles = `<w:styles ` + spaces + `><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="` + Body + `" w:hAnsi="` + Body + `" w:eastAsia="` + Body + `" w:cs="` + Body + `"/>` +
	`<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:before="0" w:after="0"/></w:pPr></w:pPrDefault></w:docDefaults>` +
	`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:pPr><w:widowControl w:val="0"/><w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/></w:pPr></w:style></w:styles>`

const fonts = `<w:fonts ` + spaces + `><w:font w:name="` + Body + `"><w:altName w:val="FangSong"/><w:family w:val="modern"/></w:font>` +
	`<w:font w:name="` + Title + `"><w:altName w:val="宋体"/><w:family w:val="roman"/></w:font></w:fonts>`

const settings = `<w:settings ` + spaces + `><w:zoom w:percent="100"/><w:characterSpacingControl w:val="compressPunctuation"/><w:compat>` +
	`<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat></w:settings>`
