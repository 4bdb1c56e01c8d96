package killed

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// onDisk is how much of one spool file a power cut would leave.
type onDisk struct {
	written int64 // how far the calls have written that have returned
	synced  int64 // how far it was written when the last fsync that has returned began
	begun   map[string]int64
	named   bool // its folder was synced since it was made
	made    bool
}

var (
	created  = regexp.MustCompile(`openat\(.*"[^"]*/spool/receiving/([0-9a-f-]{36})", [A-Z_|]*O_CREAT`)
	ofFile   = regexp.MustCompile(`(pwrite64|fsync)\(\d+<[^>]*/spool/receiving/([0-9a-f-]{36})>`)
	ofFolder = regexp.MustCompile(`fsync\(\d+<[^>]*/spool/receiving>`)
	extent   = regexp.MustCompile(`, (\d+), (\d+)(\)| <unfinished)`)
	location = regexp.MustCompile(`Location: [^\\]*/v1/uploads/([0-9a-f-]{36})\\r\\n`)
	telling  = regexp.MustCompile(`Upload-Offset: (\d+)\\r\\n`)
)

// powerFaults goes through a trace of strace -f -y in which one upload after the other was brought. It counts the offsets that were told, and says
// which of them a power cut could have belied.
func powerFaults(lines []string) (told int, faults []string) {
	files := map[string]*onDisk{}
	of := func(id string) *onDisk {
		if files[id] == nil {
			files[id] = &onDisk{begun: map[string]int64{}}
		}
		return files[id]
	}
	begun := map[string]string{} // by thread: the call that has not returned
	folders := map[string][]string{}
	current := ""
	for n, line := range lines {
		thread, call, _ := strings.Cut(line, " ")
		call = strings.TrimSpace(call)
		whole := call // of a call that returns here
		if strings.HasSuffix(call, "<unfinished ...>") {
			begun[thread], whole = call, ""
		} else if strings.Contains(call, " resumed>") {
			whole = begun[thread]
		}
		returned := whole != "" && !strings.Contains(call, "= -1 ")
		starts := !strings.Contains(call, " resumed>")
		switch file := ofFile.FindStringSubmatch(whole + " " + call); {
		case created.MatchString(whole) && returned:
			of(created.FindStringSubmatch(whole)[1]).made = true
		case file != nil && file[1] == "pwrite64":
			if at := extent.FindStringSubmatch(whole + ")"); returned && at != nil {
				length, _ := strconv.ParseInt(at[1], 10, 64) // digits by the pattern
				offset, _ := strconv.ParseInt(at[2], 10, 64)
				of(file[2]).written = max(of(file[2]).written, offset+length)
			}
		case file != nil && file[1] == "fsync":
			if f := of(file[2]); starts {
				f.begun[thread] = f.written
			}
			if f := of(file[2]); returned {
				f.synced = max(f.synced, f.begun[thread])
			}
		case ofFolder.MatchString(whole + " " + call):
			if starts {
				folders[thread] = folders[thread][:0]
				for id, f := range files {
					if f.made {
						folders[thread] = append(folders[thread], id)
					}
				}
			}
			if returned {
				for _, id := range folders[thread] {
					of(id).named = true
				}
			}
		}
		if !starts || !strings.Contains(call, "write(") || !strings.Contains(call, `"HTTP/1.1 `) {
			continue
		}
		if to := location.FindStringSubmatch(call); to != nil {
			current = to[1]
		}
		if offset := telling.FindStringSubmatch(call); offset != nil {
			told++
			at, _ := strconv.ParseInt(offset[1], 10, 64)
			if f := of(current); at > f.synced || !f.named {
				faults = append(faults, fmt.Sprintf("line %d tells offset %d of %s, of which %d are on the disk (written: %d; its name: %v)",
					n+1, at, current, f.synced, f.written, f.named))
			}
		}
	}
	return told, faults
}
