package custody_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/custody"
)

// sampleTrail is a trail with one of everything.
func sampleTrail() custody.Trail {
	at := time.Date(2026, 3, 1, 2, 30, 0, 0, time.UTC)
	officer, device := "0193f000-0000-7000-8000-0000000000a1", "0193f000-0000-7000-8000-0000000000d1"
	digest := strings.Repeat("9f86d081884c7d65", 4)
	t := custody.Trail{Evidence: "0193f000-0000-7000-8000-0000000000e1", At: at.AddDate(0, 8, 0), Held: true, Checked: true,
		Check: custody.Check{At: at.AddDate(0, 7, 0), Sound: true}, Names: map[string]string{officer: "赵翀", street: "大王庄街道综合行政执法大队"},
		Body: record.Object{"unit": street, "officer": officer, "kind": "video", "mime": "video/mp4", "length": 1500000000.0, "sha256": digest,
			"startedAt": "2026-03-01T01:00:00Z", "endedAt": "2026-03-01T02:00:00Z", "retention": record.Object{"case_file": record.Object{"at": "2026-03-02T00:00:00Z"}},
			"custody": record.Object{"state": "held", "sha256": digest, "length": 1500000000.0, "receipt": "a.b.c", "receivedAt": "2026-03-01T03:00:00Z",
				"segments": record.Object{"count": 360.0, "flaws": 1.0}}},
		Findings: []custody.Finding{{Code: "evidence.segments", State: "explained", Zh: "第 17 段之后有 3.2 秒空白", Explanation: "更换电池{party}"}},
		Unknown:  []custody.Gap{{Zh: "设备时间是设备自称的；服务器只能证明何时收到。"}, {Zh: "保存期限的依据待核实。"}}}
	t.Keeping = evidence.KeepingOf(t.Body, t.At)
	add := func(act evidence.Act, days int, e evidence.Entry) {
		e.Act, e.At = act, at.AddDate(0, 0, days)
		if e.Actor != "" {
			e.ActorUnit, e.Device = street, device
		}
		t.Acts = append(t.Acts, e)
	}
	add(evidence.ActCreate, 0, evidence.Entry{Actor: officer, Detail: record.Object{"claimedAt": "2026-03-01T02:29:58Z"}})
	add(evidence.ActReceive, 0, evidence.Entry{Detail: record.Object{"device": device}})
	add(evidence.ActView, 9, evidence.Entry{Actor: officer, Reason: "听证前核对现场情况，含花括号{organ}与很长的理由：" + strings.Repeat("逐段核对当事人陈述；", 6),
		Until: at.AddDate(0, 0, 9).Add(4 * time.Minute), Ranges: []evidence.Range{{From: 0, To: 300000000}, {From: 900000000, To: 1200000000}}})
	add(evidence.ActHold, 30, evidence.Entry{Actor: officer, Reason: "当事人申请行政复议"})
	add(evidence.ActVerify, 60, evidence.Entry{Detail: record.Object{"result": "differs"}})
	add(evidence.ActDerive, 61, evidence.Entry{Actor: officer, Reason: "听证会出示", Related: "0193f000-0000-7000-8000-0000000000c1", Detail: record.Object{"kind": "redacted"}})
	add(evidence.ActVerify, 61, evidence.Entry{Related: "0193f000-0000-7000-8000-0000000000c2", Detail: record.Object{"result": "differs"}})
	outsider := record.Object{"name": "何喆", "organ": "天津示例律师事务所"}
	link := "0193f000-0000-7000-8000-0000000000b1"
	add(evidence.ActShare, 62, evidence.Entry{Actor: officer, Reason: "当事人申请查阅", Related: link, Until: at.AddDate(0, 0, 70),
		Detail: record.Apply(outsider, record.Object{"maxViews": 2.0, "watermark": true})})
	add(evidence.ActView, 63, evidence.Entry{Reason: "当事人申请查阅", Related: link, Until: at.AddDate(0, 0, 63).Add(6 * time.Hour), Detail: outsider})
	add(evidence.ActShare, 64, evidence.Entry{Actor: officer, Reason: "查阅完毕", Related: link, Detail: record.Object{"revoked": true}})
	add(evidence.ActRelease, 90, evidence.Entry{Actor: officer, Reason: "复议终结"})
	return t
}

// The same trail gives the same bytes; what people wrote is printed as they wrote it; and a second reader can read it.
func TestTheReportOfATrail(t *testing.T) {
	var one, two bytes.Buffer
	result, err := custody.Report(&one, sampleTrail())
	if err != nil || len(result.Missing) > 0 {
		t.Fatalf("missing %q, %v", result.Missing, err)
	}
	if _, err := custody.Report(&two, sampleTrail()); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Errorf("not the same bytes, %v", err)
	}
	if path := os.Getenv("FIELDWARDEN_REPORT"); path != "" { // to look at
		if err := os.WriteFile(path, one.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := services.Program(t, "pdftotext", "install poppler, on Debian: apt-get install poppler-utils")
	cmd := exec.Command(program, "-", "-")
	cmd.Stdin = bytes.NewReader(one.Bytes())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.Join(strings.Fields(string(out)), "")
	for _, want := range []string{"保管链报告", "赵翀", "调阅", "2段，共600000000字节（40.0%）", "含花括号{organ}与", "更换电池{party}", "内容与回执不符", "当事人申请行政复议",
		"录像", "遮挡副本；", "提供给", "可看2次", "水印；链接", "外部人员：何喆", "收回链接", "副本000000c1", "副本000000c2；副本与制作时不符",
		"设备标识：0193f000-0000-7000-8000-0000000000d1。", "依法保全中", "一般案卷，依据待核实", "设备时间是设备自称的", "2026-03-0110:30:00"} {
		if !strings.Contains(plain, want) {
			t.Errorf("%q is not in the report", want)
		}
	}
	long := sampleTrail()
	long.Acts = append(long.Acts, make([]evidence.Entry, 2000)...)
	if r, err := custody.Report(&two, long); err != nil || r.Pages < 10 || r.Pages > 100 {
		t.Errorf("%d pages, %v", r.Pages, err)
	}
}
