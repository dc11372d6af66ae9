/** The command line of Voxkern: runs registrations, measures them, and writes what they found. */
package org.voxkern.study;
