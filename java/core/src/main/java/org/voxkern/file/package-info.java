/** Files that appear at once when they are complete. */
package org.voxkern.file;
