package render

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// archived are papers of every kind of content: tables, pictures, strokes, a seal, marks, characters of all fonts and of none.
func archived(t testing.TB) map[string]Paper {
	all := samples(t)
	all["letter"], all["photographs"] = letter(3), example(t, "evidence-extraction")
	void := penalty(t)
	void.Instance.State, void.Instance.VoidReason = document.Voided, "姓名<有误>&"
	void.Instance.NumberText += "<&>\x01𬭎"
	void.Instance.Signatures[0].Strokes = written(true).String()
	all["void"] = void
	draft := letter(1)
	draft.Instance.State = document.Draft
	draft.Organ = "😀\n〓"
	all["draft"] = draft
	return all
}

// Every paper is PDF/A-2b as far as we can tell, and a second reader of the form has nothing to say.
func TestPapersAreForTheArchive(t *testing.T) {
	for name, p := range archived(t) {
		file, _ := printed(t, p)
		slip, _ := onRoll(t, p)
		for _, fault := range append(faultsOf(t, file), faultsOf(t, slip)...) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

func TestPapersByQPDF(t *testing.T) {
	program := services.Program(t, "qpdf", "install qpdf, on Debian: apt-get install qpdf")
	for name, p := range archived(t) {
		file, _ := printed(t, p)
		path := filepath.Join(t.TempDir(), "paper.pdf")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(program, "--check", path).CombinedOutput(); err != nil || !strings.Contains(string(out), "No syntax or stream encoding errors") {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

// The reader above sees what it is there to see: a file that is changed in one place has a fault of that clause.
func TestFaultsAreFound(t *testing.T) {
	file, _ := printed(t, archived(t)["void"])
	for clause, change := range map[string][2]string{
		"6.1.2": {"%PDF-1.7\n%\xe5\xae\x98", "%PDF-1.7\n%abc"}, "6.1.3": {"]>>\nstartxref", "]/Encrypt 1 0 R>>\nstartxref"}, "6.1.9": {"00000 n \n0000", "00000 n \n0001"},
		"6.1.7": {"/N 3/Filter/FlateDecode/Length ", "/N 3/Filter/FlateDecode/Length 9"}, "6.1.13": {"[0 0 595.28 841.89]", "[0 0 2.28 841.89]"},
		"6.2.3": {"/GTS_PDFA1/", "/GTS_PDFX1/"}, "6.2.4": {"/DeviceGray", "/DeviceCMYK"}, "6.2.5": {"/ca 0.2", "/TR 1/ca 0.2"}, "6.2.8": {"/BitsPerComponent 8", "/Interpolate true"},
		"6.2.11.2": {"+FieldwardenFang/Encoding", "+FieldwardenFung/Encoding"}, "6.2.11.3": {"/CIDToGIDMap/Identity", "/CIDToGIDMap/Idantity"}, "6.2.11.4": {"/FontFile2", "/FontFile3"},
		"6.2.11.5": {"/W[1[1000 ", "/W[1[1001 "}, "6.5": {"/Lang(zh-CN)", "/OpenAction "}, "6.6.2.1": {"/Metadata ", "/Metadata9 "}, "6.6.3": {"<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">当", "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">市"},
		"6.6.4": {"part>2", "part>1"}, "6.8": {"/Lang(zh-CN)", "/EmbeddedFiles "},
	} {
		if !bytes.Contains(file, []byte(change[0])) {
			t.Errorf("%s: %q is not in the file", clause, change[0])
			continue
		}
		changed := bytes.Replace(file, []byte(change[0]), []byte(change[1]), 1)
		if !slices.ContainsFunc(quiet(t, changed), func(f string) bool { return strings.HasPrefix(f, clause+":") }) {
			t.Errorf("%s: %q → %q is not found: %v", clause, change[0], change[1], quiet(t, changed))
		}
	}
}

// quiet is faultsOf for a file that may be so broken that streams cannot be cut out of it.
func quiet(t *testing.T, file []byte) []string {
	if bytes.Contains(file, []byte("/N 3/Filter/FlateDecode/Length 9")) {
		a := &archive{file: string(file), objects: map[int]string{}}
		a.structure()
		return a.faults
	}
	return faultsOf(t, file)
}
