package spool

import (
	"os"
	"path/filepath"
)

// freeingMost is how many uploads' room is given back behind their removers. Who comes while so many are under way waits for his own.
const freeingMost = 4

// keepOpen keeps the room of an upload's files while their names are taken away, and returns what lets go of it. Giving the room of a long recording back can take a file system as
// long as writing it: a quarter of a second for 256 MiB where it tells the disk each block that has become free. Nobody has to wait for that. The names are gone durably before; after
// a crash the file system gives back what has no name.
func (f *Folder) keepOpen(path string) (release func()) {
	names := []string{path}
	if links, err := os.ReadDir(path); err == nil { // it is joined
		names = nil
		for _, link := range links {
			names = append(names, filepath.Join(path, link.Name()))
		}
	}
	var files []*os.File
	for _, name := range names {
		if file, err := os.Open(name); err == nil { // what cannot be opened goes as it always went
			files = append(files, file)
		}
	}
	return func() {
		select {
		case f.freeing <- struct{}{}:
			go func() {
				letGo(files)
				<-f.freeing
			}()
		default:
			letGo(files)
		}
	}
}

func letGo(files []*os.File) {
	for _, file := range files {
		_ = file.Close() // nothing was written by it
	}
}
