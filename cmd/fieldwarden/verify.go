package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

type verifyCommand struct {
	JSON      bool `help:"输出供程序读取的 JSON / print JSON for machines"`
	SkipBytes bool `help:"不重新读取证据和文书的字节 / do not read recordings and papers again"`
}

// Run checks the configured store: status 0 when nothing was found, 1 when something was.
func (v verifyCommand) Run(ctx context.Context) error {
	return withCore(ctx, func(core *server.Core) error { return v.check(ctx, core) })
}

func (v verifyCommand) check(ctx context.Context, core *server.Core) error {
	a := audit.Auditor{Reader: core.DB}
	if !v.SkipBytes {
		a.Bytes = core.Blobs
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

func (v verifyCommand) print(w io.Writer, r audit.Report) error {
	if v.JSON {
		if err := wire.Write(w, r); err != nil {
			return err
		}
		_, err := fmt.Fprintln(w)
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, line := range []struct {
		what string
		n    int64
	}{{"devices", int64(r.Devices)}, {"ops under signature", int64(r.Ops)}, {"pushes", int64(r.Pushes)}, {"records", int64(r.Records)},
		{"versions", int64(r.Versions)}, {"files read", int64(r.Files)}, {"bytes hashed", r.Bytes}, {"problems", int64(len(r.Problems))}} {
		fmt.Fprintf(table, "%s\t%d\t\n", line.what, line.n)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "%-9s %s\n          %s / %s\n", p.Kind, p.Where, p.Zh, p.En)
	}
	return nil
}
