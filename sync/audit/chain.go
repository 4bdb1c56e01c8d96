package audit

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"

	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// devices checks every device's chain.
func (a *Auditor) devices(ctx context.Context, r *Report) error {
	return a.Reader.AllDevices(ctx, func(d Device) error {
		r.Devices++
		a.step("devices", r.Devices)
		return a.device(ctx, d, r)
	})
}

// device walks one chain: numbers without gaps from 1, each op naming the hash of the one before, each text giving the hash it
// is stored under, and a signature over the last op of every push.
func (a *Auditor) device(ctx context.Context, d Device, r *Report) error {
	heads, err := a.pushes(ctx, d, r)
	if err != nil {
		return err
	}
	var seq uint64
	prev := ""
	err = a.Reader.OpsOf(ctx, d.ID, func(op Op) error {
		r.Ops++
		where := fmt.Sprintf("device/%s/seq/%d", d.ID, op.Seq)
		if op.Seq != seq+1 {
			r.add("chain", where, fmt.Sprintf("操作序号不连续，缺少第 %d 号", seq+1), fmt.Sprintf("a gap: op %d is missing", seq+1))
		}
		if sealed, ok := opened(op, where, r); ok && sealed.Prev != prev {
			r.add("chain", where, "操作链断裂：与上一操作的摘要不符", "the chain is broken: prev is not the hash of the op before")
		}
		if head, last := heads[op.Seq]; last && head != op.Hash {
			r.add("signature", where, "提交的签名与末项操作不符", "the push's signature is over another last op")
		}
		seq, prev = op.Seq, op.Hash
		return nil
	})
	if err != nil {
		return err
	}
	if seq != d.LastSeq || prev != d.HeadHash {
		r.add("device", "device/"+d.ID, "设备记录的序号或链头与操作不符", "the device's row does not stand where its ops end")
	}
	return nil
}

// opened decodes an op's text and compares it with what it is stored under.
func opened(op Op, where string, r *Report) (wire.Sealed, bool) {
	sealed, err := wire.Open(op.Text)
	if err != nil {
		r.add("chain", where, "操作内容无法解析", "the op's text cannot be read")
		return sealed, false
	}
	if sealed.Hash != op.Hash || sealed.Seq != op.Seq || sealed.ID != op.ID {
		r.add("chain", where, "操作内容被改动：与登记的摘要、序号或编号不符", "the op's text was changed: it does not give the hash, seq or id it is stored under")
	}
	return sealed, true
}

// pushes checks the signatures of a device's pushes and that together they cover every number; it returns the hash that each
// push signed, by the number of its last op.
func (a *Auditor) pushes(ctx context.Context, d Device, r *Report) (map[uint64]string, error) {
	key := deviceKey(d, r)
	heads := map[uint64]string{}
	var covered uint64
	err := a.Reader.PushesOf(ctx, d.ID, func(p push.Provenance) error {
		r.Pushes++
		where := fmt.Sprintf("device/%s/push/%s", d.ID, p.ID)
		if p.FirstSeq != covered+1 {
			r.add("signature", where, "提交之间缺少操作", "ops before this push are under no signature")
		}
		if key != nil && wire.Verify(key, wire.SigningInput(d.ID, p.Head), p.Signature) != nil {
			r.add("signature", where, "设备签名验证失败", "the device's signature does not verify")
		}
		covered, heads[p.LastSeq] = p.LastSeq, p.Head
		return nil
	})
	if err == nil && covered != d.LastSeq {
		r.add("signature", "device/"+d.ID, "末尾的操作没有签名", "the last ops are under no signature")
	}
	return heads, err
}

func deviceKey(d Device, r *Report) *ecdsa.PublicKey {
	parsed, err := x509.ParsePKIXPublicKey(d.PublicKey)
	key, ok := parsed.(*ecdsa.PublicKey)
	if err != nil || !ok {
		r.add("device", "device/"+d.ID, "设备公钥无法读取", "the device's public key cannot be read")
		return nil
	}
	return key
}
