package wire

// Online is the body of POST /v1/ops: edits of a signed-in person whose client keeps no chain.
type Online struct {
	Ops []OnlineOp `json:"ops"`
}

// OnlineOp is one such edit. Its author, time and place in the history are the server's to say.
type OnlineOp struct {
	ID         string         `json:"id"` // UUIDv7 by the client: the same edit sent again has the same
	Txn        string         `json:"txn,omitempty"`
	Collection string         `json:"collection"`
	Record     string         `json:"record"`
	Action     string         `json:"action"`
	Base       uint64         `json:"base"` // the version the person was looking at; 0 when creating
	Patch      map[string]any `json:"patch,omitempty"`
	Schema     int            `json:"schema,omitempty"` // 0: the server's newest
	// Unattended says that nobody will read the outcome: what does not stand leaves a dead letter, as from a handheld.
	Unattended bool `json:"unattended,omitempty"`
}

// OnlineReply carries one outcome per op, in their order.
type OnlineReply struct {
	Outcomes []Outcome `json:"outcomes"`
}
