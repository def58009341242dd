@org.jspecify.annotations.NullMarked
package dev.lanewise.core.call;
