package bundle

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"golang.org/x/mod/sumdb/note"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// State is what was found of one thing.
type State string

// The states. Open is what could not be told: there is nothing of the kind, or nobody has said which key is right.
const (
	Sound   State = "sound"
	Unsound State = "unsound"
	Open    State = "open"
)

// Line is one thing that was checked.
type Line struct {
	Check  string `json:"check"` // stable
	State  State  `json:"state"`
	Zh     string `json:"zh"`
	En     string `json:"en"`
	Detail string `json:"detail,omitempty"`
}

// Report is everything that was checked, in order.
type Report struct {
	Sound    bool   `json:"sound"` // nothing was found to be wrong
	KeyGiven bool   `json:"keyGiven"`
	Evidence string `json:"evidence"`
	Ledger   string `json:"ledger"`
	Lines    []Line `json:"lines"`
}

func (r *Report) add(check string, err error, zh, en, detail string) bool {
	state := Sound
	if err != nil {
		state, detail = Unsound, err.Error()
	}
	r.Lines = append(r.Lines, Line{check, state, zh, en, detail})
	return err == nil
}

func (r *Report) open(check, zh, en, detail string) {
	r.Lines = append(r.Lines, Line{check, Open, zh, en, detail})
}

// Trust is what whoever asks knows from elsewhere.
type Trust struct {
	Keys      []string       // verifier keys of the ledger; none: the bundle's own, and the report says so
	Witnesses []string       // keys of witnesses
	Roots     *x509.CertPool // of time-stamping authorities
}

// verifying is one check of one bundle.
type verifying struct {
	*opened
	trust    Trust
	r        Report
	manifest wire.Sealed
}

// Verify checks a bundle. Its error means that there is no bundle to check, or that Trust is wrong; all else is in the report.
func Verify(archive io.ReaderAt, size int64, trust Trust) (Report, error) {
	o, err := open(archive, size)
	if err != nil {
		return Report{}, err
	}
	v := &verifying{opened: o, trust: trust}
	v.r.KeyGiven, v.r.Evidence, v.r.Ledger = len(trust.Keys) > 0, o.index.Evidence, o.index.Ledger
	known, err := v.known()
	if err != nil {
		return Report{}, err
	}
	if v.op() {
		v.file()
		v.signed()
		v.logged(known)
	}
	v.strange()
	v.r.Sound = true
	for _, line := range v.r.Lines {
		v.r.Sound = v.r.Sound && line.State != Unsound
	}
	return v.r, nil
}

// belonging are the names of what a bundle is made of, as path.Match has them.
var belonging = []string{"READ-ME.txt", "bundle.json", "op/manifest.json", "op/outcome.json", "op/after-*.json", "push/push.json", "push/device.pem", "push/result.txt",
	"ledger/op.*", "ledger/push.*", "ledger/device.*", "ledger/key-*.*", "ledger/stamp-*.tst"}

// strange names what somebody has put beside. It makes nothing wrong, and must not pass for checked.
func (v *verifying) strange() {
	var names []string
	for name := range v.parts {
		if !slices.ContainsFunc(belonging, func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok }) {
			names = append(names, name)
		}
	}
	if slices.Sort(names); len(names) > 0 {
		v.r.open("strange", "包内另有不属于核验包的文件，未作核验", "files that are no part of a bundle, and were not checked", fmt.Sprintf("%q", names))
	}
}

// known are the keys that were brought.
func (v *verifying) known() ([]note.Verifier, error) {
	known := make([]note.Verifier, len(v.trust.Keys))
	for i, text := range v.trust.Keys {
		key, err := note.NewVerifier(text)
		if err != nil {
			return nil, fmt.Errorf("公钥无法读取 / the key cannot be read: %q: %w", text, err)
		}
		known[i] = key
	}
	return known, nil
}

// op reads the op that announced the recording.
func (v *verifying) op() bool {
	var err error
	v.manifest, err = wire.Open(v.parts["op/manifest.json"])
	if err == nil && (v.manifest.Collection != "evidence" || v.manifest.Action != "create" || v.manifest.Record != v.index.Evidence) {
		err = errors.New("it announces another thing")
	}
	return v.r.add("manifest", err, "登记操作", "the op that announced the recording", v.manifest.Hash)
}

// file compares the recording with what was announced.
func (v *verifying) file() {
	want, _ := v.manifest.Patch["sha256"].(string)
	length, _ := v.manifest.Patch["length"].(float64)
	content, err := v.recording.Open()
	if err == nil {
		defer content.Close()
		digest := sha256.New()
		var n int64
		n, err = io.Copy(digest, io.LimitReader(content, int64(length)+1))
		if sum := hex.EncodeToString(digest.Sum(nil)); err == nil && (n != int64(length) || sum != want) {
			err = fmt.Errorf("announced %s, %d octets; it has %s", want, int64(length), sum)
		}
	}
	v.r.add("file", err, "录音录像与登记的摘要", "the recording is what was announced", want)
}

// logged checks leaves, proofs, checkpoint, and what others say about that.
func (v *verifying) logged(known []note.Verifier) {
	kind := "push"
	if v.parts["push/push.json"] == nil {
		kind = "op"
	}
	leaf, proof, err := v.proof(kind)
	v.r.add("proof", err, "账本条目的包含证明", "the leaf is in the ledger", fmt.Sprintf("%d", proof.Index))
	if err != nil {
		return
	}
	v.leaf(kind, leaf, proof)
	keys := v.keys(known)
	signed, err := merkle.Open(proof.Checkpoint, keys...)
	if err == nil && len(signed.Good) == 0 {
		err = merkle.ErrUnsigned
	}
	if err == nil && signed.Origin != v.index.Ledger {
		err = errors.New("the checkpoint is of another ledger")
	}
	if errors.Is(err, merkle.ErrUnsigned) && len(known) > 0 {
		err = fmt.Errorf("%w. 账本更换过密钥的，请逐行提供全部公钥（--key 可多次）/ a ledger that has changed its key has several: give each of them, --key may be repeated", err)
	}
	v.r.add("checkpoint", err, "检查点签名", "the checkpoint is signed by the ledger's key", fmt.Sprintf("%s, %d", signed.Origin, signed.Size))
	if err == nil {
		v.vouched(proof, signed.Checkpoint)
	}
}

// proof reads a leaf and checks that it is under its checkpoint, whoever has signed that.
func (v *verifying) proof(name string) (leaf []byte, p merkle.Proof, err error) {
	leaf = v.parts["ledger/"+name+".json"]
	p, err = merkle.ParseProof(v.parts["ledger/"+name+".tlog-proof"])
	if err != nil {
		return leaf, p, err
	}
	signed, err := merkle.Open(p.Checkpoint)
	if err != nil {
		return leaf, p, err
	}
	return leaf, p, p.Check(leaf, signed.Checkpoint)
}
