package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/fieldwarden/fieldwarden/domain/law"
)

// evening: everybody syncs; then every handheld shows exactly what the server holds of the street.
func (d *day) evening(ctx context.Context) error {
	team := []*hand{d.leader, d.first, d.second, d.third}
	const rounds = 2 // what one brings in the first, another gets in the second
	for range rounds {
		for _, h := range append(slices.Clone(team), d.desk) {
			if err := h.Sync(ctx); err != nil {
				return fmt.Errorf("%s: %w", h.who.Account, err)
			}
		}
	}
	d.story.tell("全体", "同步完毕", "everybody has synced")
	for _, h := range team {
		for _, feed := range []string{"unit/" + street, "ref/" + law.District} {
			shown, err := h.seen(ctx, feed)
			if err != nil {
				return err
			}
			unsent, err := h.Unsent(ctx)
			if err != nil {
				return err
			}
			if len(unsent) > 0 {
				shown += fmt.Sprintf("; 未发送 unsent %d", len(unsent))
			}
			d.compare("evening."+h.who.Account+"."+feed, h.who.Name+"的终端与服务器一致（"+feed+"）", h.who.Account+"'s device and the server agree",
				shown, func() (string, error) { return h.feedOnServer(ctx, feed) })
		}
	}
	return nil
}

// audit proves everything stored: chains, signatures, versions, bytes.
func (d *day) audit(ctx context.Context) error {
	d.compare("audit", "操作链、设备签名、版本、账本、文件字节全部核验", "chains, signatures, versions, ledger and bytes are proven",
		"0 个问题 problems", func() (string, error) {
			r, err := d.server.Audit(ctx)
			if err != nil {
				return "", err
			}
			d.story.tell("核验", fmt.Sprintf("%d 台设备，%d 项操作，%d 个版本，%d 个账本条目，%d 个文件", r.Devices, r.Ops, r.Versions, r.Leaves, r.Files),
				fmt.Sprintf("%d devices, %d ops, %d versions, %d leaves of the ledger, %d files", r.Devices, r.Ops, r.Versions, r.Leaves, r.Files))
			held := fmt.Sprintf("%d 个问题 problems", len(r.Problems))
			if len(r.Problems) > 0 {
				held += ": " + r.Problems[0].Where + " " + r.Problems[0].Zh
			}
			return held, nil
		})
	return nil
}

// number reads a count; what is none is 0.
func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func sorted[V any](set map[string]V) []string { return slices.Sorted(maps.Keys(set)) }

func hashOf(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// pageObject is how a PDF marks each page.
var pageObject = regexp.MustCompile(`/Type\s*/Page\b[^s]`)

// pages counts the pages of a PDF by its page objects.
func pages(pdf []byte) int { return len(pageObject.FindAll(pdf, -1)) }
