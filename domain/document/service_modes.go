package document

import (
	_ "embed" // the tables
	"fmt"
	"slices"
	"strconv"
	"time"
)

// The modes of serving a paper (送达), as a receipt's field "mode" names them.
const (
	ServedDirectly   = "direct"     // 直接送达
	ServedByLeaving  = "left"       // 留置送达
	ServedOnline     = "electronic" // 电子送达
	ServedByOthers   = "entrusted"  // 委托送达
	ServedByMail     = "mail"       // 邮寄送达
	ServedByTransfer = "transfer"   // 转交送达
	ServedInPublic   = "announced"  // 公告送达
)

// What tells the day of service.
const (
	datedBySignature   = "signature" // the receiver's signature
	datedByClaim       = "claimed"   // the receipt's "servedAt": when the paper was left, or arrived in the receiver's system
	datedBySlip        = "slip"      // the slip that came back: "slipOn"
	datedByPublication = "published" // so many days after "publishedOn"
)

// Mode is a way of serving papers while it was the law: a row of service.csv.
type Mode struct {
	Key, Name string
	Dated
	By        string // what tells the day of service
	N         int    // so many of Unit later a paper counts as served; 0: on the day itself
	Unit      PeriodUnit
	Basis     string
	Confirmed bool // read in the law's text
}

// Proof is what must be there for a mode of service to count: a row of service_proofs.csv.
type Proof struct {
	Mode, Proof string
	Basis       string
	Confirmed   bool
}

//go:embed service.csv
var modesText []byte

//go:embed service_proofs.csv
var proofsText []byte

var (
	modes  = must(ReadModes(modesText))
	proofs []Proof
)

// init breaks the circle between the table and the tests of proofs, which ask it.
func init() { proofs = must(ReadProofs(proofsText)) }

// Modes lists the modes of service in the order of the table.
func Modes() []Mode { return slices.Clone(modes) }

// ModeOn finds a mode as it is the law on a day.
func ModeOn(key string, on time.Time) (Mode, bool) {
	i := slices.IndexFunc(modes, func(m Mode) bool { return m.Key == key && m.inForce(beijingDay(on)) })
	if i < 0 {
		return Mode{}, false
	}
	return modes[i], true
}

// ReadModes reads a table of modes: CSV by RFC 4180 with the head mode,name,from,to,dated,n,unit,basis,confirmed. The rows of a mode
// follow each other day by day, are dated by the same thing, and the last is in force until further notice. Or it says in which row something is
// wrong.
func ReadModes(text []byte) ([]Mode, error) {
	var all []Mode
	last, by := succession{}, map[string]string{}
	err := eachRow(text, "mode,name,from,to,dated,n,unit,basis,confirmed", func(cell map[string]string) error {
		m, err := readMode(cell)
		if err != nil {
			return err
		}
		if before, again := by[m.Key]; again && before != m.By {
			return fmt.Errorf("%s from %s is dated by %s, before by %s", m.Key, m.From, m.By, before)
		}
		by[m.Key] = m.By
		all = append(all, m)
		return last.add(m.Key, m.Dated)
	})
	if err == nil {
		err = last.open()
	}
	if err != nil {
		return nil, fmt.Errorf("modes of service: %w", err)
	}
	return all, nil
}

func readMode(cell map[string]string) (Mode, error) {
	m := Mode{Key: cell["mode"], Name: cell["name"], By: cell["dated"], Unit: PeriodUnit(cell["unit"]), Basis: cell["basis"]}
	var err error
	if m.Dated, err = readDated(cell); err != nil {
		return m, err
	}
	if m.Key == "" || m.Name == "" || m.Basis == "" || !slices.Contains([]string{datedBySignature, datedByClaim, datedBySlip, datedByPublication}, m.By) {
		return m, fmt.Errorf("%q: a key, a name, an article and what tells the day are needed", m.Key)
	}
	if cell["n"] != "" {
		m.N, err = strconv.Atoi(cell["n"])
	}
	if err != nil || m.N < 0 || m.N > maxPeriod || (m.N > 0) != (unitWords[m.Unit] != "") {
		return m, fmt.Errorf("%q %q is no period", cell["n"], cell["unit"])
	}
	m.Confirmed, err = either(cell["confirmed"], "yes", "no")
	return m, err
}

// ReadProofs reads a table of proofs: CSV by RFC 4180 with the head mode,proof,basis,confirmed. Or it says in which row something is wrong.
func ReadProofs(text []byte) ([]Proof, error) {
	var all []Proof
	err := eachRow(text, "mode,proof,basis,confirmed", func(cell map[string]string) (err error) {
		p := Proof{Mode: cell["mode"], Proof: cell["proof"], Basis: cell["basis"]}
		if !slices.ContainsFunc(modes, func(m Mode) bool { return m.Key == p.Mode }) || proofTests[p.Proof].given == nil || p.Basis == "" {
			return fmt.Errorf("%q, %q: a mode and a proof there are, and an article, are needed", p.Mode, p.Proof)
		}
		p.Confirmed, err = either(cell["confirmed"], "yes", "no")
		all = append(all, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("proofs of service: %w", err)
	}
	return all, nil
}
