package kvraft

import (
	"context"
	"errors"
	"time"
)

// Conditional is a store that a lock can be made of. A [Client] is one.
type Conditional interface {
	Get(ctx context.Context, key string) (value string, version int64, err error)
	PutIf(ctx context.Context, key, value string, version int64) (now int64, err error)
	DeleteIf(ctx context.Context, key string, version int64) error
}

// Lock is a lock that clients of the store share: whoever creates its key has it, and deletes the key
// to let it go. It has no lease: a holder that dies keeps it.
type Lock struct {
	client Conditional
	key    string
	owner  string
}

// NewLock makes a handle on the lock that is kept under key, for an owner whose name nobody else uses.
func NewLock(client Conditional, key, owner string) *Lock { return &Lock{client, key, owner} }

// lockPause is how often a waiting Acquire looks.
const lockPause = 10 * time.Millisecond

// Acquire waits until the lock is the owner's. It may be called again if it was not clear whether it
// had succeeded (ErrMaybe).
func (l *Lock) Acquire(ctx context.Context) error {
	for {
		_, err := l.client.PutIf(ctx, l.key, l.owner, 0)
		if err == nil || !errors.Is(err, ErrVersion) {
			return err
		}
		holder, _, err := l.client.Get(ctx, l.key)
		switch {
		case err == nil && holder == l.owner:
			return nil
		case errors.Is(err, ErrNotFound): // just let go
		case err != nil:
			return err
		default:
			if err := sleep(ctx, lockPause); err != nil {
				return err
			}
		}
	}
}

// Release lets the lock go. It is an error if the owner does not have it.
func (l *Lock) Release(ctx context.Context) error {
	holder, version, err := l.client.Get(ctx, l.key)
	if err != nil {
		return err
	}
	if holder != l.owner {
		return ErrVersion
	}
	return l.client.DeleteIf(ctx, l.key, version)
}
