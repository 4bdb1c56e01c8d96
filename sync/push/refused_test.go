package push

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// A refusal says the first breach in words and where the others are, and does not cite an article where there is none.
func TestARefusalSaysWhereElse(t *testing.T) {
	breaches := []record.Breach{{Zh: "甲", En: "a", Field: "x"}, {Zh: "乙", En: "b", Field: "y"}, {Zh: "丙", En: "c", Field: "y"}, {Zh: "丁", En: "d"}}
	for _, c := range []struct {
		basis string
		n     int
		want  string
	}{
		{"某法第一条", 1, "T 甲（某法第一条）"}, {"", 1, "T 甲"}, {"某法第一条", 4, "T 甲（某法第一条）；另有3处：y"},
	} {
		why := refused(record.Gate{Code: "T", Basis: c.basis}, breaches[:c.n])
		if !strings.HasSuffix(why.Zh, "："+c.want) || why.Field != "x" {
			t.Errorf("%q at %s, want %q", why.Zh, why.Field, c.want)
		}
	}
	many := make([]record.Breach, 200)
	for i := range many {
		many[i] = record.Breach{Zh: "甲", En: "a", Field: fmt.Sprintf("fields/f%d", i)}
	}
	if why := refused(record.Gate{Code: "T"}, many); !strings.Contains(why.En, "and 199 more: fields/f1、") || len(why.En) > 300 {
		t.Error(why.En)
	}
}
