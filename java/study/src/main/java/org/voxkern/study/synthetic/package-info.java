/** Image pairs made from a real scan and a transform known by its formula. */
package org.voxkern.study.synthetic;
