package main

import (
	"context"
	"errors"
	"os"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/demo"
)

type demoCommand struct {
	Folder string `help:"保存演示数据的目录；默认临时目录，结束后删除 / folder to keep it in; default: a temporary one, removed at the end"`
	Listen string `help:"监听地址，默认本机空闲端口 / address to serve on; default: a free port of this machine"`
	Exit   bool   `help:"打印结果表后结束，全部相符时状态为 0 / end after the table, with status 0 only if every line held"`
	JSON   bool   `help:"以 JSON 打印结果表 / print the table for machines"`
}

// Run plays the demo's day.
func (c demoCommand) Run(ctx context.Context) error {
	err := demo.Run(ctx, demo.Options{Out: os.Stdout, Folder: c.Folder, Listen: c.Listen, Exit: c.Exit, JSON: c.JSON})
	if errors.Is(err, demo.ErrUnsound) {
		return unsound{err.Error()}
	}
	return err
}
