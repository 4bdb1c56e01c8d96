package killed

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// TestPowerLoss looks at what the real server asks of the kernel while a recording is brought: every offset that it tells is preceded by an
// fsync of that file that covers it, and the file by fsyncs of its folders. What was only written a power cut may take.
func TestPowerLoss(t *testing.T) {
	lines := traced(t)
	told, faults := powerFaults(lines)
	for _, f := range faults {
		t.Error(f)
	}
	if told < 5 {
		t.Errorf("%d offsets were told in %d lines", told, len(lines))
	}
	t.Logf("%d offsets were told, each durable before", told)
	// The same trace without its fsyncs must be found wanting.
	for name, leaveOut := range map[string]func(line string) bool{
		"of files":   func(line string) bool { return strings.Contains(line, "/spool/receiving/") },
		"of folders": func(line string) bool { return strings.Contains(line, "/spool/receiving>") },
	} {
		var without []string
		for _, line := range lines {
			if !strings.Contains(line, "fsync(") || !leaveOut(line) {
				without = append(without, line)
			}
		}
		if _, faults := powerFaults(without); len(faults) == 0 {
			t.Errorf("without the fsyncs %s nobody would notice", name)
		}
	}
}

// traced brings a recording of 3 MiB in chunks to a server under strace, and returns what that has written.
func traced(t *testing.T) []string {
	t.Helper()
	strace := services.Program(t, "strace", "deploy/tools/install.sh installs it")
	if out, err := exec.Command(strace, "-f", "--seccomp-bpf", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		services.Missing(t, "strace", fmt.Sprintf("this machine does not let it trace: %s", out))
	}
	h := newHost(t, "")
	trace := filepath.Join(t.TempDir(), "trace")
	// -D: the server is our child and strace its own; -y: descriptors with their paths.
	h.under = []string{strace, "-D", "-f", "--seccomp-bpf", "-y", "-s", "600", "-o", trace, "-e", "trace=openat,write,pwrite64,fsync,fdatasync,ftruncate"}
	d := h.handhelds(1, func() http.RoundTripper { return http.DefaultTransport })[0]
	recorded(t, d, 3<<20)
	if err := untilFreed(d); err != nil {
		t.Fatal(err)
	}
	h.kill()
	for range 200 {
		text, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(string(text), "+++ killed by SIGKILL +++\n") {
			return strings.Split(string(text), "\n")
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("strace does not end")
	return nil
}
