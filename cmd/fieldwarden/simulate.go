package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/client"
	"github.com/fieldwarden/fieldwarden/sync/collections"
)

// simulateCommand is one handheld of the reference client: enough to try a sign-in, to watch a server answer, or to give it
// edits from a script. Its folder keeps it: the next run is the same device.
type simulateCommand struct {
	URL      string `default:"http://127.0.0.1:8080" help:"服务器地址 / the server"`
	Folder   string `default:"./handheld" help:"终端的本地数据目录，再次运行即同一台设备 / the device's folder; the same folder is the same device"`
	Code     string `help:"登记码，首次使用时需要 / enrolment code, for the first run"`
	Name     string `default:"模拟终端" help:"设备名称 / name of the device"`
	Account  string `help:"登录名；留空则沿用上次登录 / sign-in name; empty: the sign-in of the last run"`
	Password string `env:"FIELDWARDEN_SIMULATE_PASSWORD" help:"密码，建议用环境变量 / password; better by the environment variable"`
	Visits   int    `help:"新建几次检查并提交 / how many inspections to record and send"`
	Watch    bool   `help:"保持连接，有变更时立即拉取，直到中断 / stay, and pull at once what others change, until interrupted"`
	Unit     string `help:"新建检查所属机构，默认为设备所属机构 / unit of the inspections; default: the device's"`

	Back    int            `help:"各集合使用几版之前的数据版本，如同旧程序 / speak every collection so many forms back, as an older program does"`
	Schemas map[string]int `help:"按集合指定数据版本，如 tasks=1 / the form of single collections, as in tasks=1"`
}

// forms are the forms that the handheld speaks: of every collection that this program knows, so that it is told nothing that it was not written for.
func (c simulateCommand) forms() (map[string]int, error) {
	catalogue, err := collections.Catalogue()
	if err != nil {
		return nil, err
	}
	speaks := map[string]int{}
	for name, of := range catalogue {
		speaks[name] = max(1, of.Schema-c.Back)
	}
	maps.Copy(speaks, c.Schemas)
	return speaks, nil
}

func (c simulateCommand) Run(ctx context.Context) error {
	speaks, err := c.forms()
	if err != nil {
		return err
	}
	d, err := client.Open(ctx, client.Config{Dir: c.Folder, BaseURL: c.URL, AppVersion: "simulate " + server.Version(), Schemas: speaks})
	if err != nil {
		return err
	}
	defer d.Close()
	if c.Code != "" {
		if err := d.Enrol(ctx, c.Code, c.Name); err != nil {
			return err
		}
	}
	if c.Account != "" {
		if err := d.SignIn(ctx, c.Account, c.Password); err != nil {
			return err
		}
	}
	who, err := d.Identity(ctx)
	if err != nil {
		return err
	}
	officer, err := d.Officer(ctx)
	if err != nil {
		return err
	}
	for i := range c.Visits {
		if err := c.visit(ctx, d, who, officer, i+1); err != nil {
			return err
		}
	}
	if err := d.Sync(ctx); err != nil {
		return err
	}
	fmt.Printf("%s（%s，%s） · %s\n", who.Name, who.Unit, who.ID, officer.Name)
	if err := tell(ctx, d, speaks); err != nil || !c.Watch {
		return err
	}
	return watch(ctx, d)
}

// watch pulls whenever the server says that there is something, until somebody interrupts.
func watch(ctx context.Context, d *client.Device) error {
	err := d.Watch(ctx, func() {
		if err := d.Sync(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		fmt.Println(time.Now().Format(time.TimeOnly), "已同步 / synced")
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// visit records one inspection as it is begun in the street.
func (c simulateCommand) visit(ctx context.Context, d *client.Device, who client.Identity, officer client.Officer, n int) error {
	unit := c.Unit
	if unit == "" {
		unit = who.Unit
	}
	now := time.Now().UTC().Format(time.RFC3339)
	_, err := d.Create(ctx, "inspections", record.Object{"unit": unit, "state": "open", "startedAt": now,
		"officers": record.Object{officer.ID: record.Object{"role": "lead"}},
		"summary":  fmt.Sprintf("模拟检查第 %d 次", n)})
	return err
}

// tell prints what the device now holds and what a person must look at.
func tell(ctx context.Context, d *client.Device, speaks map[string]int) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "COLLECTION\tFORM\tRECORDS")
	for _, name := range slices.Sorted(maps.Keys(speaks)) {
		all, err := d.List(ctx, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%d\t%d\n", name, speaks[name], len(all))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return tellQueue(ctx, d)
}

func tellQueue(ctx context.Context, d *client.Device) error {
	for _, list := range []struct {
		title string
		get   func(context.Context) ([]client.Queued, error)
	}{{"未提交 unsent", d.Unsent}, {"未通过 rejected", d.Rejected}, {"冲突 conflict", d.Conflicts}} {
		ops, err := list.get(ctx)
		if err != nil {
			return err
		}
		for _, op := range ops {
			why := ""
			if op.Outcome != nil {
				why = op.Outcome.Code + " " + op.Outcome.Zh
			}
			fmt.Printf("%s: %d %s %s %s\n", list.title, op.Seq, op.Collection, op.Record, why)
		}
	}
	return nil
}
