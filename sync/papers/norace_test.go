//go:build !race

package papers_test

const raceDetector = false
