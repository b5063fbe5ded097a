package labgob

// skip passes over a value that has no destination.
func (d *decoder) skip(w *wire, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	switch w.form {
	case formBool, formInt, formUint, formFloat:
		_, err := d.uint()
		return err
	case formComplex:
		if _, err := d.uint(); err != nil {
			return err
		}
		_, err := d.uint()
		return err
	case formString, formBytes, formOpaque:
		_, err := d.bytes()
		return err
	case formInterface:
		return d.skipInterface(depth + 1)
	case formArray, formSlice:
		n, err := d.count()
		if err == nil && w.form == formArray && n != w.len {
			err = errCount
		}
		for ; n > 0 && err == nil; n-- {
			err = d.skip(w.elem, depth+1)
		}
		return err
	case formMap:
		n, err := d.count()
		for ; n > 0 && err == nil; n-- {
			if err = d.skip(w.key, depth+1); err == nil {
				err = d.skip(w.elem, depth+1)
			}
		}
		return err
	case formStruct:
		for at := -1; ; {
			delta, err := d.uint()
			if err != nil || delta == 0 {
				return err
			}
			if delta > uint64(len(w.fields)-1-at) {
				return errField
			}
			at += int(delta)
			if err := d.skip(w.fields[at].wire, depth+1); err != nil {
				return err
			}
		}
	default:
		return errUndefined
	}
}

// skipTop passes over a value that stands on its own.
func (d *decoder) skipTop(w *wire, depth int) error {
	if w.form != formStruct {
		if x, err := d.uint(); err != nil {
			return err
		} else if x != 0 {
			return errZero
		}
	}
	return d.skip(w, depth)
}

// skipInterface passes over what an interface holds. In a stream that was written by encoding/gob there may be definitions in
// there, which later values depend on, so it is not enough to jump to the end.
func (d *decoder) skipInterface(depth int) error {
	name, err := d.bytes()
	if err != nil || len(name) == 0 {
		return err
	}
	if d.stream == nil {
		_, err = d.bytes()
		return err
	}
	w, err := d.typeSequence()
	if err != nil {
		return err
	}
	return d.counted(func() error { return d.skipTop(w, depth) })
}

// counted reads, by read, a value in an interface, which comes with a count of its bytes.
func (d *decoder) counted(read func() error) error {
	n, err := d.uint()
	if err != nil {
		return err
	}
	if n > uint64(len(d.b)-d.off) {
		return errCount
	}
	end, splits := d.off+int(n), d.splits
	if err := read(); err != nil {
		return err
	}
	if d.off != end && d.splits == splits { // if the value was broken off, the count was that of its first part
		return errExtra
	}
	return nil
}
