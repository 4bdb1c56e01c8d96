package live

// maxDevices bounds how many devices' acks are remembered, in each of two generations: some 10 MB.
const maxDevices = 1 << 16

// acks remembers how much of each device is committed, as far as memory's heads cover it. The generation of devices not heard
// of for longest is dropped whole; what is not remembered is asked of the database.
type acks struct {
	max             int
	current, before map[string]uint64
}

func newAcks(max int) acks { return acks{max: max, current: map[string]uint64{}} }

func (a *acks) of(device string) (acked uint64, known bool) {
	if acked, known = a.current[device]; known {
		return acked, true
	}
	if acked, known = a.before[device]; known {
		a.put(device, acked)
	}
	return acked, known
}

// learn takes in what the table says.
func (a *acks) learn(device string, acked uint64) {
	if known, ok := a.of(device); !ok || acked > known {
		a.put(device, acked)
	}
}

// follow takes in a notice, if it follows on what is known. Where one is missing between, the heads of that commit are missing
// too: the device is forgotten, so that the table is asked.
func (a *acks) follow(device string, since, acked uint64) {
	known, ok := a.of(device)
	switch {
	case ok && acked <= known: // late, or doubled
	case ok && since <= known, since == 0:
		a.put(device, acked)
	default:
		delete(a.current, device)
		delete(a.before, device)
	}
}

func (a *acks) put(device string, acked uint64) {
	if len(a.current) >= a.max {
		a.current, a.before = make(map[string]uint64, a.max), a.current
	}
	a.current[device] = acked
}
