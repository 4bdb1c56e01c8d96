package ledger_test

import (
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/ledger"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// openSSL is an authority by others' hands: OpenSSL, with a root, an intermediate and its own certificate in a folder.
type openSSL struct {
	t      *testing.T
	folder string
}

func newOpenSSL(t *testing.T, key, digest string) *openSSL {
	t.Helper()
	o := &openSSL{t, t.TempDir()}
	o.file("ca.ext", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
	o.file("tsa.ext", "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n")
	o.file("tsa.cnf", "[tsa]\ndefault_tsa=here\n[here]\nserial=serial\nsigner_cert=tsa.pem\ncerts=between.pem\nsigner_key=tsa.key\nsigner_digest="+digest+
		"\ndefault_policy=1.2.3.4.1\ndigests=sha256\naccuracy=secs:1\ntsa_name=yes\ness_cert_id_chain=yes\ness_cert_id_alg=sha256\n")
	for _, c := range []struct{ name, by, ext string }{{"root", "", "ca"}, {"between", "root", "ca"}, {"tsa", "between", "tsa"}} {
		o.run("genpkey", "-out", c.name+".key", "-algorithm", key, "-pkeyopt", map[string]string{"RSA": "rsa_keygen_bits:2048", "EC": "ec_paramgen_curve:P-256"}[key])
		o.run("req", "-new", "-key", c.name+".key", "-subj", "/CN=Test "+c.name, "-out", c.name+".csr")
		by := []string{"-signkey", c.name + ".key"}
		if c.by != "" {
			by = []string{"-CA", c.by + ".pem", "-CAkey", c.by + ".key", "-CAcreateserial"}
		}
		o.run(append([]string{"x509", "-req", "-in", c.name + ".csr", "-days", "2", "-extfile", c.ext + ".ext", "-out", c.name + ".pem"}, by...)...)
	}
	return o
}

func (o *openSSL) file(name, text string) {
	o.t.Helper()
	must(o.t, os.WriteFile(filepath.Join(o.folder, name), []byte(text), 0o600))
}

func (o *openSSL) read(name string) []byte {
	o.t.Helper()
	data, err := os.ReadFile(filepath.Join(o.folder, name))
	must(o.t, err)
	return data
}

func (o *openSSL) run(args ...string) {
	o.t.Helper()
	cmd := exec.Command(services.Program(o.t, "openssl", "install OpenSSL, on Debian: apt-get install openssl"), args...)
	cmd.Dir = o.folder
	if out, err := cmd.CombinedOutput(); err != nil {
		o.t.Fatalf("openssl %q: %v\n%s", args, err, out)
	}
}

func (o *openSSL) answer(request []byte) []byte {
	o.t.Helper()
	o.file("query.tsq", string(request))
	o.run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr")
	return o.read("reply.tsr")
}

// An authority that runs OpenSSL understands what it is asked and is understood, whatever its keys and digests; and whoever has the checkpoint and the token
// needs nothing of ours to check the one by the other.
func TestStampsOfOpenSSL(t *testing.T) {
	c := (&stored{}).grow(t, []byte("a"))
	request, err := ledger.StampRequest(c)
	must(t, err)
	for _, of := range []struct{ key, digest string }{{"RSA", "sha256"}, {"RSA", "sha512"}, {"EC", "sha256"}} {
		t.Run(of.key+" "+of.digest, func(t *testing.T) {
			o := newOpenSSL(t, of.key, of.digest)
			token, s, err := ledger.CheckStampResponse(o.answer(request), c)
			if err != nil || time.Since(s.At).Abs() > time.Minute || s.Authority != "CN=Test tsa" {
				t.Fatalf("%+v, %v", s, err)
			}
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(o.read("root.pem"))
			if s, err := ledger.CheckStamp(token, c, roots); err != nil || !s.Rooted {
				t.Errorf("under its root, by way of the intermediate: %+v, %v", s, err)
			}
			o.file("checkpoint", c.Text())
			o.file("stamp.tst", string(token))
			o.run("ts", "-verify", "-data", "checkpoint", "-in", "stamp.tst", "-token_in", "-CAfile", "root.pem")
		})
	}
}

// What an authority refuses is no stamp.
func TestARefusalIsNoStamp(t *testing.T) {
	c := (&stored{}).grow(t, []byte("a"))
	request, err := ledger.StampRequest(c)
	must(t, err)
	o := newOpenSSL(t, "EC", "sha256")
	o.file("tsa.cnf", "[tsa]\ndefault_tsa=here\n[here]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha512\n")
	if token, s, err := ledger.CheckStampResponse(o.answer(request), c); err == nil || len(token) > 0 || !s.At.IsZero() {
		t.Errorf("%d octets, %+v, %v", len(token), s, err)
	}
}
