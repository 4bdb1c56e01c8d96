package bundle

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// signed checks that the device has signed the op: the ops of the push lead to the hash under its signature.
func (v *verifying) signed() {
	text := v.parts["push/push.json"]
	if text == nil {
		v.r.open("signature", "设备签名：在线录入，没有设备签名", "it was entered online: no device has signed it", "")
		return
	}
	var push PushText
	err := wire.Decode(text, &push)
	if err == nil {
		err = v.chain(push)
	}
	if !v.r.add("chain", err, "操作链直至签名", "the ops lead from it to what was signed", push.Head) {
		return
	}
	key, _, err := v.deviceKey()
	if err == nil {
		err = wire.Verify(key, wire.SigningInput(push.Device, push.Head), push.Signature)
	}
	v.r.add("signature", err, "设备签名", "the device's signature", push.Device)
}

func (v *verifying) chain(push PushText) error {
	hash, seq := v.manifest.Hash, v.manifest.Seq
	if seq < push.First || seq+uint64(v.index.After) != push.Last {
		return errors.New("the push does not reach from the op to its end")
	}
	for i := range v.index.After {
		op, err := wire.Open(v.parts[fmt.Sprintf("op/after-%03d.json", i)])
		if err != nil {
			return err
		}
		if seq++; op.Prev != hash || op.Seq != seq {
			return fmt.Errorf("op %d does not follow", seq)
		}
		hash = op.Hash
	}
	if hash != push.Head {
		return errors.New("they lead elsewhere")
	}
	return nil
}

// deviceKey is the device's key and the digest under which it was enrolled.
func (v *verifying) deviceKey() (*ecdsa.PublicKey, string, error) {
	block, _ := pem.Decode(v.parts["push/device.pem"])
	if block == nil {
		return nil, "", errors.New("device.pem is no key")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := parsed.(*ecdsa.PublicKey)
	if err == nil && !ok {
		err = errors.New("device.pem is no P-256 key")
	}
	return key, sum(block.Bytes), err
}

func sum(octets []byte) string {
	digest := sha256.Sum256(octets)
	return hex.EncodeToString(digest[:])
}

// leaf compares the leaf with the push or the op, and the device's leaf with its key.
func (v *verifying) leaf(kind string, text []byte, proof merkle.Proof) {
	leaf, err := ledger.OpenLeaf(text)
	if err == nil {
		err = v.says(kind, leaf)
	}
	v.r.add("leaf", err, "账本条目与提交相符", "the leaf says what was pushed", leaf.At.Format("2006-01-02T15:04:05.999999Z"))
	v.r.add("outcome", v.outcome(leaf), "服务器当时的处理结果", "what the server answered then", v.status())
	if kind != ledger.Push {
		return
	}
	text, enrolment, err := v.proof("device")
	var device ledger.Leaf
	if err == nil && !bytes.Equal(enrolment.Checkpoint, proof.Checkpoint) {
		err = errors.New("it is under another checkpoint")
	}
	if err == nil {
		device, err = ledger.OpenLeaf(text)
	}
	_, digest, failed := v.deviceKey()
	if err == nil && (failed != nil || device.Kind != ledger.Device || device.Key != digest || device.Device != leaf.Device || enrolment.Index > proof.Index) {
		err = errors.New("the device's key is not the one that was enrolled")
	}
	v.r.add("device", err, "设备登记", "the device's key was enrolled before", digest)
}

func (v *verifying) says(kind string, leaf ledger.Leaf) error {
	if leaf.Kind != kind {
		return errors.New("the leaf is of another kind")
	}
	if kind == ledger.Op {
		if leaf.Hash != v.manifest.Hash {
			return errors.New("the leaf is about another op")
		}
		return nil
	}
	var push PushText
	if err := wire.Decode(v.parts["push/push.json"], &push); err != nil {
		return err
	}
	if leaf.First != push.First || leaf.Last != push.Last || leaf.Head != push.Head || leaf.Signature != sum([]byte(push.Signature)) {
		return errors.New("the leaf is about another push")
	}
	return nil
}

// outcome checks what the server has answered: the line of the op among the results that the leaf covers.
func (v *verifying) outcome(leaf ledger.Leaf) error {
	lines := v.parts["push/result.txt"]
	if sum(lines) != leaf.Result {
		return errors.New("result.txt is not what the leaf covers")
	}
	want := v.manifest.Hash + " " + sum(v.parts["op/outcome.json"]) + " "
	if !slices.ContainsFunc(strings.Split(string(lines), "\n"), func(line string) bool { return strings.HasPrefix(line, want) }) {
		return errors.New("outcome.json is not among the results")
	}
	if s := v.status(); s != "applied" && s != "merged" && s != "conflict" {
		return fmt.Errorf("the op did not stand: %s", s)
	}
	return nil
}

func (v *verifying) status() string {
	var outcome wire.Outcome
	if wire.Decode(v.parts["op/outcome.json"], &outcome) != nil {
		return ""
	}
	return outcome.Status
}

// keys follows the ledger's keys from one that was brought to those that it has led to: each new key has a leaf, under a checkpoint that the
// key before it has signed too. With none brought, the bundle's first is taken, and the report says that nobody has vouched for it.
func (v *verifying) keys(known []note.Verifier) []note.Verifier {
	var before note.Verifier
	trusted := slices.Clone(known)
	for i := range min(v.index.Keys, maxParts) {
		text, proof, err := v.proof(fmt.Sprintf("key-%d", i))
		var leaf ledger.Leaf
		if err == nil {
			leaf, err = ledger.OpenLeaf(text)
		}
		var key note.Verifier
		if err == nil {
			key, err = note.NewVerifier(leaf.Key)
		}
		if err == nil && (leaf.Kind != ledger.Key || key.Name() != v.index.Ledger) {
			err = errors.New("the leaf introduces no key of this ledger")
		}
		if err == nil {
			err = signedBy(proof, key)
		}
		if err != nil {
			v.r.add(fmt.Sprintf("key-%d", i), err, "账本密钥的引入", "how the ledger's key was introduced", "")
			return trusted
		}
		switch {
		case has(known, key):
			v.r.add(fmt.Sprintf("key-%d", i), nil, "账本密钥：与所提供的一致", "the ledger's key is the one that was given", leaf.Key)
		case i == 0 && len(known) == 0:
			v.r.open("key-0", "账本密钥：取自核验包，请与公布的公钥核对", "the ledger's key is the bundle's own: compare it with the one that was published", leaf.Key)
			trusted = append(trusted, key)
		case before != nil && has(trusted, before):
			err := signedBy(proof, before, key)
			v.r.add(fmt.Sprintf("key-%d", i), err, "账本密钥轮换：新旧密钥共同签署", "the ledger's next key, signed for by the one before", leaf.Key)
			if err == nil {
				trusted = append(trusted, key)
			}
		}
		before = key
	}
	return trusted
}

func has(keys []note.Verifier, key note.Verifier) bool {
	return slices.ContainsFunc(keys, func(k note.Verifier) bool { return k.Name() == key.Name() && k.KeyHash() == key.KeyHash() })
}

func signedBy(p merkle.Proof, keys ...note.Verifier) error {
	signed, err := merkle.Open(p.Checkpoint, keys...)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !signed.By(key) {
			return merkle.ErrUnsigned
		}
	}
	return nil
}

