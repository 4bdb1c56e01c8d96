package audit

import "context"

// identities checks that accounts, devices, who may write on which device, signing keys and floors of series stand as the newest change of each says. That the changes are
// those that were made the ledger says.
func (a *Auditor) identities(ctx context.Context, r *Report) error {
	return a.Reader.Standing(ctx, func(kind, id, state, noted string) error {
		where := kind + "/" + id
		r.Identities++
		switch {
		case state == noted:
		case noted == "":
			r.add("identity", where, "该账号、设备、授权或密钥没有变更登记", "no change says how it came to be")
		case state == "":
			r.add("identity", where, "该账号、设备、授权或密钥已缺失", "it is missing")
		default:
			r.add("identity", where, "与最近一次变更登记不符", "it is not as its newest change says")
		}
		return nil
	})
}
