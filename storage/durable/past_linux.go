package durable

import (
	"os"
	"syscall"
)

// past makes the writes of an open file go from memory to the disk, past the kernel's cache, or not. A file that cannot says so by syscall.EINVAL, now or at the first write.
func past(file *os.File, on bool) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var refused syscall.Errno
	err = raw.Control(func(fd uintptr) {
		flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
		flags &^= syscall.O_DIRECT
		if on {
			flags |= syscall.O_DIRECT
		}
		_, _, refused = syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_SETFL, flags)
	})
	if err == nil && refused != 0 {
		err = refused
	}
	return err
}
