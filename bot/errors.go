package bot

import (
	"errors"
	"fmt"
	"time"
)

// An effect that does not succeed ends with one of three kinds of error. The kind alone
// decides what happens next. Any other error counts as unknown: only that kind never
// repeats anything blindly.

// Refused is final: another attempt would be refused too. People read the reason.
type Refused struct {
	Reason string // one sentence for people
	// Platform says that the platform refused for its own reasons, not because of the
	// code: the app is gone, or the account may not build.
	Platform bool
	// Missing says that GitHub does not know what was named: 404, 409, 401, and 422 about
	// a commit or a ref. It may be too new: webhooks announce commits, pull requests and
	// tokens seconds before the API knows them.
	Missing bool
	Err     error // may be nil
}

func (e *Refused) Error() string { return withCause(e.Reason, e.Err) }

func (e *Refused) Unwrap() error { return e.Err }

// Retryable certainly had no effect and is worth another try.
type Retryable struct {
	Reason string        // one sentence for people
	After  time.Duration // how long the other side asked to wait; 0: it did not say
	Limit  bool          // a rate limit is exhausted
	Err    error         // may be nil
}

func (e *Retryable) Error() string { return withCause(e.Reason, e.Err) }

func (e *Retryable) Unwrap() error { return e.Err }

// Unknown may or may not have had its effect: the answer was lost. Look first.
type Unknown struct {
	Reason string // one sentence for people
	Err    error  // may be nil
}

func (e *Unknown) Error() string { return withCause(e.Reason, e.Err) }

func (e *Unknown) Unwrap() error { return e.Err }

// ErrNotFound is wrapped by errors about a thing that does not exist.
var ErrNotFound = errors.New("not found")

// Conclude turns a performer's result into the fact that records it.
func Conclude(effect Effect, fact Fact, err error) Finished {
	f := Finished{Effect: effect}
	var refused *Refused
	var retryable *Retryable
	var unknown *Unknown
	switch {
	case err == nil:
		f.Outcome, f.Fact = Done, fact
	case errors.As(err, &refused):
		f.Outcome, f.Reason, f.Fault = Refuse, refused.Reason, refused.Platform
		f.Gone, f.Missing = errors.Is(err, ErrNotFound), refused.Missing
	case errors.As(err, &retryable):
		f.Outcome, f.Reason, f.After, f.Limit = Retry, retryable.Reason, retryable.After, retryable.Limit
	case errors.As(err, &unknown):
		f.Outcome, f.Reason = Unsure, unknown.Reason
	default:
		f.Outcome, f.Reason = Unsure, err.Error()
	}
	return f
}

func withCause(reason string, err error) string {
	if err == nil {
		return reason
	}
	return fmt.Sprintf("%s: %v", reason, err)
}
