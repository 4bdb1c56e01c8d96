package soak

import "time"

// stepBattery pulls a battery out while nothing is going on.
func stepBattery(r *run, h *hand) {
	h.die()
	r.clock.pass(time.Duration(r.dice.IntN(3600)) * time.Second)
	r.must(h.revive())
}

// stepKill kills the server while nothing is going on.
func stepKill(r *run, _ *hand) { r.must(r.host.kill()) }

// stepJobs does the work that was queued.
func stepJobs(r *run, _ *hand) {
	if r.host.up {
		r.host.core.Jobs.Drain(ctx)
	}
}

// stepClock sets a handheld's wall clock wrong, by up to two days either way, or right again.
func stepClock(r *run, h *hand) {
	h.skew = 0
	if r.dice.IntN(4) > 0 {
		h.skew = time.Duration(r.dice.IntN(2*48*3600)-48*3600) * time.Second
	}
	r.tell("  the clock of %s is off by %s", h.name, h.skew)
}

// stepRest lets time pass: minutes, a night, a weekend. Tokens run out, and sign-ins.
func stepRest(r *run, _ *hand) {
	r.clock.pass(pick(r.dice, 5*time.Minute, 20*time.Minute, 11*time.Hour, 60*time.Hour))
}
