package audit

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

// Ledger reads the ledger and what it says about the rest of the store.
type Ledger interface {
	// Ends tells, of one moment, the lowest and highest number of a leaf, of a stored hash and of a checkpoint, and how far the newest
	// checkpoint reaches. Of an empty table both are -1.
	Ends(ctx context.Context) (Ends, error)
	Leaves(ctx context.Context, from, to int64) ([]ledger.Numbered, error)
	// HashTexts returns the stored hashes with from ≤ index < to, as stored.
	HashTexts(ctx context.Context, from, to int64) (map[int64]string, error)
	// Checkpoints returns at most limit checkpoints from a number on, by number.
	Checkpoints(ctx context.Context, from int64, limit int) ([]ledger.Checkpoint, error)
	Sources(ctx context.Context, refs []ledger.Ref) (map[ledger.Ref]ledger.Source, error)
	// Unleafed walks what should have a leaf, has none, and does not wait for one.
	Unleafed(ctx context.Context, fn func(ledger.Ref) error) error
	// AllStamps walks what others have said about checkpoints, by checkpoint.
	AllStamps(ctx context.Context, fn func(ledger.Stamp) error) error
}

// Ends is where the ledger's tables begin and end.
type Ends struct {
	FirstLeaf, LastLeaf             int64
	FirstHash, LastHash             int64
	FirstCheckpoint, LastCheckpoint int64
	Size                            int64 // of the last checkpoint
}

// walked is a walk through the ledger from its first leaf: the tree is built again beside it.
type walked struct {
	a      *Auditor
	r      *Report
	stack  []subtree // complete subtrees from the left, of falling height
	size   int64
	origin string
	next   []ledger.Checkpoint // read and not yet reached
	number int64               // of the next checkpoint to read
	last   int64               // checkpoint that is looked at: a running server makes more
	keys   []introduced
	signed int64                    // size of the checkpoint before
	said   map[int64][]ledger.Stamp // what others say about checkpoints that are not reached yet
	roots  map[int64]merkle.Hash    // at the sizes of checkpoints that an auditor has kept
}

type subtree struct {
	height int
	hash   merkle.Hash
}

type introduced struct {
	leaf int64
	key  note.Verifier
}

// pageOfLeaves is how many leaves are looked at together.
const pageOfLeaves = 1000

// ledger checks the ledger: leaves count from 0 without a gap and say what the rows say that they are about; the stored hashes are theirs; each
// checkpoint is signed by the key that was the ledger's then and says what the tree came to; everything that should have a leaf has one;
// and checkpoints that an auditor has kept are checkpoints of this log.
func (a *Auditor) ledger(ctx context.Context, r *Report) error {
	if a.Ledger == nil {
		return nil
	}
	w, err := a.walk(ctx, r) // before it is looked where the ledger ends: a stamp is over a checkpoint that is there already
	if err != nil {
		return err
	}
	ends, err := a.Ledger.Ends(ctx)
	if err != nil {
		return err
	}
	w.last = ends.LastCheckpoint
	whole := ends.LastLeaf + 1
	if ends.FirstLeaf > 0 || ends.FirstLeaf < -1 || ends.Size != whole {
		r.add("checkpoint", "ledger", "账本的条目数与最新检查点不符", "the ledger's leaves do not end where its newest checkpoint does")
	}
	if last := merkle.Count(whole) - 1; ends.LastHash != last || ends.FirstHash > 0 || ends.FirstHash < -1 {
		r.add("hash", "ledger", "账本的散列数与条目数不符", "the ledger's stored hashes do not end where its leaves do")
	}
	if ends.FirstCheckpoint > 0 || ends.FirstCheckpoint < -1 {
		r.add("checkpoint", "ledger", "最早的检查点缺失", "the first checkpoint is missing")
	}
	for from := int64(0); from < whole; from += pageOfLeaves {
		sound, err := w.page(ctx, from, min(whole, from+pageOfLeaves))
		if err != nil {
			return err
		}
		if !sound { // numbers are missing: nothing behind can be compared
			break
		}
	}
	if err := w.rest(ctx); err != nil {
		return err
	}
	w.kept(whole)
	w.leftStamps()
	return a.Ledger.Unleafed(ctx, func(ref ledger.Ref) error {
		r.add("leaf", ref.Kind+"/"+ref.ID, "没有账本条目", "it has no leaf in the ledger")
		return nil
	})
}

// walk begins a walk. Stamps are few, a few each hour, and are kept at hand.
func (a *Auditor) walk(ctx context.Context, r *Report) (*walked, error) {
	w := &walked{a: a, r: r, said: map[int64][]ledger.Stamp{}, roots: map[int64]merkle.Hash{}}
	for _, k := range a.Kept {
		if signed, err := merkle.Open(k.Note); err == nil {
			w.roots[signed.Size] = merkle.Hash{}
		}
	}
	if _, wanted := w.roots[0]; wanted {
		w.roots[0] = w.root()
	}
	return w, a.Ledger.AllStamps(ctx, func(s ledger.Stamp) error {
		w.said[s.Checkpoint] = append(w.said[s.Checkpoint], s)
		return nil
	})
}

