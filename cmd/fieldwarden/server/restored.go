package server

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

const (
	// SkipNumbers is how many numbers of each series are left out after a restore, unless somebody knows better.
	SkipNumbers = 1000
	// lookAgain is for how long after a restore recordings are looked for: devices send what was forgotten when they come back.
	lookAgain = 30 * 24 * time.Hour
)

// Restored is what was done after a restore.
type Restored struct {
	Epoch string // the new one
	Found int    // recordings whose bytes are in the store and whose receipts were forgotten
}

// Restored begins a new history after the database was restored from a backup. Devices pull everything anew, keep their queue, and
// send again what the server has forgotten. Every series of numbers leaves out skip numbers: those that the lost history has
// given out are on papers in people's hands. Recordings that the store holds get their receipts again.
func (c *Core) Restored(ctx context.Context, skip uint64) (r Restored, err error) {
	year := c.machine.Now().In(record.Beijing).Year()
	if r.Epoch, _, err = c.DB.BeginEpoch(ctx, "", document.SeriesEnd(year), skip); err != nil {
		return r, err
	}
	r.Found, err = c.Uploads.FindAgain(ctx)
	return r, err
}

// RestoredUnannounced is the code of the finding that the database was restored and nobody has said so.
const RestoredUnannounced = "server.restored_unannounced"

// behind does the same when a device proves that the database was restored and nobody has said so. People are told by a finding on the
// district's desk, in the log, and beside the devices: what was lost meanwhile may have been overtaken, and only they can find out.
func (c *Core) behind(ctx context.Context, epoch string) error {
	year := c.machine.Now().In(record.Beijing).Year()
	next, begun, err := c.DB.BeginEpoch(ctx, epoch, document.SeriesEnd(year), SkipNumbers)
	if !begun || err != nil {
		return err
	}
	c.Log.ErrorContext(ctx, "the database is behind what it was: it was restored from a backup without `admin restored`; a new epoch has begun",
		"epoch", next, "was", epoch)
	if err := c.Push.ApplyOwn(ctx, []push.ServerOp{{Collection: "findings", Record: c.machine.NewID(), Action: record.Create, Patch: c.unannounced()}}); err != nil {
		c.Log.ErrorContext(ctx, "the finding about it could not be written", "error", err) // the epoch has begun all the same
	}
	return nil
}

func (c *Core) unannounced() record.Object {
	return record.Object{"unit": c.Config.District, "code": RestoredUnannounced, "basis": "", "collection": "", "record": "", "state": "open",
		"zh": fmt.Sprintf("数据库曾从备份恢复，但没有执行 admin restored；由设备游标发现后，服务器已开始新的纪元，各编号序列跳过 %d 个。"+
			"请查明备份时间，必要时执行 fieldwarden admin restored --skip-numbers 跳过更多编号，运行 fieldwarden verify，并通知备份之后在线编辑过的人员核对", SkipNumbers),
		"en": fmt.Sprintf("the database was restored from a backup without `admin restored`; a device's cursor has shown it, a new epoch has begun, and each series "+
			"of numbers skips %d. Find out how old the backup was; if more numbers can have been leased since, run `fieldwarden admin restored --skip-numbers`; "+
			"run `fieldwarden verify`; ask who has edited online since the backup to look at their work again", SkipNumbers)}
}

// afterRestore looks for recordings that a restore has forgotten, for as long as devices may still come back with them.
func (c *Core) afterRestore(ctx context.Context) error {
	at, err := c.DB.RestoredAt(ctx)
	if err != nil || at.IsZero() || c.machine.Now().Sub(at) > lookAgain {
		return err
	}
	_, err = c.Uploads.FindAgain(ctx)
	return err
}
