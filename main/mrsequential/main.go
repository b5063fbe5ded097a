// Mrsequential runs a MapReduce job in one process, without tasks and without
// workers, and writes its output to mr-out-0: what every other way to run it must
// come to.
//
//	mrsequential APP FILES…
package main

import (
	"errors"
	"fmt"
	"os"

	"6.824/mr"
	"6.824/mr/apps"
	"6.824/mr/store"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mrsequential:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: mrsequential APP FILES…")
	}
	app, err := apps.Lookup(args[0])
	if err != nil {
		return err
	}
	const temp = "mr-out-0.tmp"
	f, err := os.Create(temp)
	if err != nil {
		return err
	}
	_, err = mr.Sequential(app, args[1:], store.OpenFile, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return os.Rename(temp, "mr-out-0")
}
