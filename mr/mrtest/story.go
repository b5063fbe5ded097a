package mrtest

import (
	"fmt"

	"6.824/labrpc/labtest"
	"6.824/mr"
)

// storyteller tells what becomes of tasks.
func storyteller() func(labtest.Event) string {
	return func(e labtest.Event) string {
		ch, ok := e.State.(mr.Change)
		if !ok {
			return ""
		}
		if ch.What == "over" || ch.What == "resumed" {
			return join(ch.What, ch.Text)
		}
		return join(fmt.Sprintf("%v: %s, attempt %v of %s", ch.ID, ch.What, ch.Attempt, ch.Worker), ch.Text)
	}
}

func join(what, text string) string {
	if text == "" {
		return what
	}
	return what + ": " + text
}
