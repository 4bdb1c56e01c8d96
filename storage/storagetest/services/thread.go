package services

import "runtime"

// lockThread ties the goroutine to its thread for good: the thread ends with the goroutine.
func lockThread() { runtime.LockOSThread() }
