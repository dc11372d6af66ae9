/** Training of networks from a recipe. */
package org.voxkern.study.training;
