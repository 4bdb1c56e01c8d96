package ffmpeg

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// needed are the system calls that the sandbox alone needs: what is let through for it must be just these.
var needed = []string{"capset", "mount", "pivot_root", "umount2"}

// tolerated are asked for by libraries that take no for an answer.
var tolerated = map[string]bool{"set_mempolicy": true}

// The unit of systemd and the profile of the image let through what the sandbox does, traced as it makes each kind of copy, and of what only it needs nothing
// else: so that nobody deploys a server that cannot make copies, or gives more than they take.
func TestWhatIsDeployedLetsTheSandboxRun(t *testing.T) {
	strace := services.Program(t, "strace", "deploy/tools/install.sh installs it")
	services.Program(t, "ffmpeg", "deploy/tools/install.sh installs it")
	services.Program(t, "systemd-analyze", "it says what its sets hold, and comes with systemd")
	trace := filepath.Join(t.TempDir(), "trace")
	run := exec.Command(strace, "-f", "-qq", "-s", "80", "-o", trace, os.Args[0], "-test.run", "^Test(Pictures|PlayableBeginsWithItsIndex|Redaction)$")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	calls := inSandbox(t, trace)
	settings := unit(t)
	allowed := filtered(t, settings["SystemCallFilter"])
	var profile struct {
		DefaultAction string
		Syscalls      []struct {
			Action string
			Names  []string
		}
	}
	text, err := os.ReadFile(filepath.FromSlash("../../deploy/compose/seccomp.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &profile); err != nil || profile.DefaultAction != "SCMP_ACT_ERRNO" || len(profile.Syscalls) != 1 || profile.Syscalls[0].Action != "SCMP_ACT_ALLOW" {
		t.Fatalf("the profile is %+v, %v", profile, err)
	}
	for name, let := range map[string]map[string]bool{"the unit": allowed, "the profile": setOf(profile.Syscalls[0].Names)} {
		for _, call := range slices.Sorted(maps.Keys(calls)) {
			if !let[call] && !tolerated[call] {
				t.Errorf("%s does not let %s through, which %s does", name, call, calls[call])
			}
		}
		for call := range sets(t, "@mount", "@privileged") {
			if let[call] && !slices.Contains(needed, call) {
				t.Errorf("%s lets %s through, which nothing needs", name, call)
			}
		}
		for _, call := range []string{"bpf", "ptrace", "kexec_load", "init_module", "add_key", "keyctl", "perf_event_open", "process_vm_readv", "open_by_handle_at"} {
			if name == "the profile" && let[call] {
				t.Errorf("the profile lets %s through", call)
			}
		}
	}
	for _, call := range needed {
		if calls[call] == "" {
			t.Errorf("the sandbox does not need %s any more", call)
		}
	}
	if calls["sethostname"] != "" && slices.Contains(settings["ProtectHostname"], "yes") {
		t.Error("the unit keeps host names as they are, and the sandbox sets one")
	}
	wantsWords(t, "RestrictNamespaces", settings, namespaces(t, trace))
	wantsWords(t, "RestrictAddressFamilies", settings, []string{"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"})
	if slices.Contains(settings["ProcSubset"], "pid") {
		t.Error("the sandbox reads /proc/sys/kernel/overflowuid, and the unit hides it")
	}
}

// wantsWords: a setting has just these words.
func wantsWords(t *testing.T, name string, settings map[string][]string, want []string) {
	t.Helper()
	got := strings.Fields(strings.Join(settings[name], " "))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

// unit reads the settings of the unit; a name that stands more than once has more than one.
func unit(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash("../../deploy/systemd/fieldwarden.service"))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			settings[name] = append(settings[name], value)
		}
	}
	return settings
}

// filtered is what lines of SystemCallFilter let through, in their order.
func filtered(t *testing.T, lines []string) map[string]bool {
	let := sets(t, "@default")
	for _, line := range lines {
		names, taken := strings.CutPrefix(line, "~")
		for name := range sets(t, strings.Fields(names)...) {
			if let[name] = !taken; taken {
				delete(let, name)
			}
		}
	}
	return let
}

// sets are system calls, and those of the sets that systemd has names for.
func sets(t *testing.T, names ...string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, name := range names {
		if !strings.HasPrefix(name, "@") {
			all[name] = true
			continue
		}
		out, err := exec.Command("systemd-analyze", "--no-pager", "syscall-filter", name).Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for line := range strings.Lines(string(out)) {
			if word := strings.TrimSpace(line); word != "" && word != name && !strings.HasPrefix(word, "#") {
				maps.Copy(all, sets(t, word))
			}
		}
	}
	return all
}

func setOf(names []string) map[string]bool {
	set := map[string]bool{}
	for _, name := range names {
		set[name] = true
	}
	return set
}

var (
	called  = regexp.MustCompile(`^(\d+) +(\w+)\(`)
	program = regexp.MustCompile(`^\d+ +execve\("([^"]+)"`)
	born    = regexp.MustCompile(`^(\d+) +.*\b(?:clone3?|v?fork)\b.* = (\d+)$`)
	spaces  = regexp.MustCompile(`CLONE_NEW([A-Z]+)`)
)

// lines calls fn for each line of a trace.
func lines(t *testing.T, trace string, fn func(line string)) {
	t.Helper()
	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		fn(scanner.Text())
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
}

// inSandbox are the system calls that bubblewrap and what runs under it have made, each with one of the programs that did.
func inSandbox(t *testing.T, trace string) map[string]string {
	t.Helper()
	runs, calls := map[string]string{}, map[string]string{}
	lines(t, trace, func(line string) {
		if m := born.FindStringSubmatch(line); m != nil && runs[m[2]] == "" {
			runs[m[2]] = runs[m[1]]
		}
		m := called.FindStringSubmatch(line)
		if m == nil {
			return
		}
		if p := program.FindStringSubmatch(line); p != nil {
			runs[m[1]] = p[1]
		}
		if strings.HasPrefix(runs[m[1]], "/usr/bin/") {
			calls[m[2]] = runs[m[1]]
		}
	})
	if len(calls) < 20 {
		t.Fatalf("the trace has only %v", calls)
	}
	return calls
}

// namespaces are the kinds of name spaces that the sandbox makes, as systemd calls them.
func namespaces(t *testing.T, trace string) []string {
	t.Helper()
	names := map[string]string{"NS": "mnt", "CGROUP": "cgroup", "UTS": "uts", "IPC": "ipc", "USER": "user", "PID": "pid", "NET": "net", "TIME": "time"}
	found := map[string]bool{}
	lines(t, trace, func(line string) {
		for _, m := range spaces.FindAllStringSubmatch(line, -1) {
			found[names[m[1]]] = true
		}
	})
	return slices.Sorted(maps.Keys(found))
}
