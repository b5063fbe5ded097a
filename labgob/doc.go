// Package labgob encodes the values of the labs: arguments and replies of RPCs, persistent state, snapshots. It writes and
// reads the format of [encoding/gob], and its types follow gob's rules: only exported fields are sent, pointers are followed,
// zero fields are left out, a type that is sent in an interface must be registered, and a type that implements gob.GobEncoder or
// encoding.BinaryMarshaler (and the other half) encodes itself.
//
// # Three ways to encode
//
// A [LabEncoder] writes any number of values to a stream, for a [LabDecoder]. A stream says what its types look like before it
// uses them, so a receiver needs to know nothing; and because it says so only once, values must be read from the beginning and in
// order. This is the interface of the course.
//
// [Marshal] makes a stream of a single value, for [Unmarshal]. It stands on its own: for a file, or a snapshot.
//
// A [Codec] leaves out what types look like, for both its ends know that beforehand. Its messages are small and cheap, and each
// stands on its own, too. This is what the simulated network sends.
//
// # Why priming works
//
// Most of what gob does for a single message is to describe its types and to work out how to read a type so described: a
// one-entry AppendEntries has 48 bytes of value, and 173 of description. When both ends run the same program, the description
// can be had from the Go type itself, on either end, once. That is all that a primed end has: no state that comes from the
// messages, which hence can be lost, doubled and reordered. The type of the value in an interface is known from its name, as
// both ends have registered it.
//
// The ends must be of the same program, though: between two versions of it, in which a type has other fields, use a stream.
//
// # Equal values, equal bytes
//
// Runs are compared by digests of what was sent and saved, so equal values must have equal bytes, in every process, with and
// without -race. With encoding/gob they don't: maps are sent in the order in which Go ranges over them, a different one each time, and
// types are numbered in the order in which the process first met any, so that even the size of a message depends on what was done before
// it. Here the entries of a map are sent in the order of their bytes, and types are numbered by each stream for itself.
//
// [Fingerprint] makes 64 bits of any value, also of those that cannot be sent.
//
// # Hostile bytes
//
// Whatever bytes a decoder is given, it returns: with an error, or with a value that these bytes stand for. It doesn't panic, and it
// takes no more time and memory than the number of bytes warrants, given the types of the receiver: a count is not believed until
// what it counts has been seen. A value may be nested 10,000 deep; more is an error on either side, and so is a value that contains
// itself. What is decoded shares no memory with what was encoded, or with the bytes.
//
// # Two warnings
//
// Two mistakes are so common, and so hard to find, that the package warns of them, once each, through [log/slog]: a lower-case field
// in a type that is sent, for it stays behind; and a variable to decode into that is not zero, because a zero that was sent
// does not overwrite it.
//
// # Why it does not call encoding/gob
//
// Of encoding/gob it uses the registry and the interfaces by which types encode themselves, but not the encoder and the decoder.
// With those, canonical bytes would take a second pass over every message, and so would a guard against hostile ones; to prime
// them takes pools of encoders and decoders that must be kept in step with every newly registered type. The format itself is small.
// That the two packages agree on it, in both directions, is tested with values of random types.
package labgob
