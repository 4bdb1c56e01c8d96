package header

import (
	"encoding/base64"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMetadataIsReadStrictly(t *testing.T) {
	for header, want := range map[string]map[string]string{
		"":                            {},
		"evidence YWJj":               {"evidence": "abc"},
		"evidence YWJj,filename ZGVm": {"evidence": "abc", "filename": "def"},
		"evidence YWJj, filename ":    {"evidence": "abc", "filename": ""},
		"confidential,evidence YWJj":  {"confidential": "", "evidence": "abc"},
	} {
		got, err := Metadata(header)
		if err != nil || len(got) != len(want) {
			t.Errorf("%q: %v, %v", header, got, err)
		}
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%q: %s is %q, want %q", header, key, got[key], value)
			}
		}
	}
	for _, header := range []string{",", "a YWJj,", " ", "a YWJj,a ZGVm", "a YW=J", "a YWJ", "a YWJj YWJj", "a  YWJj", "ä YWJj", "a\tYWJj", "a YWJj\n", "a YW\nJj"} {
		if got, err := Metadata(header); err == nil {
			t.Errorf("%q is taken: %v", header, got)
		}
	}
}

func FuzzUploadMetadata(f *testing.F) {
	for _, seed := range []string{"", "evidence YWJj", "a YWJj,b", "a,,b", " a YWJj ", "a YWJj,a YWJj"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, err := Metadata(header)
		if err != nil {
			return
		}
		var parts []string
		for key, value := range got {
			if !isToken(key) {
				t.Errorf("key %q", key)
			}
			parts = append(parts, key+" "+base64.StdEncoding.EncodeToString([]byte(value)))
		}
		again, err := Metadata(strings.Join(parts, ","))
		if err != nil || len(again) != len(got) {
			t.Errorf("%q became %v and then %v, %v", header, got, again, err)
		}
	})
}

func FuzzUploadConcat(f *testing.F) {
	for _, seed := range []string{"", "partial", "final;/a /b", "final;", "final; /a", "final;/a  /b", "Partial", "final;/a\r\nX: y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		partial, urls, err := Concat(header)
		again := ""
		switch {
		case err != nil:
			return
		case partial:
			again = "partial"
		case len(urls) > 0:
			again = "final;" + strings.Join(urls, " ")
		}
		if again != header || partial && len(urls) > 0 {
			t.Errorf("%q is read as %v, %q", header, partial, urls)
		}
	})
}

func FuzzUploadChecksum(f *testing.F) {
	for _, seed := range []string{"", "sha256 ", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "md5 x", "sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		sum, err := Checksum(header)
		if err != nil || sum == nil {
			if sum != nil || err == nil && header != "" {
				t.Errorf("%q: %v, %v", header, sum, err)
			}
			return
		}
		if len(sum.Digest) != digestSizes[sum.Algorithm] || sum.Algorithm+" "+base64.StdEncoding.EncodeToString(sum.Digest) != header {
			t.Errorf("%q is read as %+v", header, sum)
		}
	})
}

func FuzzRange(f *testing.F) {
	for _, seed := range []string{"", "bytes=0-0", "bytes=5-", "bytes=-5", "bytes=9-1", "bytes=1-2,3-4", "items=1-2", "bytes=18446744073709551616-", "bytes=0-18446744073709551616"} {
		f.Add(seed, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		got, verdict := Range(header, size)
		switch verdict {
		case Whole:
			if got != (Span{0, size}) {
				t.Errorf("%q of %d: %+v", header, size, got)
			}
		case Part:
			if got.N < 1 || got.From < 0 || got.From > size-got.N {
				t.Errorf("%q of %d lies outside: %+v", header, size, got)
			}
		case Unsatisfied:
			if !strings.Contains(header, "-") {
				t.Errorf("%q is a range that cannot be met", header)
			}
		}
	})
}

func TestRangesOfAnEmptyFile(t *testing.T) {
	for header, want := range map[string]Verdict{"": Whole, "bytes=0-": Unsatisfied, "bytes=-1": Unsatisfied, "bytes=0-0": Unsatisfied} {
		if _, got := Range(header, 0); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
	if n, ok := position("9223372036854775808"); !ok || n != math.MaxInt64 {
		t.Errorf("%d, %v", n, ok)
	}
}

func TestTheEncodingOfTheGreatestWeightIsTaken(t *testing.T) {
	for accept, want := range map[string]string{"": "", "*": "", "br": "", "gzip": "gzip", "GZIP ; Q=0.3": "gzip", "gzip, zstd": "zstd", "zstd;q=0.2, gzip;q=0.9": "gzip",
		"zstd;q=0.5,gzip;q=0.5": "zstd", "gzip;q=0.5, identity": "", "gzip;q=0.5, identity;q=0.5": "gzip", "zstd;q=0, gzip;q=0": "", "zstd;q=2, gzip": "gzip",
		"gzip;q=x, zstd;q=NaN": "", "gzip;q=0.5,": "gzip", "identity;q=0, zstd;q=0.001": "zstd"} {
		if got := AcceptEncoding(accept); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
}

func FuzzAcceptedEncoding(f *testing.F) {
	for _, seed := range []string{"", "gzip", "zstd;q=0", "br, gzip;q=0.5", ";;;,,,", "gzip;q=NaN"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got := AcceptEncoding(header)
		if got != "" && (got != "zstd" && got != "gzip" || !strings.Contains(strings.ToLower(header), got)) {
			t.Errorf("%q: %q", header, got)
		}
		if !utf8.ValidString(got) {
			t.Error("not text")
		}
	})
}
