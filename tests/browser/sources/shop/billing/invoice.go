// Package billing computes and sends invoices.
package billing

import (
	"errors"
	"time"
)

// ErrEmpty is returned for an invoice without lines.
var ErrEmpty = errors.New("the invoice has no lines")

// Line is one article of an invoice, with its price in cents.
type Line struct {
	Article  string
	Quantity int
	Price    int64
}

// Total adds up the lines of an invoice and rounds the value added tax to a cent.
func Total(lines []Line, taxPercent int64) (int64, error) {
	if len(lines) == 0 {
		return 0, ErrEmpty
	}
	var net int64
	for _, line := range lines {
		net += int64(line.Quantity) * line.Price
	}
	return net + (net*taxPercent+50)/100, nil
}

// Retry sends an invoice again with exponential backoff until it is accepted.
func Retry(send func() error, attempts int) error {
	pause := 100 * time.Millisecond
	var err error
	for i := 0; i < attempts; i++ {
		if err = send(); err == nil {
			return nil
		}
		time.Sleep(pause)
		pause *= 2
	}
	return err
}
