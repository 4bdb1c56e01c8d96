package hostile

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// request is what somebody hostile sends.
type request struct {
	method, path string
	body         []byte
	reads        bool // even a good one writes nothing
}

const (
	maxAsked = 1500 // requests of one device before its limits are reached, for the clock stands
	maxWrote = 50   // writes before the world is renewed, so that what is found can be found again
)

// try sends a request and fails the test when the answer is a 5xx, when what is refused has written, or when a refusal says too
// little. A panic of the server is a 500.
func (w *world) try(in request) reply {
	w.Helper()
	if w.asked >= maxAsked || w.wrote >= maxWrote {
		w.renew()
	}
	w.asked++
	out := w.ask(w.officer, in.method, in.path, in.body)
	wrote := w.witness.changed(w)
	if out.status == 409 && w.forked(out.body) {
		w.wrote = maxWrote // what contradicts itself is kept beside the chain, and the device is set aside: begin anew
		return out
	}
	switch {
	case out.status >= 500:
		w.Fatalf("%s answers %d %s%s", in, out.status, out.body, w.story())
	case wrote && (out.status != 200 || in.reads):
		w.Fatalf("%s answers %d, and something was written: %s%s", in, out.status, out.body, w.story())
	case out.status >= 400:
		var p struct{ Code, Title, TitleEn string }
		if err := json.Unmarshal(out.body, &p, json.MatchCaseInsensitiveNames(true)); err != nil || p.Code == "" || p.Title == "" || p.TitleEn == "" {
			w.Fatalf("%s is refused by %s (%v)", in, out.body, err)
		}
	}
	if wrote {
		w.wrote++
		w.past = append(w.past, bytes.Clone(in.body))
	}
	return out
}

// forked reports whether a refusal says that ops with a good signature contradict those that are there: they are kept, as they must be. A chain can
// also be broken within a push, or under a signature that is none: then nothing may be kept.
func (w *world) forked(body []byte) bool {
	var p struct{ Code fault.Code }
	w.into(body, &p)
	return p.Code == fault.ReplayDiffers || p.Code == fault.DeviceSetAside || p.Code == fault.ChainBroken && w.witness.forks(w) > 0
}

func (r request) String() string { return fmt.Sprintf("%s %s %q", r.method, r.path, r.body) }

// story is what was taken before, if that may matter.
func (w *world) story() string {
	if len(w.past) == 0 {
		return ""
	}
	return fmt.Sprintf("\ntaken before, since the world was new:\n%s", bytes.Join(w.past, []byte("\n")))
}

// filled puts what differs from world to world in the place of its names, which corpora have.
func (w *world) filled(text []byte) []byte {
	return []byte(strings.NewReplacer("@cursor", w.cursor, "@foreign", w.foreign, "@lost", w.lost, "@checkpoint", w.checkpoint,
		"@mark", strconv.FormatInt(w.mark, 10), "@id", w.newID()).Replace(string(text)))
}

// sealed makes a push of somebody's device out of the text of a list of ops: it brings the ops into the chain, adds what they
// lack, and signs. What is no list, or no op, stays as it is, so that a good signature lies over bad text. It returns how many ops there are.
func (w *world) sealed(p *person, text []byte) (body []byte, n int) {
	w.Helper()
	var ops []jsontext.Value
	if err := json.Unmarshal(text, &ops, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		ops = []jsontext.Value{text}
	}
	head := w.head
	for i, op := range ops {
		ops[i] = w.chained(p, op, w.seq+uint64(i)+1, head)
		head = fmt.Sprintf("%x", sha256.Sum256(ops[i]))
		if opened, err := wire.Open(bytes.Clone(ops[i])); err == nil {
			head = opened.Hash
		}
	}
	signature, err := wire.Sign(p.key, wire.SigningInput(p.device, head))
	w.must(err)
	texts := make([][]byte, len(ops))
	for i, op := range ops {
		texts[i] = op
	}
	body = fmt.Appendf(nil, `{"device":"%s","ops":[%s],"head":"%s","signature":"%s"}`, p.device, bytes.Join(texts, []byte(",")), head, signature)
	w.seq, w.head = w.seq+uint64(len(ops)), head
	return body, len(ops)
}

// chained adds to the text of an op what it does not say itself.
func (w *world) chained(p *person, op []byte, seq uint64, prev string) []byte {
	rest, object := bytes.CutPrefix(bytes.TrimLeft(op, " \t\r\n"), []byte("{"))
	if !object {
		return op
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for _, member := range []struct{ name, value string }{
		{"id", strconv.Quote(w.newID())}, {"seq", strconv.FormatUint(seq, 10)}, {"base", "0"}, {"occurredAt", `"2026-11-25T01:59:00Z"`},
		{"clock", `{"boot":"b","monotonicMs":1}`}, {"author", strconv.Quote(p.officer)}, {"schema", "1"}, {"prev", strconv.Quote(prev)}} {
		if !bytes.Contains(op, []byte(`"`+member.name+`"`)) {
			fmt.Fprintf(&b, "%q:%s,", member.name, member.value)
		}
	}
	if bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("}")) {
		b.Truncate(max(1, b.Len()-1)) // nothing follows
	}
	return append(b.Bytes(), rest...)
}
