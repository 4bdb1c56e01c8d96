// Package typescript holds our client in TypeScript: what a handheld needs to check and show a paper without a network. It has no Go but the tests
// that hold it to what the server says, word by word.
package typescript
