//go:build unix

package sweep

import (
	"os"
	"syscall"
)

// lock keeps other processes from writing the file, until it is closed or we die.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
