//go:build race

package soak

const underRace = true // a run takes ten times as long
