//go:build race

package papers_test

// raceDetector says that everything takes ten times as long.
const raceDetector = true
