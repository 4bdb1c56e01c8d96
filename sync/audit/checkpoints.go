package audit

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

// Kept is a checkpoint that an auditor has kept from before, as it was given to him.
type Kept struct {
	Name string // of the file, for the report
	Note []byte
}

// KeyOf is the public half in a verifier key: the octets behind the algorithm's.
func KeyOf(vkey string) string {
	_, rest, _ := strings.Cut(vkey, "+")
	_, encoded, _ := strings.Cut(rest, "+")
	octets, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(octets) == 0 {
		return ""
	}
	return string(octets[1:])
}

// name is the ledger's, which its first checkpoint tells.
func (w *walked) name() string {
	if w.origin == "" {
		if signed, err := merkle.Open(w.first()); err == nil {
			w.origin = signed.Origin
		}
	}
	return w.origin
}

func (w *walked) first() []byte {
	if len(w.next) > 0 {
		return w.next[0].Note
	}
	return nil
}

// reach checks the checkpoints that end where the walk stands.
func (w *walked) reach(ctx context.Context) error {
	for {
		if len(w.next) == 0 {
			if err := w.read(ctx); err != nil || len(w.next) == 0 {
				return err
			}
		}
		c := w.next[0]
		w.name()
		if c.Size > w.size {
			return nil
		}
		w.next = w.next[1:]
		w.checkpoint(c)
	}
}

// read reads the next checkpoints, none behind the last that is looked at.
func (w *walked) read(ctx context.Context) error {
	page, err := w.a.Ledger.Checkpoints(ctx, w.number, pageOfLeaves)
	w.next = slices.DeleteFunc(page, func(c ledger.Checkpoint) bool { return c.N > w.last })
	return err
}

// rest tells of checkpoints that reach beyond the leaves.
func (w *walked) rest(ctx context.Context) error {
	for {
		for _, c := range w.next {
			w.r.add("checkpoint", fmt.Sprintf("checkpoint/%d", c.N), "检查点所覆盖的账本条目缺失", "leaves that the checkpoint covers are missing")
			w.number = c.N + 1
		}
		if err := w.read(ctx); err != nil || len(w.next) == 0 {
			return err
		}
	}
}

func (w *walked) checkpoint(c ledger.Checkpoint) {
	w.r.Checkpoints++
	where := fmt.Sprintf("checkpoint/%d", c.N)
	if c.N != w.number {
		w.r.add("checkpoint", where, fmt.Sprintf("缺少第 %d 个检查点", w.number), fmt.Sprintf("checkpoint %d is missing", w.number))
	}
	w.number = c.N + 1
	known := make([]note.Verifier, len(w.keys))
	for i, k := range w.keys {
		known[i] = k.key
	}
	signed, err := merkle.Open(c.Note, known...)
	switch {
	case err != nil:
		w.r.add("checkpoint", where, "检查点无法解析或签名验证失败", "the checkpoint cannot be read, or its signature is wrong")
		return
	case signed.Size != c.Size || c.Size != w.size || c.Size <= w.signed:
		w.r.add("checkpoint", where, "检查点的条目数不符", "the checkpoint is about another number of leaves")
	case signed.Root != w.root() || signed.Origin != w.origin:
		w.r.add("checkpoint", where, "检查点与账本条目不符", "the checkpoint is not what its leaves come to")
	}
	if !w.signedRightly(signed) || len(signed.Unknown) > 0 {
		w.r.add("checkpoint", where, "检查点没有当时账本密钥的签名", "the checkpoint is not signed by the key that was the ledger's")
	}
	w.signed = c.Size
	for _, stamp := range w.said[c.N] {
		w.stamp(stamp, CheckStamp(stamp, signed.Checkpoint))
	}
	delete(w.said, c.N)
}

// signedRightly reports whether the newest key has signed, and the one before it too where the newest is introduced.
func (w *walked) signedRightly(signed merkle.Signed) bool {
	n := len(w.keys)
	if n == 0 || !signed.By(w.keys[n-1].key) {
		return false
	}
	needed := 1
	if w.keys[n-1].leaf >= w.signed && n > 1 {
		if needed++; !signed.By(w.keys[n-2].key) {
			return false
		}
	}
	return len(signed.Good) == needed
}

// kept compares the checkpoints that an auditor has kept: what they cover must be there still, and be the same.
func (w *walked) kept(whole int64) {
	for _, k := range w.a.Kept {
		known := make([]note.Verifier, len(w.keys))
		for i, key := range w.keys {
			known[i] = key.key
		}
		signed, err := merkle.Open(k.Note, known...)
		switch {
		case err != nil || len(signed.Good) == 0:
			w.r.add("checkpoint", k.Name, "所提供的检查点无法解析，或不是本账本密钥所签", "the checkpoint that was given cannot be read, or is not signed by a key of this ledger")
		case signed.Size > whole:
			w.r.add("checkpoint", k.Name, "账本比所提供的检查点短：末尾被截断", "the ledger is shorter than the checkpoint that was given: its end was cut off")
		case !w.includes(signed.Checkpoint):
			w.r.add("checkpoint", k.Name, "账本与所提供的检查点不一致：历史被改写", "the ledger does not begin as the checkpoint that was given says: it was rewritten")
		}
	}
}

// includes reports whether a checkpoint of some size is one of this log.
func (w *walked) includes(c merkle.Checkpoint) bool {
	root, ok := w.roots[c.Size]
	return ok && root == c.Root && c.Origin == w.origin
}

// stamp notes what somebody else says about a checkpoint.
func (w *walked) stamp(s ledger.Stamp, err error) {
	w.r.Stamps++
	if err != nil {
		w.r.add("stamp", fmt.Sprintf("checkpoint/%d/%s", s.Checkpoint, s.Kind), "时间戳或见证签名无效", "a stamp or cosignature is not good: "+err.Error())
	}
}

// leftStamps tells of stamps over checkpoints that there are not.
func (w *walked) leftStamps() {
	for _, n := range slices.Sorted(maps.Keys(w.said)) {
		for _, s := range w.said[n] {
			w.stamp(s, errors.New("there is no such checkpoint"))
		}
	}
}

// CheckStamp reports, as nil, that a stamp or cosignature is over the checkpoint, and good.
func CheckStamp(s ledger.Stamp, c merkle.Checkpoint) error {
	if s.Kind == ledger.Stamped {
		_, err := merkle.CheckStamp(s.Data, c, nil)
		return err
	}
	witness, err := merkle.ParseWitness(s.Signer)
	if err != nil {
		return err
	}
	signed, err := merkle.Open([]byte(c.Text()+"\n"+string(s.Data)), witness)
	if err == nil && !signed.By(witness) {
		err = errors.New("the witness has not signed")
	}
	return err
}
