//go:build unix

package testbin

import (
	"os"
	"os/exec"
	"syscall"
)

// detach gives the process a group of its own, so that the terminal's signals don't
// reach it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// stop asks the process to go.
func stop(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
