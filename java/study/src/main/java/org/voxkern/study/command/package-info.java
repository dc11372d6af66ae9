/** The commands of the command line, one class each. */
package org.voxkern.study.command;
