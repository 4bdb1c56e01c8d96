// Package ffmpeg makes derivatives of recordings by ffmpeg in a sandbox of bubblewrap: it implements derive.Maker.
//
// Recordings come from outside, and a decoder is a large program written in C. So it runs in name spaces of its own without a network; it
// sees the system's programs, the one file, read only, and one empty folder; the demuxer is named, so that a playlist which poses as a video
// is not followed; sizes are looked at before anything is decoded; and time, memory, processes and what is written have bounds. Without
// bubblewrap nothing is made.
//
// It must not know records, or who asks for what.
package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Limits bounds what one derivative may take.
type Limits struct {
	Octets   int64         // of the original
	Pixels   int64         // of one picture of it
	Duration time.Duration // of what is decoded whole
	Quick    time.Duration // wall clock, for what looks at one moment
	Slow     time.Duration // wall clock, for what goes through all of it
	Memory   int64         // octets of address space
	Written  int64         // octets of the file that is made
}

// usual are the limits where none are given.
var usual = Limits{Octets: 16 << 30, Pixels: 120_000_000, Duration: 6 * time.Hour, Quick: time.Minute, Slow: time.Hour, Memory: 3 << 30, Written: 8 << 30}

// Where the programs are. Inside the sandbox there is nothing but /usr, so they must be there.
const (
	bwrap   = "/usr/bin/bwrap"
	prlimit = "/usr/bin/prlimit"
	ffmpeg  = "/usr/bin/ffmpeg"
	ffprobe = "/usr/bin/ffprobe"
)

// sandbox runs one program on one file.
type sandbox struct {
	in   string            // the file, shown as /in/media; "" none
	more map[string]string // other files, by their names below /in
	out  string            // the folder shown as /out; "" none
	Limits
}

// ErrMissing means that a program is not installed. Any other error of [Open] is that it does not run in the sandbox.
var ErrMissing = errors.New("the program is not installed")

// errSlow means that a program was stopped because its time was over.
var errSlow = errors.New("out of time")

// run runs a program and returns what it printed. Its own failure is an error with what it said, at most a line of it.
func (s sandbox) run(ctx context.Context, wall time.Duration, program string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, wall, errSlow)
	defer cancel()
	c := exec.CommandContext(ctx, bwrap, append(s.wrap(wall, program), args...)...)
	said, printed := &short{}, &short{}
	c.Stdout, c.Stderr, c.Env = printed, said, []string{}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) } // the name space of processes ends with its first one
	c.WaitDelay = 5 * time.Second
	runtime.LockOSThread() // the sandbox ends with the thread that began it, and so with the server, however that ends
	defer runtime.UnlockOSThread()
	err := c.Run()
	switch {
	case err == nil:
		return printed.Bytes(), nil
	case errors.Is(context.Cause(ctx), errSlow):
		return nil, fault.New(fault.DeriveOutOfTime)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("%s: %w: %s", filepath.Base(program), err, said.line())
}

// wrap is the command up to the program's own arguments.
func (s sandbox) wrap(wall time.Duration, program string) []string {
	args := []string{"--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv", "--setenv", "PATH", "/usr/bin",
		"--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin",
		"--ro-bind-try", "/etc/alternatives", "/etc/alternatives", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--dev", "/dev",
		"--size", "67108864", "--tmpfs", "/tmp", "--dir", "/in"}
	if s.in != "" {
		args = append(args, "--ro-bind", s.in, "/in/media")
	}
	for name, path := range s.more {
		args = append(args, "--ro-bind", path, "/in/"+name)
	}
	if s.out != "" {
		args = append(args, "--bind", s.out, "/out", "--chdir", "/out")
	}
	n := func(n int64) string { return strconv.FormatInt(n, 10) }
	return append(args, "--", prlimit, "--cpu="+n(int64(2*wall/time.Second)+1), "--as="+n(s.Memory), "--fsize="+n(s.Written), "--nproc=64",
		"--nofile=64", "--core=0", "--", program)
}

// short keeps the beginning of what a program says: it may say a lot.
type short struct{ bytes.Buffer }

const shortOctets = 64 << 10

func (s *short) Write(p []byte) (int, error) {
	s.Buffer.Write(p[:min(len(p), shortOctets-s.Len())])
	return len(p), nil
}

// line is the first line of it, printable.
func (s *short) line() string {
	text, _, _ := strings.Cut(strings.TrimSpace(s.String()), "\n")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return -1
		}
		return r
	}, text[:min(len(text), 300)])
}

// version is the first line that a program says of itself, run in the sandbox: proof that it runs there.
func version(ctx context.Context, program string) (string, error) {
	for _, needed := range []string{bwrap, prlimit, program} {
		if _, err := os.Stat(needed); err != nil {
			return "", fmt.Errorf("%s: %w", needed, ErrMissing)
		}
	}
	printed, err := sandbox{Limits: usual}.run(ctx, 30*time.Second, program, "-hide_banner", "-version")
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(printed), "\n")
	line, _, _ = strings.Cut(strings.TrimPrefix(line, filepath.Base(program)+" version "), " ")
	return line, nil
}
