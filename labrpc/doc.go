// Package labrpc is a simulated point-to-point network: remote procedure calls between nodes that share one process, over links
// that can be late, lossy, doubled, reordered, cut or clogged. It has the surface of the network of MIT's course 6.824 and drops in
// for it, and it can run the same code as a deterministic simulation.
//
// # Calls
//
// A [Server] holds services; a service is a value with methods of the form
//
//	func (r *Receiver) Method(args T, reply *R)      // or args *T
//
// under the name of its type, as [MakeService] finds them. A [ClientEnd] is the client's half of a connection to one server.
// [ClientEnd.Call] sends "Receiver.Method" with arguments, waits, and says whether a reply came. A handler runs on a goroutine
// of its own. Arguments and replies are encoded with package labgob on one side and decoded on the other, so that the two sides
// never share memory.
//
// A call that gets no reply returns false: the request was lost, or the reply was (and the handler has run), or the server is gone, or
// the call was wrong (no such method, a reply of another type, a handler that panicked). [ClientEnd.Do] tells these apart.
// Nothing that a program does wrong ends the process: the call fails, with an error that names the end, the method and the types.
//
// # Faults
//
// What a message meets on its way is set per link and direction by [Conditions], which can change at any time:
//
//   - DropRequest, DropReply: the message is lost. The caller learns of it 0–100 ms later (0–7 s with [Network.LongDelays]).
//   - Duplicate: the message arrives twice. A request that does reaches the handler twice; the first reply wins.
//   - Delay: how long the way takes. Each message has a delay of its own, so messages overtake each other, as datagrams do.
//   - Reorder, ReorderBy: a share of the messages is held back for longer, so that later ones overtake them.
//   - Cut: the link loses everything in this direction, also what is under way. [Network.Partition] cuts between groups.
//   - Hold: what arrives waits, and goes on in order when the link is released.
//   - Bandwidth, Queue: messages take time by their size and wait for each other; beyond the queue they are lost.
//
// Besides, the course's switches [Network.Reliable], [Network.LongReordering] and [Network.LongDelays] mean what they mean in the course,
// and a [Network.Hook] can look at each message, change it, drop it, delay it or double it. [Network.Observe] sees all that happens.
//
// # Fates
//
// The fate of a message is a pure function of the network's seed, the link of the call, the number of the call on that link and the
// question that is asked ("is the request lost?"). No stream of random numbers is shared. So what happens on one link does not
// depend on the traffic of another, and a fault that is taken out of a schedule leaves the fates of all other messages as they were.
//
// # One order
//
// Made with [Options].Settle, a network is a deterministic simulation inside of a testing/synctest bubble: one seed gives one history,
// on any number of processors and whatever the scheduler does. All that happens passes through one engine, in one order:
//
//   - The engine executes one event at a time: the arrival of a message, the end of a lost call, a callback of [Network.At]. They are
//     ordered by time. Of one instant, callbacks come first, by their keys, and then messages in the order in which they were sent.
//   - Before each event it waits until everybody has come to rest, so that all that the event before has caused is done. Timers of
//     the nodes themselves fire before the events of their instant.
//   - What goroutines send between two events counts as simultaneous. The engine sorts it by link, then by method and content,
//     and only then do the calls get their numbers, and with these their fates. Calls of [ClientEnd.Go] through one end are the exception, as
//     they come from one goroutine: they keep the order in which they were made.
//
// It holds as long as the program's goroutines commute between two events: what they do may not depend on which of them is first. Ends of
// one link should be dialled, and those of MakeEnd made, in a fixed order, as this is what tells them apart.
//
// Without Settle the same network runs in real time, and none of this costs anything.
package labrpc
