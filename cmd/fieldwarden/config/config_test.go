package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An empty environment must give a server that runs on the data folder and listens on loopback only.
func TestDefaultsAreSafe(t *testing.T) {
	c, err := From(map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(c.Listen, "127.0.0.1:") || c.PublicURL != "http://"+c.Listen || c.S3.Endpoint != "" {
		t.Errorf("defaults are not local: %+v", c)
	}
	if db, err := c.Database(); err != nil || !strings.HasPrefix(db, "sqlite:///") {
		t.Errorf("Database() = %q, %v", db, err)
	}
}

// Each wrong value is one line that names its variable and never repeats the value, which may be a secret.
func TestAWrongValueNamesItsVariable(t *testing.T) {
	for name, value := range map[string]string{
		"LISTEN": "nowhere-in-particular", "PUBLIC_URL": "ftp://hidden-value", "DISTRICT": "hidden-value", "LOG_LEVEL": "hidden-value",
		"DATABASE_URL": "mysql://hidden-value", "SECRET": "hidden-value", "UPLOAD_TTL": "hidden-value", "NUMBER_TTL": "hidden-value",
		"WORKERS": "hidden-value", "S3_TLS": "hidden-value", "S3_LOCK": "hidden-value", "SHUTDOWN_WAIT": "hidden-value",
	} {
		_, err := From(map[string]string{"FIELDWARDEN_" + name: value})
		if err == nil {
			t.Errorf("%s=%s was taken", name, value)
			continue
		}
		text := err.Error()
		if !strings.Contains(text, "FIELDWARDEN_"+name) || strings.Contains(text, "hidden-value") || strings.Contains(text, "\n") {
			t.Errorf("%s: %q should name the variable, in one line, without the value", name, text)
		}
	}
}

// The nightly reading has hours of its own, perhaps past midnight; every way to say them wrong is told of the variable that is wrong.
func TestTheHoursOfReading(t *testing.T) {
	c, err := From(map[string]string{})
	if from, until := c.Reread.Hours(); err != nil || from != time.Hour || until != 5*time.Hour || c.Reread.Rate != 32 || c.Reread.Nights != 90 {
		t.Errorf("%v to %v, %+v, %v", from, until, c.Reread, err)
	}
	c, err = From(map[string]string{"FIELDWARDEN_REREAD_FROM": "22:30", "FIELDWARDEN_REREAD_UNTIL": "04:15", "FIELDWARDEN_REREAD_RATE": "1", "FIELDWARDEN_REREAD_NIGHTS": "30"})
	if from, until := c.Reread.Hours(); err != nil || from != 22*time.Hour+30*time.Minute || until != 4*time.Hour+15*time.Minute || c.Reread.Rate != 1 || c.Reread.Nights != 30 {
		t.Errorf("%v to %v, %+v, %v", from, until, c.Reread, err)
	}
	for name, values := range map[string][]string{"REREAD_FROM": {"25:00", "1", "01:00:00", "-01:00", "noon"}, "REREAD_UNTIL": {"01:60", "01:00", "5"},
		"REREAD_RATE": {"0", "-1", "fast", "1.5"}, "REREAD_NIGHTS": {"0", "-1", "99999", "many"}} {
		for _, value := range values {
			_, err := From(map[string]string{"FIELDWARDEN_" + name: value})
			if err == nil || !strings.HasPrefix(err.Error(), "FIELDWARDEN_"+name+" ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
	}
}

func TestASecretComesFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(path, []byte("postgres://u:p@h/d\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := From(map[string]string{"FIELDWARDEN_DATABASE_URL_FILE": path})
	if err != nil || c.DatabaseURL != "postgres://u:p@h/d" {
		t.Errorf("got %q, %v", c.DatabaseURL, err)
	}
	_, err = From(map[string]string{"FIELDWARDEN_DATABASE_URL_FILE": path, "FIELDWARDEN_DATABASE_URL": "postgres://x"})
	if err == nil || strings.Contains(err.Error(), "postgres://") {
		t.Errorf("both ways at once: %v", err)
	}
}

// The master secret is made once, private to its owner, and found again; damage is told, never papered over by a new one.
func TestMasterIsMadeOnceAndKept(t *testing.T) {
	c := Config{Data: filepath.Join(t.TempDir(), "data")}
	first, err := c.Master()
	if err != nil || len(first) != 32 {
		t.Fatalf("Master() = %d bytes, %v", len(first), err)
	}
	if again, err := c.Master(); err != nil || !bytes.Equal(first, again) {
		t.Errorf("the second call gave another secret (%v)", err)
	}
	path := filepath.Join(c.Data, "secret")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Master(); err == nil {
		t.Error("a damaged secret was replaced silently")
	}
}

func TestDerivedKeysDiffer(t *testing.T) {
	a, _ := Derive(make([]byte, 32), "cursor")
	b, _ := Derive(make([]byte, 32), "keys")
	if len(a) != 32 || bytes.Equal(a, b) {
		t.Error("keys for two purposes must be 32 bytes and differ")
	}
}
