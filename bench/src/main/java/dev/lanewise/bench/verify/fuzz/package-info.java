/**
 * Random calls of attention and of layers, compared with a plain reference. {@code FuzzCommand} is the door; {@code Draw} draws a {@code
 * Plan}, a number for each {@code Knob}; a {@code Case} makes it a call of the library and the plain data that the reference in {@code
 * oracle} reads; a {@code Trial} makes the call and everything around it, and a {@code Comparison} judges what came of it. Nothing here
 * takes an expected number from the library.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.verify.fuzz;
