package ledger

import (
	"fmt"

	"6.824/pow/consensus"
)

// Amount is money, in the smallest unit. Valid amounts are from 0 to [consensus.MaxMoney]; bytes from a stranger may say
// anything, so that what is negative can be seen to be so and refused.
type Amount int64

// Valid reports whether a is in the range of money.
func (a Amount) Valid() bool { return a >= 0 && int64(a) <= consensus.MaxMoney }

// Plus is a+b; ok is false if a, b or the sum is out of the range of money. The sum of two in range is far from wrapping.
func (a Amount) Plus(b Amount) (sum Amount, ok bool) {
	if !a.Valid() || !b.Valid() {
		return 0, false
	}
	return a + b, (a + b).Valid()
}

// String is a in coins.
func (a Amount) String() string {
	sign, u := "", uint64(a)
	if a < 0 {
		sign, u = "-", -u
	}
	return fmt.Sprintf("%s%d.%08d", sign, u/consensus.Coin, u%consensus.Coin)
}
