package labtest

// minimize is delta debugging (Zeller and Hildebrandt's ddmin, its complements only): it leaves out runs of
// items, long ones first, as long as what remains still fails. What it returns is 1-minimal, unless it was
// stopped: without any one of the items it does not fail.
//
// first is asked for several candidates at once, so that they can be tried side by side, and returns the
// first of them that fails, -1 if none does, or -2 if there is no more time.
func minimize[T any](items []T, beside int, first func(candidates [][]T) int) []T {
	for chunk := len(items); chunk > 0; {
		removed := false
		for at := 0; at < len(items); {
			var candidates [][]T
			for from := at; from < len(items) && len(candidates) < beside; from += chunk {
				candidates = append(candidates, without(items, from, min(from+chunk, len(items))))
			}
			switch i := first(candidates); i {
			case -2:
				return items
			case -1:
				at += chunk * len(candidates)
			default:
				items, at, removed = candidates[i], at+chunk*i, true
			}
		}
		switch {
		case chunk == 1 && !removed:
			return items
		case chunk > 1:
			chunk = min((chunk+1)/2, max(len(items), 1))
		}
	}
	return items
}

// without is a copy of items without those from one index up to another.
func without[T any](items []T, from, to int) []T {
	rest := make([]T, 0, len(items)-(to-from))
	return append(append(rest, items[:from]...), items[to:]...)
}
