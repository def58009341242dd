/**
 * Other programs on the same tasks, for comparison: the commands {@code duel} and {@code peers}. Only the profile {@code peers} compiles
 * this package, because the other programs are native code.
 *
 * <p>The commands are the way in; {@code Main} finds them by name. A {@code Task} is one computation on seeded numbers, a {@code Peer} is
 * another program, a {@code PeerTask} is the task in that program, and a {@code Duel} times both in turns.
 *
 * <p>A peer gets its inputs in the layout that it likes best, before anything is timed. Nothing outside of this package may need it.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.peers;
