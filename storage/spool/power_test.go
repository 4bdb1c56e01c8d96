package spool_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/storage/spool"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// joinRoot makes this test binary be the process that joins two parts and is traced.
const joinRoot = "SPOOL_TEST_JOIN_ROOT"

func joinIn(root string) {
	f, err := spool.Open(root)
	ids := make([]string, 3)
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7()).String()
	}
	for _, id := range ids[:2] {
		if err == nil {
			err = f.Create(context.Background(), id)
		}
		if err == nil {
			_, err = f.Append(context.Background(), id, 0, bytes.NewReader(stream(0, 5000)))
		}
	}
	if err == nil {
		_, err = f.Join(context.Background(), ids[2], ids[:2])
	}
	fmt.Println("joined")
	for _, id := range ids[:2] {
		if err == nil {
			err = f.Remove(context.Background(), id)
		}
	}
	if err != nil {
		panic(err)
	}
	os.Exit(0)
}

// TestPowerLossOfAJoin looks at what a join asks of the kernel: the links are on the disk before the folder gets its name, and the name is before anybody
// hears of the join, and so before the parts lose theirs. Else a power cut could leave neither the parts nor what they were joined to.
func TestPowerLossOfAJoin(t *testing.T) {
	strace := services.Program(t, "strace", "deploy/tools/install.sh installs it")
	if out, err := exec.Command(strace, "-f", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		services.Missing(t, "strace", fmt.Sprintf("this machine does not let it trace: %s", out))
	}
	root, trace := t.TempDir(), filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, "-f", "-y", "-o", trace, "-e", "trace=linkat,rename,renameat,renameat2,fsync,write,unlink,unlinkat", os.Args[0])
	cmd.Env = append(os.Environ(), joinRoot+"="+root)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	got := joinSteps(string(text))
	want := []string{"link", "link", "sync of the links", "name", "sync of the name", "told", "part goes", "sync of the name", "part goes", "sync of the name"}
	if !slices.Equal(got, want) {
		t.Errorf("a join is %q, want %q", got, want)
	}
}

// joinSteps names what a trace shows of a join, in its order. A call that is interrupted by another thread's counts where it returns.
func joinSteps(trace string) (steps []string) {
	const part = `receiving/[0-9a-f-]{36}`
	patterns := []struct {
		step    string
		pattern *regexp.Regexp
	}{
		{"link", regexp.MustCompile(`linkat\(.*/` + part + `".*/000\d"`)},
		{"sync of the name", regexp.MustCompile(`fsync\(\d+<[^>]*/receiving>\)`)},
		{"sync of the links", regexp.MustCompile(`fsync\(\d+<[^>]*/joining/[0-9a-f-]{36}>\)`)},
		{"name", regexp.MustCompile(`rename.*/` + part + `"`)},
		{"told", regexp.MustCompile(`write\(1<.*joined`)},
		{"part goes", regexp.MustCompile(`unlink.*/` + part + `"`)},
	}
	unfinished := map[string]string{}
	for line := range strings.Lines(trace) {
		thread, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if begun, cut := strings.CutSuffix(call, "<unfinished ...>"); cut {
			unfinished[thread] = begun
			continue
		}
		if _, rest, resumed := strings.Cut(call, "resumed>"); resumed {
			call = strings.TrimSpace(unfinished[thread]) + rest
		}
		for _, p := range patterns {
			if p.pattern.MatchString(call) && !strings.Contains(call, "= -1 ") {
				steps = append(steps, p.step)
				break
			}
		}
	}
	return steps[max(0, slices.Index(steps, "link")):] // before are the parts
}
