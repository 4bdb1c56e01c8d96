package wire_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
)

const rightsIntro = "# Roles and rights\n\nMade from the table by `go test ./sync/wire -run TestRightsPage -update`; do not edit.\n\n" +
	"A person's roles are in `grants` of his record of `officers`: an object keyed by any id, each entry `{role, unit, from?, to?}`. An entry counts from `from` until\n" +
	"before `to`; without them it always does. It reaches its unit and those below. Roles are looked at as of the time an edit was made ([sync.md](sync.md) §10), so **a role is\n" +
	"ended by `to`**. Who takes the entry away instead says that there never was one: edits that were made under it and are still on a handheld come out of scope.\n\n" +
	"Whoever is signed in has `self.read`, `sync.push`, `sync.pull` and `evidence.upload`, also without any role. Rights over records are named `<collection>.<action>`.\n\n"

// named are the posts that the roles stand for.
var named = map[people.Role]string{
	people.RoleOfficer: "执法人员", people.RoleAuxiliary: "执法辅助人员", people.RoleLeader: "中队、大队负责人", people.RoleChief: "街道办事处负责人",
	people.RoleReviewer: "法制审核人员", people.RoleSupervisor: "区司法局监督人员", people.RoleSysAdmin: "系统管理员", people.RoleSecAdmin: "安全管理员",
	people.RoleAuditAdmin: "审计管理员",
}

// TestRightsPage holds the page that tells clients who may do what to the table that decides it.
func TestRightsPage(t *testing.T) {
	want := rightsPage(t)
	if *update {
		if err := os.WriteFile(filepath.Join("..", "..", "docs", "protocol", "rights.md"), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if page(t, "rights.md") != want {
		t.Error("docs/protocol/rights.md is not what the table says; write it anew: go test ./sync/wire -run TestRightsPage -update")
	}
}

func rightsPage(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(rightsIntro + "| role | |\n|---|---|\n")
	for _, role := range people.Roles {
		if named[role] == "" {
			t.Errorf("say what %s is", role)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", role, named[role])
	}
	b.WriteString("\n| right | roles |\n|---|---|\n")
	for _, right := range people.Rights() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", right, strings.Join(rolesWith(right), ", "))
	}
	return b.String()
}

// rolesWith are the roles that give a right over their unit.
func rolesWith(right people.Right) []string {
	const unit = "120102001"
	var roles []string
	for _, role := range people.Roles {
		if people.May([]people.Grant{{Role: role, Unit: unit}}, right, unit, time.Now()) {
			roles = append(roles, string(role))
		}
	}
	return roles
}
