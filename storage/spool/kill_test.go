package spool_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/storage/spool"
)

// childRoot makes this test binary be the process that is killed.
const childRoot = "SPOOL_TEST_CHILD_ROOT"

func TestMain(m *testing.M) {
	if root := os.Getenv(joinRoot); root != "" {
		joinIn(root)
	}
	if root := os.Getenv(childRoot); root != "" {
		child(root, os.Getenv("SPOOL_TEST_CHILD_ID"))
	}
	os.Exit(m.Run())
}

// child appends chunks for ever and tells each offset once it is acknowledged.
func child(root, id string) {
	f, err := spool.Open(root)
	if err != nil {
		panic(err)
	}
	for offset := int64(0); ; {
		n := 1 + rand.Int64N(50_000)
		if offset, err = f.Append(context.Background(), id, offset, bytes.NewReader(stream(offset, n))); err != nil {
			panic(err)
		}
		fmt.Println(offset)
	}
}

// stream is n bytes of an endless stream that looks different everywhere.
func stream(from, n int64) []byte {
	out := make([]byte, n)
	for i := range out {
		at := from + int64(i)
		out[i] = byte(at ^ at>>8 ^ at>>16*31)
	}
	return out
}

// TestKill kills a process in the middle of its appends, again and again: what it acknowledged is there, and what is there is
// what it was sent.
func TestKill(t *testing.T) {
	for range 5 {
		root, id := t.TempDir(), uuid.Must(uuid.NewV7()).String()
		if err := open(t, root).Create(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		acknowledged := killed(t, root, id)
		f := open(t, root)
		offset, err := f.Offset(context.Background(), id)
		if err != nil || offset < acknowledged {
			t.Fatalf("offset %d after %d was acknowledged: %v", offset, acknowledged, err)
		}
		file, err := f.Open(context.Background(), id, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(file)
		file.Close()
		if err != nil || !bytes.Equal(got, stream(0, offset)) {
			t.Fatalf("%d bytes, of an offset of %d, are not what was sent: %v", len(got), offset, err)
		}
	}
}

// killed runs the child until it has acknowledged a few chunks, kills it, and returns the last offset it told.
func killed(t *testing.T, root, id string) int64 {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRoot+"="+root, "SPOOL_TEST_CHILD_ID="+id)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, last := bufio.NewScanner(out), int64(0)
	for n := 0; lines.Scan(); n++ {
		if last, err = strconv.ParseInt(strings.TrimSpace(lines.Text()), 10, 64); err != nil {
			t.Errorf("the child says %q", lines.Text())
		}
		if n == 5+rand.IntN(20) || n == 30 {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	return last
}
