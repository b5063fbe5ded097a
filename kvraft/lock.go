package kvraft

import (
	"context"
	"errors"
	"math"
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
//
// When a method returns [ErrMaybe], it is not clear whether the lock was taken or let go. Acquire or Release then, and it is.
// A Lock is for one goroutine at a time.
type Lock struct {
	client  Conditional
	key     string
	owner   string
	unclear bool // a write may have been executed, or may yet be
}

// NewLock makes a handle on the lock that is kept under key, for an owner whose name nobody else uses.
func NewLock(client Conditional, key, owner string) *Lock {
	return &Lock{client: client, key: key, owner: owner}
}

// lockPause is how often a waiting Acquire looks.
const lockPause = 10 * time.Millisecond

// Acquire waits until the lock is the owner's.
func (l *Lock) Acquire(ctx context.Context) error {
	for {
		_, err := l.client.PutIf(ctx, l.key, l.owner, 0)
		if err == nil || !errors.Is(err, ErrVersion) {
			return l.unsure(err)
		}
		l.unclear = false // of the writes of one client, none is executed behind a later one
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

// Release lets the lock go. It is an error if the owner does not have it: [ErrNotFound] if nobody has, [ErrVersion] if somebody
// else has; but not if it was unclear whether the owner has it.
func (l *Lock) Release(ctx context.Context) error {
	if l.unclear {
		// Whatever is still under way must not be executed behind what is read now: a write that changes nothing sees to that.
		if err := l.client.DeleteIf(ctx, l.key, math.MaxInt64); !gone(err) {
			return err
		}
	}
	holder, version, err := l.client.Get(ctx, l.key)
	switch {
	case err == nil && holder == l.owner:
		err = l.client.DeleteIf(ctx, l.key, version)
	case err == nil:
		err = ErrVersion
	}
	if l.unclear && gone(err) {
		err = nil
	}
	return l.unsure(err)
}

// unsure notes whether it is unclear, behind an operation that came to err, who has the lock.
func (l *Lock) unsure(err error) error {
	l.unclear = errors.Is(err, ErrMaybe) || l.unclear && err != nil
	return err
}

// gone says that a key does not exist, or not in the version that was asked for.
func gone(err error) bool { return errors.Is(err, ErrNotFound) || errors.Is(err, ErrVersion) }
