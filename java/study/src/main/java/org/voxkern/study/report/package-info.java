/** Pictures and tables of a registration: one HTML file and one PNG. */
package org.voxkern.study.report;
