/**
 * ITK's own registration, as a baseline to measure against and an oracle to check against.
 *
 * <p>It runs in a program of its own, which is built locally ({@code ninja -C native/target/cmake
 * voxkern_itk_baseline}) and never shipped: through ITK's FFT module it is linked with FFTW, which
 * is GPL.
 */
package org.voxkern.itk.baseline;