// page looks at the leaves of a page. It is false when some are missing.
func (w *walked) page(ctx context.Context, from, to int64) (bool, error) {
	leaves, err := w.a.Ledger.Leaves(ctx, from, to)
	if err != nil {
		return false, err
	}
	hashes, err := w.a.Ledger.HashTexts(ctx, merkle.Count(from), merkle.Count(to))
	if err != nil {
		return false, err
	}
	refs := make([]ledger.Ref, len(leaves))
	for i, leaf := range leaves {
		refs[i] = leaf.Ref
	}
	sources, err := w.a.Ledger.Sources(ctx, refs)
	if err != nil {
		return false, err
	}
	for i, leaf := range leaves {
		if leaf.N != from+int64(i) {
			w.r.add("leaf", fmt.Sprintf("ledger/%d", from+int64(i)), "账本条目缺失", "the leaf is missing")
			return false, nil
		}
		if err := w.reach(ctx); err != nil { // what is signed about the leaves before
			return false, err
		}
		w.leaf(leaf, sources, hashes)
	}
	return int64(len(leaves)) == to-from, w.reach(ctx)
}

// leaf compares one leaf with its row and its hashes with those that are stored.
func (w *walked) leaf(leaf ledger.Numbered, sources map[ledger.Ref]ledger.Source, hashes map[int64]string) {
	w.r.Leaves++
	w.a.step("leaves", w.r.Leaves)
	where := fmt.Sprintf("ledger/%d", leaf.N)
	for i, h := range w.grow(leaf.Text) {
		if hashes[merkle.Count(leaf.N)+int64(i)] != h.String() {
			w.r.add("hash", where, "存储的散列与账本条目不符", "a stored hash is not that of the leaves")
		}
	}
	opened, err := ledger.OpenLeaf(leaf.Text)
	if err != nil {
		w.r.add("leaf", where, "账本条目无法解析", "the leaf cannot be read")
		return
	}
	if opened.Kind == ledger.Gone {
		w.r.add("leaf", where, "等待登记期间该数据已消失", "what it is about vanished while it waited: "+leaf.ID)
		return
	}
	source, ok := sources[leaf.Ref]
	if !ok {
		w.r.add("leaf", where, "条目所指的数据缺失", "the row that it is about is missing: "+leaf.Kind+"/"+leaf.ID)
		return
	}
	said, err := w.a.Pseudonyms.Describe(leaf.Ref, source, w.name())
	if err == nil {
		var text []byte
		if text, err = said.Text(); err == nil && string(text) != string(leaf.Text) {
			w.r.add("leaf", where, "数据与账本条目不符", "the row is not what its leaf says: "+leaf.Kind+"/"+leaf.ID)
		}
	}
	if err != nil {
		w.r.add("leaf", where, "数据无法与账本条目比对", "the row cannot be compared with its leaf: "+err.Error())
	}
	if opened.Kind == ledger.Key {
		w.introduce(leaf.N, where, opened.Key)
	}
}

func (w *walked) introduce(n int64, where, vkey string) {
	key, err := note.NewVerifier(vkey)
	if err != nil || !w.a.trusts(vkey) && !(w.a.FollowKeys && len(w.keys) > 0) {
		w.r.add("checkpoint", where, "该账本密钥不被承认", "the ledger's key that is introduced here is not known")
		return
	}
	w.keys = append(w.keys, introduced{n, key})
}

// trusts reports whether a key is one of those that the auditor knows, if he has said which he knows.
func (a *Auditor) trusts(vkey string) bool {
	return len(a.LedgerKeys) == 0 || slices.ContainsFunc(a.LedgerKeys, func(known []byte) bool { return string(known) == KeyOf(vkey) })
}

// grow puts a leaf into the tree and returns the hashes that are complete with it, in the order in which they are stored.
func (w *walked) grow(text []byte) []merkle.Hash {
	top := subtree{0, tlog.RecordHash(text)}
	out := []merkle.Hash{top.hash}
	for n := len(w.stack); n > 0 && w.stack[n-1].height == top.height; n-- {
		top = subtree{top.height + 1, tlog.NodeHash(w.stack[n-1].hash, top.hash)}
		w.stack = w.stack[:n-1]
		out = append(out, top.hash)
	}
	w.stack = append(w.stack, top)
	w.size++
	if _, wanted := w.roots[w.size]; wanted {
		w.roots[w.size] = w.root()
	}
	return out
}

func (w *walked) root() merkle.Hash {
	if len(w.stack) == 0 {
		return sha256.Sum256(nil)
	}
	root := w.stack[len(w.stack)-1].hash
	for i := len(w.stack) - 2; i >= 0; i-- {
		root = tlog.NodeHash(w.stack[i].hash, root)
	}
	return root
}
