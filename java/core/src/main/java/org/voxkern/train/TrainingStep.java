package org.voxkern.train;

/**
 * What a step of training was like.
 *
 * @param step its number, from 1
 * @param loss before the parameters changed
 * @param gradientNorm of all gradients together, before they were clipped
 */
public record TrainingStep(long step, double loss, double learningRate, double gradientNorm) {}
