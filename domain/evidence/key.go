package evidence

// Room is a class of things in the blob store: the first step of a key.
type Room string

// The rooms.
const (
	Recordings Room = "evidence"
	Papers     Room = "papers"
	Derived    Room = "derived" // what is made of recordings
	Exports    Room = "exports" // files of many papers, for a day
)

// Key names bytes in the blob store by their digest, spread over folders: evidence/ab/cd/abcd….
func Key(room Room, sha256 string) string {
	return string(room) + "/" + sha256[:2] + "/" + sha256[2:4] + "/" + sha256
}
