// Package media holds the recordings, pictures and signatures of the scripted day: small, real and drawn, so that nobody is
// in them. deploy/media/make.sh makes them.
package media

import (
	"embed"
	"strings"
)

//go:embed *.mp4 *.jpg *.strokes
var files embed.FS

// File is one of the kept files.
type File struct {
	Name string
	Mime string
	Body []byte
}

// The files by what they show.
var (
	Video   = load("video.mp4", "video/mp4")    // a walk along a street, seven seconds with sound
	Goods   = load("goods.jpg", "image/jpeg")   // goods outside a shop's door
	Notices = load("notices.jpg", "image/jpeg") // small notices pasted on a wall
	Kitchen = load("kitchen.jpg", "image/jpeg") // the kitchen of an eating house
)

// Signature holds how four hands wrote, as handhelds send it: docs/protocol/signatures.md.
var Signature = [4]string{strokes("signature-1.strokes"), strokes("signature-2.strokes"), strokes("signature-3.strokes"), strokes("signature-4.strokes")}

func strokes(name string) string { return strings.TrimSpace(string(load(name, "text/plain").Body)) }

// load reads an embedded file; it is there or the program does not build.
func load(name, mime string) File {
	body, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return File{Name: name, Mime: mime, Body: body}
}
