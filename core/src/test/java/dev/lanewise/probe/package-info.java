/** What tests start in JVMs of their own: outside of the package of the module, so that it may be a named one. */
package dev.lanewise.probe;
