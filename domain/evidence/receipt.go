package evidence

import "time"

// Receipt is the server's word that it holds the bytes of an evidence, durably and verified. A device frees its own copy on
// nothing less. It travels as a compact JWS of type [ReceiptType].
type Receipt struct {
	Issuer   string // public address of the server
	Evidence string // record id
	Device   string // that brought the bytes
	Digest   Digest
	HeldAt   time.Time
}

// ReceiptType is the "typ" of a receipt's header.
const ReceiptType = "fieldwarden-receipt+jws"

// Custody is what the server's field "custody" of an evidence record says of the bytes.
type Custody string

// The states of custody. Until the server has spoken there is none.
const (
	CustodyHeld     Custody = "held"     // stored, read back, receipted
	CustodyMismatch Custody = "mismatch" // what arrived is not what was announced; kept apart, a finding is open
)
