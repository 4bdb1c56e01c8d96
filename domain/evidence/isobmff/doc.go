// Package isobmff looks at the outside of a file of the ISO base media format (ISO/IEC 14496-12: MP4, MOV, 3GP): whether it is in
// fragments, which tracks it has, how long it is, when it says it was made, and what of that cannot be so. It reads boxes that describe, never
// the media.
//
// The files come from outside and may be hostile. So a box is read only when it is one of those that are needed and not longer than is
// sensible, only known boxes inside it are handed to the decoder, and what is kept has a bound: memory does not follow what a file says of
// itself.
//
// It must not know what a recording is, where its bytes are, or what follows from a flaw.
package isobmff
