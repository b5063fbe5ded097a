//go:build !unix

package testbin

import (
	"os"
	"os/exec"
)

func detach(*exec.Cmd) {}

func stop(p *os.Process) error { return p.Kill() }
