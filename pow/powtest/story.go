package powtest

import (
	"fmt"

	"6.824/labrpc/labtest"
	"6.824/pow"
	"6.824/pow/consensus"
)

// storyteller tells of what nodes mine, where their tips move, and whom they ban.
func storyteller() func(labtest.Event) string {
	return func(e labtest.Event) string {
		m, ok := e.State.(move)
		if !ok {
			return ""
		}
		switch pow.EventKind(m.Kind) {
		case pow.Mined:
			return fmt.Sprintf("mines block %s at height %d", short(m.Tip), m.Height)
		case pow.Banned:
			return fmt.Sprintf("bans %s: %s", m.Peer, m.Err)
		case pow.Started:
			return fmt.Sprintf("starts with tip %s at height %d", short(m.Tip), m.Height)
		case pow.Moved:
			text := fmt.Sprintf("moves to tip %s at height %d", short(m.Tip), m.Height)
			if n := len(m.Disconnected); n > 0 {
				text += fmt.Sprintf(", a reorganization: %d blocks back, %d on", n, len(m.Connected))
			}
			return text
		}
		return ""
	}
}

// short is the end of a hash: it begins with noughts.
func short(h consensus.Hash) string {
	text := h.String()
	return "…" + text[len(text)-8:]
}
