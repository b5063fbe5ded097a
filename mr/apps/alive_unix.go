//go:build unix

package apps

import "syscall"

// alive says whether there is a process of this id.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }
