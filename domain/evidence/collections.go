package evidence

import (
	"encoding/base64"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Evidence declares the collection of recordings. What a device says of a recording is said once: digest, length and times
// never change; what the server holds of it is the server's to write.
var Evidence = record.Collection{
	Name: "evidence", Schema: 1, Scope: record.Unit,
	Fields: []record.Field{
		{Path: "unit", Kind: record.String, Required: true},
		{Path: "inspection", Kind: record.IDKind},
		{Path: "step", Kind: record.String},
		{Path: "kind", Class: record.Frozen, Kind: record.String, Required: true},
		{Path: "officer", Class: record.Frozen, Kind: record.IDKind, Required: true},
		{Path: "startedAt", Class: record.Frozen, Kind: record.Time, Required: true},
		{Path: "endedAt", Class: record.Frozen, Kind: record.Time, Required: true},
		{Path: "mime", Class: record.Frozen, Kind: record.String, Required: true},
		{Path: "length", Class: record.Frozen, Kind: record.Number, Required: true},
		{Path: "sha256", Class: record.Frozen, Kind: record.String, Required: true},
		{Path: "place", Class: record.Frozen, Kind: record.Map},
		{Path: "recorder", Class: record.Frozen, Kind: record.IDKind}, // the device that recorded, where another one announces: a dock
		{Path: "signer", Class: record.Frozen, Kind: record.Map},      // see RecorderOf
		{Path: "segments", Class: record.Append, Kind: record.Map},    // see Segment
		{Path: "note", Kind: record.String},
		{Path: "retention", Class: record.Append, Kind: record.Map}, // classes beside General, by name
		{Path: "retention/*", Kind: record.Map},
		{Path: "retention/*/at", Kind: record.Time, Required: true},
		{Path: "retention/*/reason", Kind: record.String},
		{Path: "custody", Class: record.Server, Kind: record.Map},
		{Path: "partners", Class: record.Entries, Kind: record.Map},
		{Path: "partners/*", Kind: record.Map},
	},
	Shared:     true,
	Follows:    "inspection",
	Closed:     held,
	FrozenWhen: func(record.Object) bool { return true },
	Gates:      []record.Gate{wellFormed, wholeChain, knownClass},
	Jobs: func(ev record.Event) []record.Job {
		jobs := guardJobs(ev)
		if !held(ev.Before) && held(ev.After) {
			jobs = append(jobs, record.Job{Kind: ExamineJob, Key: ev.Op.Record})
		}
		if StateOf(ev.Before) != CustodyDisposed && StateOf(ev.After) == CustodyDisposed {
			jobs = append(jobs, record.Job{Kind: ForgetJob, Key: ev.Op.Record})
		}
		return jobs
	},
	Notes: received,
}

// held reports whether the server holds the bytes, or has disposed of them: until then the recording is somebody's work.
func held(body record.Object) bool {
	state := StateOf(body)
	return state == CustodyHeld || state.Disposed()
}

// StateOf is what an evidence record says of its bytes.
func StateOf(body record.Object) Custody {
	custody, _ := body["custody"].(record.Object)
	return Custody(text(custody, "state"))
}

// guardJobs: what is new in custody, or of another class, is to be kept accordingly.
func guardJobs(ev record.Event) []record.Job {
	if StateOf(ev.After) != CustodyHeld || StateOf(ev.Before) == CustodyHeld && record.Equal(ev.Before["retention"], ev.After["retention"]) {
		return nil
	}
	return []record.Job{{Kind: GuardJob, Key: ev.Op.Record}}
}

// received is the entry of custody that the server holds the bytes.
func received(ev record.Event) []record.Note {
	if StateOf(ev.After) != CustodyHeld || StateOf(ev.Before) == CustodyHeld {
		return nil
	}
	custody, _ := ev.After["custody"].(record.Object)
	detail := record.Object{}
	for _, name := range []string{"sha256", "length", "upload", "device", "receivedAt"} {
		if custody[name] != nil {
			detail[name] = custody[name]
		}
	}
	return []record.Note{noteOf(ev, Entry{Evidence: ev.Op.Record, Act: ActReceive, Detail: detail})}
}

// HeldUnder is the key in the blob store under which the server holds the bytes of an evidence; ok is false while it does not.
func HeldUnder(body record.Object) (key string, ok bool) {
	custody, _ := body["custody"].(record.Object)
	key = text(custody, "key")
	return key, StateOf(body) == CustodyHeld && key != ""
}

// RecorderOf reads which device recorded an evidence ("" is not said), and the public key that it signs segments by, if that is not its
// enrolled one: {publicKey}, SubjectPublicKeyInfo in DER as base64url without padding, of an algorithm that package algorithm knows.
func RecorderOf(body record.Object) (device string, signer []byte) {
	entry, there := body["signer"].(record.Object)
	if there {
		signer, _ = base64.RawURLEncoding.Strict().DecodeString(text(entry, "publicKey"))
		if signer == nil {
			signer = []byte{} // said, and no key
		}
	}
	return text(body, "recorder"), signer
}
