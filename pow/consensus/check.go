package consensus

// Context is all that a header's validity depends on besides the header: its place. Package headers
// fills it in, from a chain or from a tree.
type Context struct {
	Height     int     // of the header to check
	Prev       Hash    // the block before
	PrevTime   uint32  // that block's time
	MedianTime uint32  // of the blocks before; see [MedianTime]
	Bits       uint32  // what the header must carry
	Target     Uint256 // the same, decoded, by [Params.Target]
	Now        int64   // Unix seconds, for the rule about the future
}

// CheckHeader reports the first rule that a header breaks in its place, nil if none, in Bitcoin Core's
// order (CheckBlockHeader, then ContextualCheckBlockHeader): what anybody can see for the price of one hash comes
// first, so that what follows has been paid for with work. hash is h.Hash(), which the caller has anyhow.
func (p *Params) CheckHeader(h *Header, hash Hash, at *Context) error {
	if err := p.checkHeader(h, hash, at); err != nil {
		return Locate(err, at.Height, hash)
	}
	return nil
}

func (p *Params) checkHeader(h *Header, hash Hash, at *Context) error {
	if h.Prev != at.Prev {
		return Broken(ErrBadPrev, "it names %v as the block before, which is %v", h.Prev, at.Prev)
	}
	if h.Bits != at.Bits {
		if err := p.CheckWork(h, hash); err != nil {
			return err
		}
		return Broken(ErrBadBits, "bits are %08x, the rule asks for %08x", h.Bits, at.Bits)
	}
	if hash.Num().Cmp(at.Target) > 0 {
		return highHash(h.Bits, at.Target)
	}
	if err := p.checkTime(h.Time, at); err != nil {
		return err
	}
	return p.checkVersion(h.Version, at.Height)
}

// CheckWork reports whether a header's hash meets the target that it claims itself, nil if so. This needs no
// place: it is what an orphan can be asked for. A claim easier than the limit is refused.
func (p *Params) CheckWork(h *Header, hash Hash) error {
	target, err := p.Target(h.Bits)
	if err != nil {
		return err
	}
	if hash.Num().Cmp(target) > 0 {
		return highHash(h.Bits, target)
	}
	return nil
}

func highHash(bits uint32, target Uint256) error {
	return Broken(ErrHighHash, "the hash is above the target %v of bits %08x", target, bits)
}

// checkVersion refuses versions that soft forks have phased out (BIP 34, 66 and 65 on main net).
func (p *Params) checkVersion(version int32, height int) error {
	for _, v := range p.MinVersions {
		if height >= v.Height && version < v.Version {
			return Broken(ErrBadVersion, "version %d, from height %d on it is at least %d", version, v.Height, v.Version)
		}
	}
	return nil
}
