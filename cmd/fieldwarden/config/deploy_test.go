package config

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// A variable that the program does not read is set in vain, and nobody is told.
func TestWhatIsDeployedSetsVariablesThatThereAre(t *testing.T) {
	known := []string{"FIELDWARDEN_HOST"} // compose's own, and the proxy's
	for _, v := range Variables() {
		known = append(known, v.Name, v.Name+"_FILE")
	}
	name, seen := regexp.MustCompile(`FIELDWARDEN_[A-Z0-9_]*[A-Z0-9]`), 0
	for _, file := range []string{"README.md", "deploy/compose/compose.yaml", "deploy/compose/Dockerfile", "deploy/compose/Caddyfile", "deploy/systemd/fieldwarden.service"} {
		text, err := os.ReadFile(filepath.Join("../../..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range name.FindAllString(string(text), -1) {
			if seen++; !slices.Contains(known, found) && found != "FIELDWARDEN_S3" { // FIELDWARDEN_S3_* in prose
				t.Errorf("%s sets %s, which nothing reads", file, found)
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d variables are found in what is deployed", seen)
	}
}

// Each secret that compose gives to a program is one that secrets.sh makes.
func TestSecretsOfComposeAreMade(t *testing.T) {
	compose, script := deployed(t, "compose/compose.yaml"), deployed(t, "compose/secrets.sh")
	files := regexp.MustCompile(`(?m)^  ([a-z0-9-]+): \{file: \./secrets/([a-z0-9-]+)\}$`).FindAllStringSubmatch(compose, -1)
	if len(files) < 5 {
		t.Fatalf("%d secrets", len(files))
	}
	for _, f := range files {
		if f[1] != f[2] || !strings.Contains(script, "make_secret "+f[2]+" ") {
			t.Errorf("the secret %s is not made", f[1])
		}
	}
	for _, used := range regexp.MustCompile(`/run/secrets/([a-z0-9-]+)`).FindAllStringSubmatch(compose, -1) {
		if !slices.ContainsFunc(files, func(f []string) bool { return f[1] == used[1] }) {
			t.Errorf("%s is no secret", used[0])
		}
	}
}

// Behind the proxy every request comes from one address: who is limited by it must be whom the proxy names.
func TestComposeTrustsItsProxy(t *testing.T) {
	compose := deployed(t, "compose/compose.yaml")
	trusted := regexp.MustCompile(`FIELDWARDEN_TRUSTED_PROXY: (\S+)`).FindStringSubmatch(compose)
	address := regexp.MustCompile(`ipv4_address: ([0-9.]+)`).FindStringSubmatch(compose)
	if trusted == nil || address == nil || trusted[1] != address[1] {
		t.Errorf("the server trusts %v, and the proxy is at %v", trusted, address)
	}
}

// systemd takes a setting that it does not know for none, and says so to nobody who does not ask.
func TestSystemdReadsTheUnit(t *testing.T) {
	analyze := services.Program(t, "systemd-analyze", "it comes with systemd")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "fieldwarden.service")
	text := strings.Replace(deployed(t, "systemd/fieldwarden.service"), "/usr/local/bin/fieldwarden", program, 1)
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "--man=no", "verify", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

func deployed(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../deploy", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Administration by admin.sh is the service's user on the service's folder: another name for either would make files that the service cannot use.
func TestAdministrationIsTheService(t *testing.T) {
	unit, script := deployed(t, "systemd/fieldwarden.service"), deployed(t, "systemd/admin.sh")
	for _, setting := range []string{"DynamicUser", "StateDirectory", "StateDirectoryMode", "UMask", "EnvironmentFile"} {
		said := regexp.MustCompile(`(?m)^` + setting + `=(.*)$`).FindStringSubmatch(unit)
		if said == nil || !strings.Contains(script, "--property="+setting+"="+said[1]+" ") {
			t.Errorf("%s is %v for the service, and not for its administration", setting, said)
		}
	}
	for _, same := range []string{"FIELDWARDEN_DATA=/var/lib/fieldwarden", "/usr/local/bin/fieldwarden "} {
		if !strings.Contains(unit, same) || !strings.Contains(script, same) {
			t.Errorf("not in both: %s", same)
		}
	}
	if !strings.Contains(script, "--property=User=fieldwarden ") { // the name of a dynamic user is that of its unit
		t.Error("another user's")
	}
}
