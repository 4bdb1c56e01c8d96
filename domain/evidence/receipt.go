package evidence

import "time"

// Receipt is the server's word that it holds the bytes of an evidence, durably and verified. A device frees its own copy on
// nothing less. It travels as a compact JWS of type [ReceiptType].
type Receipt struct {
	Issuer   string // public address of the server
	Evidence string // record id
	Device   string // that brought the bytes
	Digest   Digest
	SM3      string // second digest of the bytes, by SM3; "" where it is not switched on
	HeldAt   time.Time
}

// ReceiptType is the "typ" of a receipt's header.
const ReceiptType = "fieldwarden-receipt+jws"

// Custody is what the server's field "custody" of an evidence record says of the bytes.
type Custody string

// The states of custody. Until the server has spoken there is none.
const (
	CustodyHeld      Custody = "held"      // stored, read back, receipted
	CustodyDisposing Custody = "disposing" // two persons have decided, nothing stops it any more; the bytes go
	CustodyDisposed  Custody = "disposed"  // the bytes were disposed of; the record and its acts stay
	CustodyMismatch  Custody = "mismatch"  // what arrived is not what was announced; kept apart, a finding is open
)

// Disposed reports whether the bytes are gone by decision, or going.
func (c Custody) Disposed() bool { return c == CustodyDisposing || c == CustodyDisposed }
