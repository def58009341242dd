/** Programs that tests start in a JVM of their own. They are outside the package of the module, so that they may be in a named module. */
package dev.lanewise.probe;
