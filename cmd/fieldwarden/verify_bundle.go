package main

import (
	"crypto/x509"
	"fmt"
	"io"
	"os"

	"github.com/fieldwarden/fieldwarden/sync/ledger/bundle"
)

// bundle checks a bundle by public keys alone: no server, no configuration, no network.
func (v verifyCommand) bundle() error {
	file, err := os.Open(v.Bundle)
	if err != nil {
		return err
	}
	defer file.Close()
	about, err := file.Stat()
	if err != nil {
		return err
	}
	trust := bundle.Trust{Keys: v.Key, Witnesses: v.Witness}
	if trust.Roots, err = roots(v.Authority); err != nil {
		return err
	}
	report, err := bundle.Verify(file, about.Size(), trust)
	if err != nil {
		return err
	}
	if v.JSON {
		err = printJSON(os.Stdout, report)
	} else {
		err = printBundle(os.Stdout, report)
	}
	switch {
	case err != nil:
		return err
	case !report.Sound:
		return unsound{"核验未通过 / the bundle is not sound"}
	case !report.KeyGiven:
		return undecided{unsound{"未提供账本公钥，不能定论 / no key of the ledger was given: not decided"}}
	}
	return nil
}

func roots(paths []string) (*x509.CertPool, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	pool := x509.NewCertPool()
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s 中没有证书 / holds no certificate", path)
		}
	}
	return pool, nil
}

// marks are how the states are shown: each sign is one column wide on terminals of any language, as a dash is not.
var marks = map[bundle.State]string{bundle.Sound: "✓ 通过", bundle.Unsound: "✗ 不符", bundle.Open: "? 未定"}

func printBundle(w io.Writer, r bundle.Report) error {
	zh := 0
	for _, line := range r.Lines {
		zh = max(zh, terminal.StringWidth(line.Zh))
	}
	if _, err := fmt.Fprintf(w, "证据 evidence  %s\n账本 ledger    %s\n\n", r.Evidence, r.Ledger); err != nil {
		return err
	}
	for _, line := range r.Lines {
		_, err := fmt.Fprintf(w, "%s  %s  %s\n", marks[line.State], terminal.FillRight(line.Zh, zh), line.En)
		if err == nil && line.Detail != "" {
			_, err = fmt.Fprintf(w, "        %s\n", line.Detail)
		}
		if err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n", verdict(r))
	return err
}

func verdict(r bundle.Report) string {
	switch {
	case !r.Sound:
		return "核验未通过。/ NOT SOUND."
	case !r.KeyGiven:
		return "包内各项相互一致；但未提供账本公钥，不能证明出自该账本。请从公布处取得公钥，以 --key 再次核验。\n" +
			"Everything in the bundle fits together; but no key of the ledger was given, so it may be anybody's. Get the key where it is published, and check again with --key."
	}
	return "核验通过。/ SOUND."
}
