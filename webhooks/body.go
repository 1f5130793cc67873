package webhooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
)

// body is the part of a body that has arrived. Memory is taken as bytes come, not as they are announced, and is reused.
type body struct {
	pieces [][]byte // all but the last are full
	size   int64
	whole  *bytes.Buffer // nil unless the pieces were joined
}

// A body begins with a small piece. If it outgrows that, it is copied once into a larger one; then further pieces
// follow.
const (
	smallPiece  = 4 << 10
	firstPieces = 64 << 10
	largePiece  = 256 << 10
)

var (
	smallPieces  = sync.Pool{New: func() any { return new([smallPiece]byte) }}
	middlePieces = sync.Pool{New: func() any { return new([firstPieces]byte) }}
	wholes       = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	largePieces  = sync.Pool{New: func() any { return new([largePiece]byte) }}
)

func freePiece(p []byte) {
	switch p = p[:cap(p)]; len(p) {
	case smallPiece:
		smallPieces.Put((*[smallPiece]byte)(p))
	case firstPieces:
		middlePieces.Put((*[firstPieces]byte)(p))
	case largePiece:
		largePieces.Put((*[largePiece]byte)(p))
	}
}

// room returns where the next bytes go, at least one. rest is how many are still announced, at least.
func (b *body) room(at *arrival, rest int64) ([]byte, error) {
	if len(b.pieces) == 0 {
		b.pieces = append(b.pieces, smallPieces.Get().(*[smallPiece]byte)[:0])
		return b.pieces[0][:smallPiece], nil
	}
	last := len(b.pieces) - 1
	p := b.pieces[last]
	left := cap(p) - len(p)
	if cap(p) == smallPiece && (left == 0 || rest > int64(left)) {
		b.pieces[last] = append(middlePieces.Get().(*[firstPieces]byte)[:0], p...)
		freePiece(p)
		return b.pieces[last][len(p):firstPieces], nil
	}
	if left > 0 {
		return p[len(p):cap(p)], nil
	}
	if err := at.reserve(largePiece); err != nil {
		return nil, err
	}
	next := largePieces.Get().(*[largePiece]byte)[:0]
	b.pieces = append(b.pieces, next)
	return next[:largePiece], nil
}

// read reads r to its end. Until its first byte a body has only a small piece. announced is its length; negative:
// unknown.
func (b *body) read(r io.Reader, announced int64, at *arrival) error {
	for {
		room, err := b.room(at, announced-b.size)
		if err != nil {
			return err
		}
		n, err := r.Read(room)
		b.took(n, at)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func (b *body) took(n int, at *arrival) {
	last := len(b.pieces) - 1
	b.pieces[last] = b.pieces[last][:len(b.pieces[last])+n]
	b.size += int64(n)
	at.progress(b.size)
}

// bytes returns the whole body. It is valid until free is called.
func (b *body) bytes() []byte {
	switch len(b.pieces) {
	case 0:
		return nil
	case 1:
		return b.pieces[0]
	}
	b.whole = wholes.Get().(*bytes.Buffer)
	b.whole.Reset()
	b.whole.Grow(int(b.size))
	for _, p := range b.pieces {
		b.whole.Write(p)
		freePiece(p)
	}
	b.pieces = nil
	return b.whole.Bytes()
}

func (b *body) free() {
	if b.whole != nil && b.whole.Cap() <= 2*largeBody {
		wholes.Put(b.whole)
	}
	b.whole = nil
	for _, p := range b.pieces {
		freePiece(p)
	}
	b.pieces = nil
}

// signed compares mac with every secret, in constant time.
func (b *body) signed(secrets [][]byte, mac []byte) bool {
	ok := false
	for _, secret := range secrets {
		sum := hmac.New(sha256.New, secret)
		for _, p := range b.pieces {
			sum.Write(p)
		}
		ok = hmac.Equal(sum.Sum(nil), mac) || ok
	}
	return ok
}

// arrive reads a request's body. The answer is nil if all of it arrived.
func (h *receiver) arrive(w http.ResponseWriter, r *http.Request, b *body, at *arrival) *answer {
	err := b.read(http.MaxBytesReader(w, r.Body, h.opts.MaxBody), r.ContentLength, at)
	if gone := at.complete(); gone != nil {
		err = gone
	}
	large := new(http.MaxBytesError)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errGaveWay):
		return &answer{http.StatusServiceUnavailable, "busy", "Too many deliveries at once, and this one was the slowest; deliver it again later."}
	case errors.As(err, &large):
		a := h.tooLarge()
		return &a
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &answer{http.StatusRequestTimeout, "slow", "The body did not arrive in time."}
	}
	return &answer{http.StatusBadRequest, "malformed", "The body did not arrive as a whole."}
}

// turn waits until a large body may be read as a whole. Only signed bodies take turns, so strangers delay none of them.
func (h *receiver) turn(ctx context.Context, size int64) (release func(), ok bool) {
	if size <= largeBody {
		return func() {}, true
	}
	select {
	case h.large <- struct{}{}:
		return func() { <-h.large }, true
	case <-ctx.Done():
		return nil, false
	}
}
