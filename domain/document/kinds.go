package document

import (
	"bytes"
	_ "embed" // the tables
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// Kind is one kind of paper that there is: a row of kinds.csv. What stands here is the usual practice; a template decides
// what its papers print.
type Kind struct {
	Number   string // D01 … D50: its place in the list of papers. Lists are renumbered, so it is never the key
	Key      string // the word that templates and papers name their kind by, e.g. rectification-order
	Name     string // Chinese, as it stands over the paper
	External bool   // it leaves the organ: for the party or another organ; otherwise it stays in the file
	Word     string // 代字 in the number; "" for papers without a number of their own
	Seal     bool   // it bears the seal of the organ
	Copies   int    // how many are made, from 1
}

//go:embed kinds.csv
var kindsText []byte

var kinds = must(ReadKinds(kindsText))

func must[T any](value T, err error) T {
	if err != nil {
		panic(err) // our own data, seen by every test
	}
	return value
}

// Kinds lists every kind of paper in the order of its number.
func Kinds() []Kind { return slices.Clone(kinds) }

// KindOf finds a kind of paper by its key.
func KindOf(key string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Key == key })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// KindWord reports whether a text can be the key of a kind, of the list or of a district's own.
func KindWord(key string) bool { return len(key) <= 60 && kindKey.MatchString(key) }

// KindsNumbered lists the kinds of papers under one number: D22 is a notice and a list.
func KindsNumbered(number string) []Kind {
	return slices.DeleteFunc(Kinds(), func(k Kind) bool { return k.Number != number })
}

// ReadKinds reads a table of kinds: CSV by RFC 4180 with the head number,kind,name,side,word,seal,copies. Numbers rise; keys,
// names and words are used once: two kinds with one word would put one number on two papers. Or it says in which row something is wrong.
func ReadKinds(text []byte) ([]Kind, error) {
	var all []Kind
	err := eachRow(text, "number,kind,name,side,word,seal,copies", func(cell map[string]string) error {
		k, err := readKind(cell)
		if err != nil {
			return err
		}
		for _, other := range all {
			if other.Key == k.Key || other.Name == k.Name || other.Word == k.Word && k.Word != "" {
				return fmt.Errorf("%s %s is there already", k.Key, k.Name)
			}
		}
		if len(all) > 0 && k.Number < all[len(all)-1].Number {
			return fmt.Errorf("%s comes after %s", k.Number, all[len(all)-1].Number)
		}
		all = append(all, k)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("kinds of papers: %w", err)
	}
	return all, nil
}

var (
	kindNumber = regexp.MustCompile(`^D[0-9]{2}$`)
	kindKey    = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
)

func readKind(cell map[string]string) (Kind, error) {
	k := Kind{Number: cell["number"], Key: cell["kind"], Name: cell["name"], Word: cell["word"]}
	if !kindNumber.MatchString(k.Number) || !kindKey.MatchString(k.Key) || k.Name == "" {
		return k, fmt.Errorf("%q, %q, %q: a number like D01, a key in kebab case and a name are needed", k.Number, k.Key, k.Name)
	}
	var err error
	if k.External, err = either(cell["side"], "external", "internal"); err != nil {
		return k, err
	}
	if k.Seal, err = either(cell["seal"], "yes", "no"); err != nil {
		return k, err
	}
	if k.Copies, err = strconv.Atoi(cell["copies"]); err != nil || k.Copies < 1 || k.Copies > 9 {
		return k, fmt.Errorf("copies are from 1 to 9, not %q", cell["copies"])
	}
	return k, nil
}

// either reads a cell that says one of two things.
func either(text, yes, no string) (bool, error) {
	if text != yes && text != no {
		return false, fmt.Errorf("%q is neither %s nor %s", text, yes, no)
	}
	return text == yes, nil
}

// eachRow reads a table whose head is known, row by row; an error names the row.
func eachRow(text []byte, head string, read func(cell map[string]string) error) error {
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return err
	}
	columns, err := csv.NewReader(bytes.NewReader([]byte(head))).Read()
	if err != nil {
		return err
	}
	if len(rows) < 2 || !slices.Equal(rows[0], columns) {
		return fmt.Errorf("want the head %s and rows below it", head)
	}
	for i, row := range rows[1:] {
		cell := map[string]string{}
		for j, name := range columns {
			cell[name] = row[j]
		}
		if err := read(cell); err != nil {
			return fmt.Errorf("row %d: %w", i+2, err)
		}
	}
	return nil
}