// vouched checks the time stamps and the cosignatures.
func (v *verifying) vouched(proof merkle.Proof, c merkle.Checkpoint) {
	for i := range min(v.index.Stamps, maxParts) {
		stamp, err := merkle.CheckStamp(v.parts[fmt.Sprintf("ledger/stamp-%d.tst", i)], c, v.trust.Roots)
		detail := stamp.At.Format("2006-01-02T15:04:05Z") + ", " + stamp.Authority
		switch {
		case err == nil && v.trust.Roots == nil:
			v.r.open("stamp", "时间戳：签名有效，未提供时间戳机构的根证书", "a time stamp, its signature is good; no root of its authority was given", detail)
			continue
		case err == nil && !stamp.Rooted:
			err = errors.New("its certificate does not lead to a root that was given: " + stamp.Authority)
		}
		v.r.add("stamp", err, "时间戳", "a time stamp of an authority", detail)
	}
	if v.index.Stamps == 0 {
		v.r.open("stamp", "时间戳：没有", "no time stamp", "")
	}
	v.cosigned(proof)
}

func (v *verifying) cosigned(proof merkle.Proof) {
	var witnesses []note.Verifier
	for _, text := range v.trust.Witnesses {
		witness, err := merkle.ParseWitness(text)
		if err != nil {
			v.r.add("cosignature", err, "见证人公钥", "a witness's key", text)
			return
		}
		witnesses = append(witnesses, witness)
	}
	signed, err := merkle.Open(proof.Checkpoint, witnesses...)
	if err != nil {
		v.r.add("cosignature", err, "见证签名", "the cosignatures of witnesses", "")
		return
	}
	for _, witness := range witnesses {
		err := error(nil)
		if !signed.By(witness) {
			err = errors.New("the witness has not signed")
		}
		v.r.add("cosignature", err, "见证签名", "the cosignature of a witness", witness.Name())
	}
	if len(witnesses) == 0 {
		v.r.open("cosignature", "见证签名：未提供见证人公钥", "cosignatures: no key of a witness was given", "")
	}
}
