package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/document"
)

// Every number from D01 to D50 has papers, and every key finds its own row.
func TestKindsAreAllThere(t *testing.T) {
	all, found := document.Kinds(), 0
	for n := range 50 {
		number := fmt.Sprintf("D%02d", n+1)
		if len(document.KindsNumbered(number)) == 0 {
			t.Errorf("there is no paper %s", number)
		}
		found += len(document.KindsNumbered(number))
	}
	if found != len(all) {
		t.Errorf("%d of %d papers have numbers from D01 to D50", found, len(all))
	}
	for _, k := range all {
		if got, ok := document.KindOf(k.Key); !ok || got != k {
			t.Errorf("%s finds %v", k.Key, got)
		}
		if !k.External && (k.Seal || k.Copies > 1) {
			t.Errorf("%s stays in the file and has a seal or copies", k.Key)
		}
	}
	if _, ok := document.KindOf("poem"); ok {
		t.Error("there is a poem")
	}
}

// What rules and seeds name is in the table, by the same name.
func TestKindsKnowTheSeeds(t *testing.T) {
	for number, key := range map[string]string{"D04": document.InspectionRecord, "D10": document.SummaryPenalty} {
		k, ok := document.KindOf(key)
		if !ok || k.Number != number || !k.External || k.Name != seed(t, key)["name"] {
			t.Errorf("%s: %+v", key, k)
		}
	}
	// 强制法第二十四条第二款: the list of things is made in two copies.
	if k, _ := document.KindOf("seizure-list"); k.Copies != 2 {
		t.Errorf("list of things: %d copies", k.Copies)
	}
	if k, _ := document.KindOf("penalty-decision"); !k.Seal { // 处罚法第五十九条第二款
		t.Error("a decision bears the seal")
	}
}

func TestReadKindsRefuses(t *testing.T) {
	const head, good = "number,kind,name,side,word,seal,copies\n", "D01,a-b,甲,internal,字,no,1\n"
	if all, err := document.ReadKinds([]byte(head + good)); err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	for _, text := range []string{"", head, good, head + "D01,a-b,甲,internal,字,no\n", head + "1,a-b,甲,internal,字,no,1\n", head + "D01,A,甲,internal,字,no,1\n",
		head + "D01,a-b,,internal,字,no,1\n", head + "D01,a-b,甲,inside,字,no,1\n", head + "D01,a-b,甲,internal,字,nein,1\n",
		head + "D01,a-b,甲,internal,字,no,0\n", head + "D01,a-b,甲,internal,字,no,two\n", head + good + good,
		head + good + "D02,b,甲,internal,,no,1\n", head + good + "D02,b,乙,internal,字,no,1\n", head + "D02,b,乙,internal,,no,1\n" + good, head + "\"D01,a"} {
		all, err := document.ReadKinds([]byte(text))
		if err == nil || all != nil || !strings.HasPrefix(err.Error(), "kinds of papers: ") {
			t.Errorf("%q was read: %v, %v", text, all, err)
		}
	}
}
