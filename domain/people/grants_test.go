package people

import (
	"reflect"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// A grant that cannot be read gives nothing; the others stand.
func TestGrantsOf(t *testing.T) {
	grants := record.Object{
		"a": record.Object{"role": "officer", "unit": "120102001"},
		"b": record.Object{"role": "leader", "unit": "120102002", "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00+08:00"},
		"c": record.Object{"role": "king", "unit": "120102"},
		"d": record.Object{"role": "officer"},
		"e": record.Object{"role": "officer", "unit": "120102", "from": "yesterday"},
		"f": record.Object{"role": "officer", "unit": "120102", "to": 1.0},
		"g": "officer",
	}
	got := GrantsOf(record.Object{"grants": grants})
	want := []Grant{{Role: RoleOfficer, Unit: "120102001"}, {Role: RoleLeader, Unit: "120102002",
		From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC)}}
	for i := range got {
		got[i].To = got[i].To.UTC()
	}
	want[0].To = time.Time{}.UTC()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, want %+v", got, want)
	}
	if got := GrantsOf(record.Object{"grants": "all"}); got != nil {
		t.Errorf("a text gave %v", got)
	}
}
