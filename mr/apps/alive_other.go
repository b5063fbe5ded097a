//go:build !unix

package apps

import "os"

// alive says whether there is a process of this id.
func alive(pid int) bool {
	_, err := os.FindProcess(pid)
	return err == nil
}
