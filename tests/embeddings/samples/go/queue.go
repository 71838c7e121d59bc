// Copyright of nobody.

// Package queue holds things in order.
package queue

import "fmt"

// Limit is how many fit.
const Limit = 1_000

const (
	first = iota
	second
)

var empty, full int = 0, 1

// Queue holds things.
type Queue[T any] struct {
	items []T `json:"items"`
	Lock
}

type (
	// Visitor sees things.
	Visitor interface {
		Visit(x int) error
	}
	alias = string
)

// Push adds x.
//
//	q.Push(1)
func (q *Queue[T]) Push(x T, more ...T) (int, error) {
	n := len(q.items) + 1
	n++
	if n > Limit || !q.Lock.Held {
		return 0, fmt.Errorf(`full` + "\n%d", n)
	}
	q.items = append(q.items, x)
	return q.Push(more[0], more[1:]...)
}

//go:noinline
func newQueue(size int) *Queue[int] {
	go func() { return }()
	return &Queue[int]{items: make([]int, size)}
}

// onFull is called when a queue is full.
var onFull = func(q *Queue[int]) error { return q.Lock.Free() }

var command = &Command{
	Use: "queue",
	Run: func(name string) { print(name) },
}

func testQueue(t *T) {
	t.Run("takes one", func(t *T) { t.Log(empty) })
}

var _ Visitor = onFull
