package durable

import (
	"os"
	"syscall"
)

// start has the disk begin with n octets of a file, and waits for nothing: sync_file_range(2) with SYNC_FILE_RANGE_WRITE. It makes nothing durable; what
// fails of it the sync says.
var start = func(file *os.File, offset, n int64) {
	raw, err := file.SyscallConn()
	if err != nil {
		return
	}
	const write = 2
	_ = raw.Control(func(fd uintptr) { _ = syscall.SyncFileRange(int(fd), offset, n, write) })
}
