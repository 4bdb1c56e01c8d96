package law

import (
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Identity is what a resident identity number (公民身份号码, GB 11643-1999) says of a person.
type Identity struct {
	Division string    // six digits: where the number was first given
	Born     time.Time // first instant of the day, Beijing time
	Female   bool      // the order number is even
}

// ParseIdentity reads an 18-character identity number: six digits of division, eight of the birth date, three of order, and
// a check character (ISO 7064 MOD 11-2). Numbers of residents of Hong Kong, Macao and Taiwan (81, 82, 83) and the new ones of
// foreign permanent residents (9) have the same form. A wrong form, an impossible date or a wrong check is fault
// law.identity_invalid, which says what. Other papers (passports, permits) are not read here.
func ParseIdentity(number string) (Identity, error) {
	bad := fault.New(fault.IdentityInvalid)
	if len(number) != 18 || !digits(number[:17]) || number[0] == '0' {
		return Identity{}, bad.Detail("应为17位数字加1位校验码", "it has 17 digits and a check character")
	}
	if identityCheck(number[:17]) != number[17] {
		return Identity{}, bad.Detail("末位校验码不符", "the last character does not check")
	}
	born, err := time.ParseInLocation("20060102", number[6:14], Beijing)
	if err != nil || born.Year() < 1800 {
		return Identity{}, bad.Detail("出生日期不存在", "there is no such birth date")
	}
	return Identity{Division: number[:6], Born: born, Female: number[16]%2 == 0}, nil
}

// identityCheck computes the last character: with Wi = 2^(18−i) mod 11 the sum's remainder picks from "10X98765432".
func identityCheck(first17 string) byte {
	sum, weight := 0, 2
	for i := len(first17) - 1; i >= 0; i-- {
		sum += int(first17[i]-'0') * weight
		weight = weight * 2 % 11
	}
	return "10X98765432"[sum%11]
}

// Mask hides the birth date and order number of an identity number for lists and publication: six digits, stars, the last
// character. Whatever is shorter is hidden whole.
func Mask(number string) string {
	if len(number) != 18 {
		return strings.Repeat("*", len([]rune(number)))
	}
	return number[:6] + "***********" + number[17:]
}

// Age counts full years of life (周岁) on a day: a year is full from the day after the birthday, so someone born on
// 2012-06-30 is thirteen on 2026-06-30 and fourteen on 2026-07-01 (处罚法第三十条). A birthday on 29 February falls on the
// 28th in other years. Before birth the age is negative.
func Age(born, day time.Time) int {
	born, day = DayOf(born), DayOf(day)
	years := day.Year() - born.Year()
	if !day.After(addMonths(born, 12*years)) {
		years--
	}
	return years
}
