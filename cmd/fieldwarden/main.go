// Command fieldwarden is the whole program: the server, its administration, a demonstration, and the check of what it holds.
// This file only says which commands there are; each has a file of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/config"
)

type commands struct {
	Serve    serveCommand    `cmd:"" help:"启动服务 / run the server"`
	Demo     demoCommand     `cmd:"" help:"演示：虚构的一个区、一整天的执法 / an invented district and its day, against a real server"`
	Migrate  migrateCommand  `cmd:"" help:"数据库结构：升级、回退、查看 / the schema: up, down, status"`
	Admin    adminCommand    `cmd:"" help:"初始化管理员、登记码、密钥轮换 / first administrators, enrolment codes, keys"`
	Simulate simulateCommand `cmd:"" help:"用一台模拟手持终端登录并同步 / sign in and sync as one simulated handheld"`
	Verify   verifyCommand   `cmd:"" help:"核验操作链、签名、版本和证据字节 / check chains, signatures, versions and stored bytes"`
}

func main() {
	var c commands
	parser := kong.Must(&c, kong.Name("fieldwarden"), kong.Description(description), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	command, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "fieldwarden:", err)
		os.Exit(exitCode(err))
	}
}

const description = "移动行政执法后端 / the backend for mobile administrative enforcement.\n\n" +
	"配置全部来自 FIELDWARDEN_* 环境变量，见 docs/operations/configuration.md。\n" +
	"Configuration is by FIELDWARDEN_* variables alone; see docs/operations/configuration.md."

// unsound ends a command whose checks found something: it has told what already.
type unsound struct{ what string }

func (u unsound) Error() string { return u.what }

// undecided ends a check that found nothing wrong and yet proves nothing: something to compare with was not given.
type undecided struct{ unsound }

// exitCode: 1 the checks found something, 2 the command could not be done, 3 the checks could not decide.
func exitCode(err error) int {
	if errors.As(err, new(undecided)) {
		return 3
	}
	if errors.As(err, new(unsound)) {
		return 1
	}
	return 2
}

// loaded reads the configuration for a command.
func loaded() (config.Config, error) {
	cfg, err := config.Load()
	if err != nil {
		return cfg, fmt.Errorf("配置有误 / configuration: %w", err)
	}
	return cfg, ours(cfg.Data, os.Geteuid())
}

// ours refuses to let root loose on the folder of another user's server: what root makes there that server can neither write nor remove, from the log of its
// database to the place where recordings are put together.
func ours(data string, user int) error {
	info, err := os.Stat(data)
	if err != nil {
		return nil // it is made when it is opened
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || user != 0 || stat.Uid == 0 {
		return nil
	}
	return fmt.Errorf("FIELDWARDEN_DATA: 数据目录 %s 属于用户 %d，请以该用户执行（systemd 部署用 deploy/systemd/admin.sh） / "+
		"the folder %s is user %d's: run this as that user (with systemd, by deploy/systemd/admin.sh)", data, stat.Uid, data, stat.Uid)
}
