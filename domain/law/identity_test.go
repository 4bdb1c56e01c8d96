package law

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

func day(text string) time.Time {
	d, err := time.ParseInLocation(time.DateOnly, text, Beijing)
	if err != nil {
		panic(err)
	}
	return d
}

func TestIdentityVectors(t *testing.T) {
	valid := []struct {
		number, born string
		female       bool
	}{
		{"11010519491231002X", "1949-12-31", true},
		{"120102199001010013", "1990-01-01", false},
		{"120102198508150037", "1985-08-15", false},
		{"120102201206300014", "2012-06-30", false},
	}
	for _, v := range valid {
		id, err := ParseIdentity(v.number)
		if err != nil || !id.Born.Equal(day(v.born)) || id.Female != v.female || id.Division != v.number[:6] {
			t.Errorf("%s: got %+v, %v", v.number, id, err)
		}
	}
	for _, number := range []string{"", "120102199902290016", "120102199001010014", "12010219900101001x", "12010219900101001",
		"020102199001010013", "1201021990010100１", "A20102199001010013"} {
		if _, err := ParseIdentity(number); !errors.Is(err, fault.New(fault.IdentityInvalid)) {
			t.Errorf("%q: want it refused, got %v", number, err)
		}
	}
}

// TestIdentityImpossibleDate proves that the date is looked at: the check digit of this number is right.
func TestIdentityImpossibleDate(t *testing.T) {
	number := "120102199902290016"
	if identityCheck(number[:17]) != number[17] {
		t.Fatal("the vector's check digit should be right")
	}
	if _, err := ParseIdentity(number); err == nil {
		t.Error("29 February 1999 passed")
	}
}

// TestIdentityDetectsSubstitution: 11 is prime, so no single wrong digit passes.
func TestIdentityDetectsSubstitution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		born := day("1920-01-01").AddDate(0, 0, rapid.IntRange(0, 38000).Draw(t, "day"))
		number := "120102" + born.Format("20060102") + fmt.Sprintf("%03d", rapid.IntRange(0, 999).Draw(t, "order"))
		number += string(identityCheck(number))
		id, err := ParseIdentity(number)
		if err != nil || !id.Born.Equal(born) {
			t.Fatalf("%s: %+v, %v", number, id, err)
		}
		at := rapid.IntRange(0, 17).Draw(t, "at")
		wrong := rapid.SampledFrom([]byte("0123456789X")).Draw(t, "wrong")
		if number[at] == wrong {
			t.Skip("not a change")
		}
		changed := number[:at] + string(wrong) + number[at+1:]
		if _, err := ParseIdentity(changed); err == nil {
			t.Fatalf("%s passes", changed)
		}
	})
}

// TestAge counts full years as the penalties law needs them: a year is full from the day after the birthday.
func TestAge(t *testing.T) {
	cases := []struct {
		born, on string
		want     int
	}{
		{"2012-06-30", "2026-06-30", 13},
		{"2012-06-30", "2026-07-01", 14},
		{"2012-02-29", "2026-02-28", 13},
		{"2012-02-29", "2026-03-01", 14},
		{"2012-02-29", "2028-02-29", 15},
		{"2012-02-29", "2028-03-01", 16},
		{"2026-11-23", "2026-11-24", 0},
		{"2026-11-23", "2026-11-22", -1},
	}
	for _, c := range cases {
		if got := Age(day(c.born), day(c.on)); got != c.want {
			t.Errorf("born %s on %s: got %d, want %d", c.born, c.on, got, c.want)
		}
	}
}

// TestAgeByBeijingDay proves that the day that counts is Beijing's, wherever the moment was read.
func TestAgeByBeijingDay(t *testing.T) {
	evening := time.Date(2026, 6, 30, 16, 30, 0, 0, time.UTC) // 00:30 on 1 July in Beijing
	if got := Age(day("2012-06-30"), evening); got != 14 {
		t.Errorf("got %d", got)
	}
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{"11010519491231002X": "110105***********X", "护照E1": "****", "": ""} {
		if got := Mask(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzParseIdentity(f *testing.F) {
	f.Add("11010519491231002X")
	f.Fuzz(func(t *testing.T, number string) {
		if id, err := ParseIdentity(number); err == nil && id.Born.Format("20060102") != number[6:14] {
			t.Errorf("%q was read as born %s", number, id.Born)
		}
	})
}
