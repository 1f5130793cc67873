package store

import (
	"context"
	"runtime/debug"
	"sync"

	"github.com/riverqueue/river"
	"go.uber.org/zap"
)

// An instance nearly always works on the jobs it has just written. So, where it has room, it inserts a job as one that
// it runs already. That spares a transaction, and a change of the job's row in each of its indexes. The job is
// committed with its cause, as any other. After a crash it is a job that its instance ran.
//
// The job is put into the queue where the instance is absent, is about to end, or is full; also where the queue must
// yield or holds older jobs.

// direct works on the jobs that this instance has just written.
type direct struct {
	presence *presence
	log      *zap.Logger
	ctx      context.Context // of the handlers
	run      func(ctx context.Context, a attempt, args river.JobArgs)
	tasks    chan func() // to idle workers

	mu      sync.Mutex
	closed  bool           // guarded by mu: no more jobs are begun
	working sync.WaitGroup // added to with mu held
	ended   chan struct{}  // closed by stop
}

func newDirect(ctx context.Context, p *presence, log *zap.Logger, run func(context.Context, attempt, river.JobArgs)) *direct {
	return &direct{presence: p, log: log, ctx: ctx, run: run, tasks: make(chan func()), ended: make(chan struct{})}
}

// handOver is the jobs that one transaction inserts. The zero value puts all of them into the queue.
type handOver struct {
	direct *direct
	seat   seat
	begun  []begun
}

type begun struct {
	id  int64
	job river.InsertManyParams
}

// handOver begins a hand-over. done must follow.
func (d *direct) handOver() handOver {
	if d == nil {
		return handOver{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return handOver{}
	}
	seat, present := d.presence.sit()
	if !present {
		return handOver{}
	}
	d.working.Add(1)
	return handOver{direct: d, seat: seat}
}

// anew drops the inserted jobs: the transaction is run again from its beginning.
func (h *handOver) anew() {
	for _, b := range h.begun {
		h.direct.presence.free(b.job.InsertOpts.Queue)
	}
	h.begun = h.begun[:0]
}

// insert inserts jobs as part of the transaction.
func (h *handOver) insert(t tx, list ...river.InsertManyParams) error {
	if h.direct == nil {
		return t.insert(list...)
	}
	var wait jobs
	for _, j := range list {
		if !j.InsertOpts.ScheduledAt.IsZero() || !h.direct.presence.reserve(j.InsertOpts.Queue) {
			wait = append(wait, j)
			continue
		}
		h.begun = append(h.begun, begun{job: j})
		id, err := t.insertRunning(h.direct.presence.instance, j)
		if err != nil {
			return err
		}
		h.begun[len(h.begun)-1].id = id
	}
	return t.insert(wait...)
}

// done begins the jobs if the transaction was committed.
func (h *handOver) done(committed bool) {
	if h.direct == nil {
		return
	}
	if !committed {
		h.anew()
	}
	for _, b := range h.begun {
		h.direct.presence.take(h.seat, attempt{b.id, 1}, b.job.InsertOpts)
		h.direct.start(attempt{b.id, 1}, b.job.Args)
	}
	h.direct.presence.leave(h.seat)
	h.direct.working.Done()
}

// start gives the job to a worker. There must be room for it.
func (d *direct) start(a attempt, args river.JobArgs) {
	d.working.Add(1) // done holds it above zero
	task := func() {
		defer d.working.Done()
		defer func() {
			if p := recover(); p != nil { // strays finds the job
				d.log.Error("working on a job panicked", zap.Int64("job", a.job), zap.Error(panicked(p)), zap.ByteString("stack", debug.Stack()))
			}
		}()
		ctx, cancel := context.WithTimeout(d.ctx, performFor)
		defer cancel()
		d.run(ctx, a, args)
	}
	select {
	case d.tasks <- task:
	default:
		go d.work(task)
	}
}

// work does the task, and then others. It first grows the worker's stack: growing it deep in a decision is expensive.
func (d *direct) work(task func()) {
	for {
		growStack()
		task()
		select {
		case task = <-d.tasks:
		case <-d.ended:
			return
		}
	}
}

// growStack has the goroutine's stack hold 16 kB more than what is in use: the garbage
// collector takes away what a goroutine does not use while it waits.
//
//go:noinline
func growStack() byte {
	var room [16 << 10]byte
	return room[len(growth(&room))-1]
}

//go:noinline
func growth(room *[16 << 10]byte) []byte { return room[:1] }

// stop begins no more jobs, and reports whether the running ones ended before ctx did.
func (d *direct) stop(ctx context.Context) bool {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	worked := make(chan struct{})
	go func() {
		d.working.Wait()
		close(d.ended)
		close(worked)
	}()
	select {
	case <-worked:
		return true
	case <-ctx.Done():
		return false
	}
}
