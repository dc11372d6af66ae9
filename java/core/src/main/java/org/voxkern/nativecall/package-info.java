/** How operations call the native library: views of tensors, plans, workspaces, statuses. */
package org.voxkern.nativecall;
