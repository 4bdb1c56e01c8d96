package main

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
)

type backup struct {
	File string `arg:"" help:"新文件的路径，不得已存在 / path of the copy; it must not exist"`
}

func (b backup) Run(ctx context.Context) error {
	return withStore(ctx, func(core *server.Core) error {
		if err := core.DB.Backup(ctx, b.File); err != nil {
			return err
		}
		fmt.Printf("数据库已备份，请接着备份暂存区和证据 / the database is copied; go on with spool and evidence: %s\n", b.File)
		return nil
	})
}

type restored struct {
	SkipNumbers uint64 `default:"1000" help:"每个文书编号序列跳过的号数：不少于备份之后可能已领出的号数 / numbers that each series leaves out: at least as many as may have been leased since the backup"`
}

func (r restored) Run(ctx context.Context) error {
	return withStore(ctx, func(core *server.Core) error {
		owned, err := core.Own() // a server that runs goes on with what it knew before
		if err != nil {
			return err
		}
		defer owned.Close()
		done, err := core.Restored(ctx, r.SkipNumbers)
		if err != nil {
			return err
		}
		fmt.Printf("新的数据时期 / new epoch: %s\n每个编号序列跳过 / numbers left out in each series: %d\n重新确认的证据 / recordings found again: %d\n",
			done.Epoch, r.SkipNumbers, done.Found)
		return nil
	})
}
