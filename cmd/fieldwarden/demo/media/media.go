// Package media holds the recordings, pictures and signatures of the scripted day: small, real and drawn, so that nobody is
// in them. deploy/media/make.sh makes them.
package media

import "embed"

//go:embed *.mp4 *.jpg *.png
var files embed.FS

// File is one of the kept files.
type File struct {
	Name string
	Mime string
	Body []byte
}

// The files by what they show.
var (
	Video     = load("video.mp4", "video/mp4")    // a walk along a street, seven seconds with sound
	Goods     = load("goods.jpg", "image/jpeg")   // goods outside a shop's door
	Notices   = load("notices.jpg", "image/jpeg") // small notices pasted on a wall
	Kitchen   = load("kitchen.jpg", "image/jpeg") // the kitchen of an eating house
	Signature = [4]File{
		load("signature-1.png", "image/png"), load("signature-2.png", "image/png"),
		load("signature-3.png", "image/png"), load("signature-4.png", "image/png"),
	}
)

// load reads an embedded file; it is there or the program does not build.
func load(name, mime string) File {
	body, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return File{Name: name, Mime: mime, Body: body}
}
