package custody

import (
	"context"
	"errors"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Item is what the store holds and is read again: a recording or a paper.
type Item struct{ Collection, ID string }

// Recording is the item of an evidence.
func Recording(id string) Item { return Item{evidence.Evidence.Name, id} }

// Paper is the item of a document.
func Paper(id string) Item { return Item{document.Documents.Name, id} }

// The codes of findings about what the store holds of an item: that it is not what is on record, and that it could not be read again, time after time, so
// that it is neither sound nor damaged, but not known.
const (
	BytesFinding       = "evidence.bytes"
	UnreadFinding      = "evidence.unreadable"
	PaperBytesFinding  = "paper.bytes"
	PaperUnreadFinding = "paper.unreadable"
)

// about is where the items of a collection name their bytes, and how they are spoken of.
type about struct {
	field         string // of the record, which names the bytes
	bytes, unread string // codes of findings
	zh, en        string
}

var abouts = map[string]about{
	evidence.Evidence.Name:  {"custody", BytesFinding, UnreadFinding, "录音录像", "the recording"},
	document.Documents.Name: {"rendered", PaperBytesFinding, PaperUnreadFinding, "文书", "the paper"},
}

func (of Item) about() about { return abouts[of.Collection] }

// files are what the store holds of an item. There are none when it has gone, is being disposed of, or could not be made.
func (of Item) files(body record.Object) []record.Object {
	if of.Collection == evidence.Evidence.Name && evidence.StateOf(body) != evidence.CustodyHeld {
		return nil
	}
	return audit.FilesOf(of.Collection, body)
}

// reading is what came of reading an item's files: what was found of the first that is not as on record, or of the last.
type reading struct {
	want   record.Object // that file, as on record
	found  evidence.Digest
	octets int64 // read, of all
	absent bool
	sound  bool
}

// read reads files to the first that is not as on record. An error is the store's: nothing is known then.
func (s *Service) read(ctx context.Context, files []record.Object) (r reading, err error) {
	for _, r.want = range files {
		r.found, err = audit.File(ctx, &slowly{bytes: s.Blobs, rate: s.Rate}, r.want)
		r.octets += r.found.Length
		if r.absent = errors.Is(err, fault.New(fault.NotFound)); r.absent || errors.Is(err, fault.New(fault.StoreDiffers)) {
			return r, nil
		}
		if err != nil {
			return r, err
		}
	}
	r.sound = true
	return r, nil
}

// note writes what a reading has found: of a recording it is an act of custody, beside what else is to be said.
func (s *Service) note(ctx context.Context, of Item, body, detail record.Object, also ...push.ServerOp) error {
	var acts []evidence.Entry
	if of.Collection == evidence.Evidence.Name && detail != nil {
		acts = []evidence.Entry{{Evidence: of.ID, Unit: text(body, "unit"), Act: evidence.ActVerify, At: s.Now(), Detail: detail}}
	}
	if len(acts)+len(also) == 0 {
		return nil
	}
	return s.Record(ctx, acts, also...)
}

// finding is the id of the finding of a code about a record that is on somebody's desk; "" if there is none.
func (s *Service) finding(ctx context.Context, id, code string) (string, error) {
	found, err := bodiesOf(s.History.Lookup(ctx, "findings", "record", id))
	for finding, body := range found {
		if body["code"] == code && body["state"] != "closed" {
			return finding, err
		}
	}
	return "", err
}

// onTheDesk is a new finding about an item.
func (s *Service) onTheDesk(of Item, body record.Object, code, zh, en string) push.ServerOp {
	return push.ServerOp{Collection: "findings", Record: s.NewID(), Action: record.Create, Patch: record.Object{"unit": body["unit"], "code": code,
		"basis": evidence.RecordingBasis, "collection": of.Collection, "record": of.ID, "field": of.about().field, "state": "open", "zh": zh, "en": en}}
}
