package wire

// EventPoke is the data of an event "poke" of GET /v1/sync/events: a feed has moved on to this head.
type EventPoke struct {
	Feed string `json:"feed"`
	Head uint64 `json:"head"`
}

// EventHeads is the data of the events "heads", the first of a stream, and "scope", which says that the device's feeds are other ones
// now: the heads of the feeds. The first leaves out those that stand where the client said it has been told.
type EventHeads struct {
	Heads map[string]uint64 `json:"heads"`
}

// EventEnd is the data of an event "end", the last of a stream that the server ends.
type EventEnd struct {
	Reason string `json:"reason"` // stopping · replaced · signed_out
}
