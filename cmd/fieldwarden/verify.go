package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/mattn/go-runewidth"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

type verifyCommand struct {
	Bundle     string   `arg:"" optional:"" help:"证据核验包（ZIP），离线核验；缺省为核验整个存储 / a bundle to check offline; default: the whole store"`
	Key        []string `help:"账本公钥，可多次 / a key of the ledger, as /ledger/keys has it; may be repeated" sep:"none"`
	Witness    []string `help:"见证人公钥，可多次 / a key of a witness; may be repeated" sep:"none"`
	Authority  []string `help:"时间戳机构根证书（PEM 文件），可多次 / a root of a time-stamping authority, a PEM file; may be repeated" sep:"none"`
	Checkpoint []string `help:"以前保存的账本检查点（文件），可多次；核验其后有无截断或改写 / a checkpoint that was kept from before, a file; may be repeated" sep:"none"`
	JSON       bool     `help:"输出供程序读取的 JSON / print JSON for machines"`
	SkipBytes  bool     `help:"不重新读取证据和文书的字节 / do not read recordings and papers again"`
}

// Run checks a bundle, or the configured store: status 0 when nothing was found, 1 when something was, 2 when it could not be read, 3 when a bundle fits together
// and no key of the ledger was given to say whose it is.
func (v verifyCommand) Run(ctx context.Context) error {
	if v.Bundle != "" {
		return v.bundle()
	}
	return withStore(ctx, func(core *server.Core) error { return v.check(ctx, core) })
}

func (v verifyCommand) check(ctx context.Context, core *server.Core) error {
	a, err := core.Auditor(ctx, v.Key)
	if err != nil {
		return err
	}
	for _, path := range v.Checkpoint {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		a.Kept = append(a.Kept, audit.Kept{Name: filepath.Base(path), Note: text})
	}
	if v.SkipBytes {
		a.Bytes = nil
	}
	if !v.JSON {
		a.Step = progress(os.Stderr)
	}
	report, err := a.Run(ctx)
	if err != nil {
		return err
	}
	if err := v.print(os.Stdout, report); err != nil {
		return err
	}
	if !report.Sound() {
		return unsound{fmt.Sprintf("发现 %d 处问题 / %d problems found", len(report.Problems), len(report.Problems))}
	}
	return nil
}

// progress tells every thousandth of what is counted.
func progress(w io.Writer) func(string, int) {
	return func(what string, counted int) {
		if counted%1000 == 0 {
			fmt.Fprintf(w, "%s: %d\n", what, counted)
		}
	}
}

// terminal is how wide characters are where these tables are read: as on terminals of any language.
var terminal = &runewidth.Condition{}

// printJSON prints a report for machines.
func printJSON(w io.Writer, report any) error {
	if err := wire.Write(w, report); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

func (v verifyCommand) print(w io.Writer, r audit.Report) error {
	if v.JSON {
		return printJSON(w, r)
	}
	for _, line := range []struct {
		zh, en string
		n      int64
	}{{"设备", "devices", int64(r.Devices)}, {"设备签名的操作", "ops under signature", int64(r.Ops)}, {"提交", "pushes", int64(r.Pushes)},
		{"记录", "records", int64(r.Records)}, {"版本", "versions", int64(r.Versions)}, {"账号、设备和密钥", "accounts, devices, keys", int64(r.Identities)}, {"编号使用登记", "claims of numbers", int64(r.Numbers)}, {"账本条目", "leaves of the ledger", int64(r.Leaves)},
		{"检查点", "checkpoints", int64(r.Checkpoints)}, {"时间戳和见证签名", "stamps and cosignatures", int64(r.Stamps)},
		{"读取的文件", "files read", int64(r.Files)}, {"散列的字节", "bytes hashed", r.Bytes}, {"问题", "problems", int64(len(r.Problems))}} {
		if _, err := fmt.Fprintf(w, "%s  %-24s %12d\n", terminal.FillRight(line.zh, 18), line.en, line.n); err != nil {
			return err
		}
	}
	for _, p := range r.Problems {
		if _, err := fmt.Fprintf(w, "%-10s %s\n           %s / %s\n", p.Kind, p.Where, p.Zh, p.En); err != nil {
			return err
		}
	}
	return nil
}
