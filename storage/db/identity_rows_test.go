package db

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
)

// fill gives every field of a struct another value.
func fill[T any](t *testing.T) T {
	t.Helper()
	var out T
	v := reflect.ValueOf(&out).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i).Addr().Interface().(type) {
		case *string:
			*f = fmt.Sprint("text ", i)
		case *int:
			*f = 100 + i
		case *[]byte:
			*f = []byte{byte(i), 255}
		case *time.Time:
			*f = time.Date(2026, 1, 1+i, 2, 3, 4, 567000, time.UTC)
		default:
			t.Fatalf("%T has a field of type %T: teach this test about it", out, f)
		}
	}
	return out
}

// back fails unless a value with every field set survives its row.
func back[T any](t *testing.T, through func(T) T) {
	t.Helper()
	want := fill[T](t)
	if got := through(want); !reflect.DeepEqual(got, want) {
		t.Errorf("%T\ngot  %+v\nwant %+v", want, got, want)
	}
}

func TestIdentityRowsLoseNothing(t *testing.T) {
	back(t, func(a people.Account) people.Account { return accountFromRow(accountToRow(a)) })
	back(t, func(x people.Tries) people.Tries { return triesFromRow(triesToRow("name", "device", x)) })
	back(t, func(d people.Device) people.Device { return deviceFromRow(deviceToRow(d)) })
	back(t, func(c people.EnrolmentCode) people.EnrolmentCode { return codeFromRow(codeToRow(c)) })
	back(t, func(f people.Family) people.Family { return familyFromRow(familyToRow(f)) })
	back(t, func(r people.RefreshToken) people.RefreshToken { return tokenFromRow(tokenToRow(r)) })
	back(t, func(k people.SigningKey) people.SigningKey { return keyFromRow(keyToRow(k)) })
}
