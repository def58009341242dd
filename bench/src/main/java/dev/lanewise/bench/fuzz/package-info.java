/** Random calls of attention, compared with a plain reference. */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.fuzz;
