/**
 * The soak test: random calls on many threads for minutes, with interrupts, while memory and threads are measured.
 *
 * <p>Users come in by {@link dev.lanewise.bench.verify.soak.SoakCommand}. {@code Soak} runs a {@code Load} on its threads: {@code
 * RandomCalls}, or texts through one shared encoder. {@code Samples} judges whether memory grows, and {@code StopTimes} measures how fast a
 * long call stops after an interrupt.
 *
 * <p>Nothing here judges numbers: a call is only compared with itself on one thread.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.verify.soak;
